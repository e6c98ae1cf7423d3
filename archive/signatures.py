"""By what near-duplicates are found: MinHash with banding over shingles of five words.

Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4. `archive/duplicates.py` compares whom
this finds.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from rensa import RMinHash

from archive.words import UNSPACED

if TYPE_CHECKING:  # a tenth of a second to import, and only who writes articles needs it
    import numpy as np
    import numpy.typing as npt

# FineWeb's shingles (Penedo et al. 2024; datatrove's default): five words. In scripts without
# spaces each letter is one, as in word counts.
SHINGLE = 5
SHORTEST = 50  # words: in a shorter text a name and a date make another one, so it has to be equal
# Candidates are compared exactly, so that bands may be short and few. Of two texts with a similarity
# of .7 these find 89 %, of .8 98.5 %, of .9 99.98 %; the 14 bands of 8 rows of FineWeb,
# which compares nothing, 56 %, 92 % and 99.96 %.
BANDS, ROWS = 8, 4
SEED = 1  # of the permutations: any number, the same for ever
# One a place in a shingle: its hash is the sum of its words' hashes, each multiplied with that of its
# place (multilinear hashing: Lemire and Kaser 2014, "Strongly universal string hashing is fast").
# Odd numbers, any, the same for ever.
PLACES = (
    0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93,
    0xA0761D6478BD642F,
)  # fmt: skip
VERSION = f"3, R-MinHash {RMinHash.ALGORITHM_VERSION}"  # another one: all texts are signed anew

TOKENS = 100_000  # whose words' hashes are remembered: most of what stands in a text

_WORD = re.compile(r"[^\W_]+")
_WORD_OR_LETTER = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_LETTER = re.compile(f"[{UNSPACED}]")


def words(text: str) -> list[str]:
    """The words of a text as they are compared: without case, punctuation and forms of letters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return (_WORD_OR_LETTER if _LETTER.search(plain) else _WORD).findall(plain)


def shingles(words: list[str]) -> Iterator[str]:
    """What of two texts is compared: all that stands in five words in a row."""
    return map(" ".join, zip(*(words[n:] for n in range(SHINGLE)), strict=False))


def bands(text: str) -> list[int | None]:
    """Two texts are compared where one of these is equal and in the same place; null: with none."""
    import numpy as np

    hashes = np.frombuffer(b"".join(map(_HASHES.__getitem__, text.split())), "<u8")
    if len(hashes) < SHORTEST:
        first = _hash(" ".join(words(text)).encode()) if len(hashes) else None
        return [first, *[None] * (BANDS - 1)]
    found = _hashes_of_shingles(hashes)
    sketch = RMinHash.digest_matrix_from_flat_token_hashes(
        found, [0, len(found)], BANDS * ROWS, SEED
    )
    slots = struct.pack(f"<{BANDS * ROWS}I", *sketch.to_rows()[0])
    size = len(slots) // BANDS
    return [_hash(slots[start : start + size]) for start in range(0, len(slots), size)]


class _Hashes(dict[str, bytes]):
    """For what stands between spaces, the hashes of its words, eight bytes each."""

    def __missing__(self, token: str) -> bytes:
        if len(self) >= TOKENS:
            self.clear()
        found = [token.lower()] if token.isascii() and token.isalnum() else words(token)
        self[token] = hashes = b"".join(
            blake2b(word.encode(), digest_size=8).digest() for word in found
        )
        return hashes


_HASHES = _Hashes()


def _hashes_of_shingles(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    places, count = _places(), len(hashes) - SHINGLE + 1
    found: npt.NDArray[np.uint64] = hashes[:count] * places[0]
    for n in range(1, SHINGLE):
        found += hashes[n : n + count] * places[n]
    return found


@cache
def _places() -> npt.NDArray[np.uint64]:
    import numpy as np

    return np.array(PLACES, np.uint64)


def _hash(value: bytes) -> int:
    """32 bits: of a million articles one in 500 is compared with another for nothing."""
    return int.from_bytes(blake2b(value, digest_size=4).digest(), "big", signed=True)
