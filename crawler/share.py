"""What part of the sources a crawl may ask: all where it is alone, else what it holds of a shared frontier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from crawler.sources import Source


class Share(Protocol):
    """A crawl's part. All but `owns` and `note_delay` is called in the archive's thread."""

    renewal: float | None  # seconds between two calls of `renew`; null: none is needed

    def now(self) -> datetime:
        """The time that counts for what waits."""

    def join(self) -> None:
        """Begin. Raises UserError where this crawl does not fit the one under way."""

    def take(self) -> list[Source]:
        """Sources that are this crawl's from now on; their entries stand in its archive."""

    def parts(self) -> list[list[str]]:
        """The sources that are given back together, of those that are this crawl's."""

    def give_back(self, part: Sequence[str], *, finished: bool) -> None:
        """End what was taken; where it is not `finished`, another crawl takes it."""

    def owns(self, site: str) -> bool:
        """Whether a site's delay is this crawl's to keep, at this moment."""

    def note_delay(self, site: str, delay: float) -> None:
        """Note the seconds between two requests to a site."""

    def admit(self, source: str, site: str) -> bool:
        """Whether a site to which pages of the source lead may be asked, by now."""

    def write(self) -> None:
        """Tell others what changed; call it when that is committed."""

    def renew(self) -> None:
        """Say that this crawl is alive."""

    def lost(self) -> list[str]:
        """The sources that others have taken over, since this was last asked."""

    def look(self) -> float | None:
        """Seconds until there may be more to take; null: there is nothing left."""

    def leave(self) -> None:
        """End, whatever state the crawl is in. Raises nothing for a server that is away."""


class Alone:
    """The one crawl of its archive's sources."""

    renewal: float | None = None

    def __init__(self, sources: Sequence[Source]) -> None:
        self._left = list(sources)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def join(self) -> None:
        pass

    def take(self) -> list[Source]:
        taken, self._left = self._left, []
        return taken

    def parts(self) -> list[list[str]]:
        return []  # all of them are ended with the crawl

    def give_back(self, part: Sequence[str], *, finished: bool) -> None:
        pass

    def owns(self, site: str) -> bool:
        return True

    def note_delay(self, site: str, delay: float) -> None:
        pass

    def admit(self, source: str, site: str) -> bool:
        return True

    def write(self) -> None:
        pass

    def renew(self) -> None:
        pass

    def lost(self) -> list[str]:
        return []

    def look(self) -> float | None:
        return None

    def leave(self) -> None:
        pass
