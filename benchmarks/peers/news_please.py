"""news-please as a library, on all cores, written as JSON lines: python news_please.py FILE OUTPUT

FILE has an address a line.
"""

import json
import sys
from pathlib import Path

from newsplease import NewsPlease

if __name__ == "__main__":
    addresses = Path(sys.argv[1]).read_text().split()
    # Without images, which it would fetch from the sites that the pages were saved from.
    found = NewsPlease.from_urls(addresses, request_args={"timeout": 30}, fetch_images=False)
    with open(sys.argv[2], "w") as output:
        for article in found.values():
            if article:
                output.write(json.dumps(article.get_serializable_dict()) + "\n")
