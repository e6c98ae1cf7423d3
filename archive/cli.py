"""The command line of an archive: the group, and the commands that need no network.

Those that crawl are added to this group by crawler/commands.py.
"""

from __future__ import annotations

from pathlib import Path

import click

from archive.commands import browse, duplicates, erase, export, reading, stats, upkeep
from archive.options import archive_options
from archive.terminal import Commands


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@archive_options
@click.version_option(package_name="newsletter-archive", prog_name="newsarchive")
def cli(archive: Path | None, as_json: bool, debug: bool) -> None:
    """Keep the articles of newsletters and news sites: clean, searchable, for good.

    Exit codes: 0 done, 1 done with failures, 2 wrong use, 3 another process is writing this
    archive, 4 disk full or not writable.
    """


for command in (
    reading.show,
    reading.why,
    reading.history,
    reading.search,
    duplicates.duplicates,
    browse.browse,
    export.export,
    stats.stats,
    upkeep.verify,
    upkeep.backup,
    upkeep.merge,
    erase.forget,
    erase.prune,
):
    cli.add_command(command)
