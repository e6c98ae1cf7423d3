"""Words as the full-text index sees them, the same for writing and asking; letters without accents."""

from __future__ import annotations

import re
import unicodedata

# Scripts without spaces between words: Han, kana, Thai, Lao, Khmer, Myanmar.
UNSPACED = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufaff\U00020000-\U0003ffff"
)
# Korean has spaces, and grammar behind its words without one (한국, 한국은): it is cut like those,
# as by Lucene's CJKBigramFilter.
_CUT = rf"{UNSPACED}\uac00-\ud7a3"
RUN = re.compile(f"[{_CUT}]+")
LAST_RUN = re.compile(f"[{_CUT}]+$")
# Marks that Arabic and Hebrew are mostly written without: vowels and other points, and tatweel.
POINTS = (
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    r"\u06d6-\u06ed"
)
_POINTS = re.compile(f"[{POINTS}]+")
# Latin, Greek, Cyrillic and Armenian with all the signs of print: nothing of the above.
_OTHER = re.compile(r"[^\x00-\u058f\u2000-\u206f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def words(text: str) -> str:
    """A text as the index sees it: in scripts without spaces each letter with the one behind it.

    The last letter of such a run stands alone, so that every letter begins a word and is found by
    itself. Accents are folded by the index's own tokenizer.
    """
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text)
    if not has_other_script(plain):
        return plain
    plain = unpointed(plain)
    return RUN.sub(lambda run: f" {_pairs(run.group())} ", plain)


def has_other_script(text: str) -> bool:
    """Whether a text may hold letters of a script without spaces, or points: a quick look."""
    return not text.isascii() and _OTHER.search(text) is not None


def unpointed(text: str) -> str:
    """The text without the points of Arabic and Hebrew."""
    return text if text.isascii() else _POINTS.sub("", text)


def folded(text: str) -> str:
    """The text in lower case without accents, letter for letter as long as it was."""
    return _NOT_ASCII.sub(lambda letters: letters.group().translate(_FOLDING), text).lower()


class _Folding(dict[int, str]):
    """For each letter what it is in lower case without its accent: one letter for one."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        composed = unicodedata.normalize("NFKC", letter)
        parts = unicodedata.normalize("NFD", composed if len(composed) == 1 else letter)
        base, marks = parts[0], parts[1:]
        # East of here what looks like an accent makes another letter: か, が.
        if base > "\u2e80" or not all(map(unicodedata.combining, marks)):
            base = letter
        self[code] = folded = base.lower()[:1]
        return folded


_FOLDING = _Folding()


def _pairs(run: str) -> str:
    return " ".join(run[i : i + 2] for i in range(len(run)))
