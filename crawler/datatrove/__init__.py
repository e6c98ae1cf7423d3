"""Blocks of datatrove pipelines: extract and clean WARC files that no single archive holds.

docs/datatrove.md shows a pipeline of all of them.
"""

try:
    import datatrove.pipeline.dedup.minhash  # noqa: F401 - with all that it needs
    import duckdb  # noqa: F401
    import pyarrow  # noqa: F401
except ImportError as error:
    raise ImportError(
        f"{error}: pip install 'newsletter-archive[datatrove]'", name=error.name
    ) from error

from crawler.datatrove.articles import Articles as Articles
from crawler.datatrove.minhash import Words as Words
from crawler.datatrove.repetition import CountRepeated as CountRepeated
from crawler.datatrove.repetition import RemoveRepeated as RemoveRepeated
from crawler.datatrove.robots import ROBOTS_SCHEMA as ROBOTS_SCHEMA
from crawler.datatrove.robots import Robots as Robots
from crawler.datatrove.rows import schema as schema
