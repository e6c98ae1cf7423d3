"""Corpora: articles → JSON lines, Parquet, plain text, TEI, Markdown.

`selection.py` says which articles, `quality.py` which are too poor, `splits.py` where each belongs;
`jsonl.py`, `parquet.py`, `text.py`, `tei.py` and `markdown.py` write them, `shards.py` into files of
bounded size, `documents.py` into a file each; `folder.py` keeps half of a corpus from being taken
for a whole one; `manifest.py` and `card.py` say what it is, `earlier.py` what is new in it.
`corpus.py` does one after the other.
"""

from archive.export.corpus import export_file, export_folder
from archive.export.options import FORMATS, Options
from archive.export.tally import Report

__all__ = ["FORMATS", "Options", "Report", "export_file", "export_folder"]
