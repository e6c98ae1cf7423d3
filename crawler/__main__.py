"""`python -m crawler`: the command `newsarchive`."""

from crawler.commands import main

main()
