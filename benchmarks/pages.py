"""The saved pages of ../shared/bench with their gold answers (its README.md says what they hold)."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BENCH = Path(__file__).parents[2] / "shared" / "bench"
SETS = ("newsletters", "fundus", "aeb", "trafilatura-eval")
SEED = 2023  # of the sample: the same pages every time


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the bench; `gold` has the keys that are known of it."""

    set: str
    gold: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.gold["id"])

    @property
    def url(self) -> str:
        return str(self.gold.get("url") or "https://example.org/")

    @property
    def language(self) -> str:
        """The gold language, `und` where the page has none."""
        return str(self.gold.get("language") or "und")

    @property
    def body(self) -> bytes:
        """The bytes as they were saved."""
        return gzip.decompress((BENCH / self.set / f"{self.id}.html.gz").read_bytes())


def load(sets: Sequence[str] = SETS, sample: int | None = None) -> list[Page]:
    """The pages of the sets in their order; of a sample, each set gives the same number.

    Raises FileNotFoundError where the bench is not there.
    """
    found = []
    for name in sets:
        lines = (BENCH / name / "gold.jsonl").read_text("utf-8").splitlines()
        if sample:
            count = min(len(lines), -(-sample // len(sets)))
            lines = random.Random(SEED).sample(lines, count)
        found += [Page(name, json.loads(line)) for line in lines]
    return found
