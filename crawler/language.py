"""The language of a text: langdetect, set against the script and what the page declares."""

from __future__ import annotations

import re
from dataclasses import dataclass

from langdetect import DetectorFactory
from langdetect.detector_factory import init_factory
from langdetect.lang_detect_exception import LangDetectException

DetectorFactory.seed = 0  # else the same text gives now one language, now another

# langdetect on the first 1,000 characters costs a third of the whole text, and lost nothing on
# the pages of the bench.
SAMPLE = 1_000
# Below this many letters langdetect is confidently wrong ("KI" is Swahili with p = .99999).
LETTERS = 60
LETTERS_UNSPACED = 12

SCRIPTS = {  # scripts that one language writes, or nearly so
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "hy": re.compile(r"[\u0530-\u058f]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"),
}
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# Languages written in another script than Latin; a declared one must fit the text.
NOT_LATIN = frozenset(
    "ar fa ur he ru uk bg sr mk el ja ko zh th hi bn ta te ka hy am my km lo".split()
)


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code, or `und`; confidence from 0 to 1, null where it is only declared."""

    code: str
    confidence: float | None


def detect(text: str, declared: str | None = None) -> Language:
    """The language of a text. The same text and declaration always give the same answer."""
    sample = text[:SAMPLE]
    letters = sum(c.isalpha() for c in sample)
    declared = _code(declared)
    script = _script(sample, letters)
    if script and letters >= LETTERS_UNSPACED:
        return script
    if letters < LETTERS:
        return Language(declared, None) if declared and _fits(declared, sample) else UNKNOWN
    if declared and declared not in _profiles() and _fits(declared, sample):
        return Language(declared, None)
    return _detected(sample, declared)


UNKNOWN = Language("und", None)


def _detected(sample: str, declared: str | None) -> Language:
    detector = _factory().create()
    detector.append(sample)
    try:
        found = [(p.lang.partition("-")[0], p.prob) for p in detector.get_probabilities()]
    except LangDetectException:
        return UNKNOWN
    if not found:
        return UNKNOWN
    code, probability = found[0]
    # Close relatives (no, da, sv; cs, sk; es, pt, gl) are told apart by the page's own word.
    for other, share in found:
        if other == declared and share > 0.1:
            return Language(other, round(share, 4))
    return Language(code, round(probability, 4))


def _script(sample: str, letters: int) -> Language | None:
    """The language that the script alone gives, with the share of its letters as confidence."""
    if not letters:
        return None
    han = len(HAN.findall(sample))
    for code, pattern in SCRIPTS.items():
        found = len(pattern.findall(sample))
        share = (found + (han if code == "ja" else 0)) / letters
        if found > 0.05 * letters and share > 0.5:
            return Language(code, round(min(1.0, share), 4))
    if han > 0.5 * letters:
        return Language("zh", round(han / letters, 4))
    return None


def _fits(code: str, sample: str) -> bool:
    letters = sum(c.isalpha() for c in sample)
    if not letters:
        return False
    is_latin = len(LATIN.findall(sample)) > 0.5 * letters
    return is_latin != (code in NOT_LATIN)


def _code(declared: str | None) -> str | None:
    match = re.match(r"[a-z]{2,3}(?![a-z])", (declared or "").strip().lower())
    return match.group() if match else None


def _profiles() -> frozenset[str]:
    return frozenset(code.partition("-")[0] for code in _factory().get_lang_list())


def _factory() -> DetectorFactory:
    init_factory()
    from langdetect import detector_factory

    return detector_factory._factory
