"""Whether an archive is whole; what can be made anew of the rest, is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from archive import lock
from archive.integrity import articles, captures, index, tables
from archive.integrity.problem import Problem, Remedy, advice
from archive.integrity.repair import mend
from archive.opening import open_archive, open_reader

PURPOSE = "verify --repair"

__all__ = ["Problem", "Remedy", "advice", "problems", "repair", "verify"]

# In this order: what is wrong with captures explains what is wrong with articles.
CHECKS: tuple[Callable[[sqlite3.Connection], Iterator[Problem]], ...] = (
    tables.database,
    articles.contents,
    articles.check,
    tables.statistics,
    tables.counts,
    index.check,
    tables.clusters,
    tables.translations,
)


def problems(directory: Path) -> Iterator[Problem]:
    """What is wrong with the archive, read from its files alone. Raises ArchiveError.

    SQLite's own checks; every byte of the WARC files, and every capture in them; every article with
    its blocks, revisions, addresses, signals and translations against what its captures were read
    as; what is counted of a site; the full-text index. Memory does not grow with the archive, but
    for some tens of bytes an article.
    """
    db = open_reader(directory)
    try:
        yield from captures.check(db, directory / "warc")
        for check in CHECKS:
            yield from check(db)
    except sqlite3.DatabaseError as error:
        yield Problem(f"archive.db: {error}", Remedy.RESTORE)
    finally:
        db.close()


def verify(directory: Path) -> list[str]:
    """What is wrong with the archive, a line each; empty where it is whole. Raises ArchiveError."""
    return [problem.line for problem in problems(directory) if problem.is_wrong]


def repair(directory: Path) -> list[Problem]:
    """What is wrong with the archive still, when all that can be made anew has been.

    Raises Locked, ArchiveError, OSError (disk full).
    """
    found = list(problems(directory))
    if not any(problem.is_wrong for problem in found):
        return found
    with (
        lock.writing(directory, PURPOSE),
        closing(sqlite3.connect(directory / "archive.db")) as db,
        db,
    ):
        captures.mend(db, directory / "warc")  # before the files are cut behind the last of them
    with open_archive(directory, PURPOSE) as store:
        wrong = {problem.article_id for problem in found if problem.article_id is not None}
        mend(store, wrong, is_torn=any(p.line.startswith("archive.db") for p in found))
    return list(problems(directory))
