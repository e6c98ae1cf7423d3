"""What is wrong in an archive, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Remedy(StrEnum):
    """What mends a problem; the value is what the user is told."""

    REPAIR = "`newsarchive verify --repair` mends {count}"
    REEXTRACT = (
        "{count} need the captures: `newsarchive verify --repair`, then `newsarchive reextract`"
    )
    RESTORE = (
        "{count} are of damaged files: put them back from a backup, or fetch what was in them "
        "again with `newsarchive crawl --revisit`; `newsarchive forget URL` takes out what cannot be "
        "had again"
    )
    NONE = (
        "{count} records in warc/ are of no capture: a run that failed left them; "
        "`newsarchive import` of such a file takes them up"
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that says what is wrong; `article_id` where it is an article's."""

    line: str
    remedy: Remedy
    article_id: int | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether the archive is not whole; else it is only good to know."""
        return self.remedy is not Remedy.NONE


def advice(problems: list[Problem]) -> list[str]:
    """What to do about these, a line each."""
    counts = {remedy: sum(p.remedy is remedy for p in problems) for remedy in Remedy}
    return [str(remedy).format(count=count) for remedy, count in counts.items() if count]
