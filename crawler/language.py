"""The language of a text: langdetect among the languages of its script, borne out by words.

Three witnesses: the script (some are written in one language only), langdetect's letter statistics,
the function words. What the page declares decides between close relatives, and where langdetect
has no profile. Where nothing bears an answer out it is `und`, not a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import langdetect
from babel.core import get_global
from langdetect import DetectorFactory
from langdetect.detector import Detector
from langdetect.lang_detect_exception import LangDetectException
from langdetect.utils.ngram import NGram

from crawler import function_words

DetectorFactory.seed = 0  # else the same text gives now one language, now another

# langdetect costs time by the letter. 600 gave the same languages as the whole text on the 757 pages
# of the bench; of 500 one, which begins with a quotation, was wrong. 2 trials, of its 7, likewise.
SAMPLE = 600
TRIALS = 2
WORDS = 8_192  # whose n-grams are remembered: few words make up most of a text
HEARD = 5_000  # letters whose words are looked up: the text may begin in another language
# Below this many letters langdetect is confidently wrong ("KI" is Swahili with p = .99999).
LETTERS = 60
LETTERS_UNSPACED = 12
# Share of function words that bears a language out. On the pages of the bench the text's own
# language has .09 (a table of parts) to .7; Zulu, which langdetect takes for Swahili, has under .02
# of Swahili's.
BORNE_OUT = 0.05
# Of a sentence, one word may be any language's: "na" in a line of Zulu is Swahili's "and".
HEARD_WORDS = 1.5
# Share that names a language without langdetect's help; Bantu languages glue such words to others.
NAMED_BY = {"zu": 0.05, "xh": 0.05}
NAMED = 0.25
# Of the letters, above which a text is in capitals or in title case: langdetect skips capitals.
# German, with a capital on each noun, has .07.
CAPITALS = 0.12
PROBABLE = 0.1  # langdetect's share that makes a declared relative (no, da; cs, sk) the answer

# Scripts by Unicode's names; the languages written in them, the most common first. Where it is one,
# the script is the answer, unless another of them is declared.
SCRIPTS: dict[str, tuple[str, ...]] = {
    "HANGUL": ("ko",),
    "THAI": ("th",),
    "HEBREW": ("he", "yi"),
    "GREEK": ("el",),
    "ARMENIAN": ("hy",),
    "GEORGIAN": ("ka",),
    "KHMER": ("km",),
    "LAO": ("lo",),
    "MYANMAR": ("my",),
    "SINHALA": ("si",),
    "ETHIOPIC": ("am", "ti"),
    "BENGALI": ("bn", "as"),
    "GUJARATI": ("gu",),
    "GURMUKHI": ("pa",),
    "KANNADA": ("kn",),
    "MALAYALAM": ("ml",),
    "ORIYA": ("or",),
    "TAMIL": ("ta",),
    "TELUGU": ("te",),
    "TIBETAN": ("bo", "dz"),
    "THAANA": ("dv",),
    "CJK": ("zh", "yue"),
    "HIRAGANA": ("ja",),
    "KATAKANA": ("ja",),
}
# Scripts of several languages, told apart by langdetect.
SHARED: dict[str, tuple[str, ...]] = {
    "ARABIC": ("ar", "fa", "ur", "ps", "ug", "sd", "ku", "ckb"),
    "CYRILLIC": ("ru", "uk", "bg", "mk", "sr", "be", "kk", "ky", "mn", "tg", "tt", "uz", "az"),
    "DEVANAGARI": ("hi", "mr", "ne", "sa"),
}
BOTH = frozenset("sr uz az ku kk".split())  # written in Latin letters, too
JAPANESE = 0.05  # share of kana from which a text with Chinese characters is Japanese

_NOT_PROSE = re.compile(r"https?://|^www\.|\S@\S+\.\S|[_{}<>=/\\|]")
# langdetect's and the web's names, and what Babel gives for old and three-letter codes.
_ALIASES = {"nb": "no", "fil": "tl", "nob": "no", "nno": "nn"}


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code, or `und`; confidence from 0 to 1, null where it is only declared."""

    code: str
    confidence: float | None


UNKNOWN = Language("und", None)


def detect(text: str, declared: str | None = None) -> Language:
    """The language of a text. The same text and declaration always give the same answer."""
    prose = _prose(text[:HEARD])
    sample = prose[:SAMPLE]
    scripts = Counter(map(_script, sample))
    del scripts[""]
    letters = scripts.total()
    if not letters:
        return UNKNOWN
    script, number = _main_script(scripts)
    stated = code(declared)
    if stated and not _writes(stated, script):
        stated = None
    if script in SCRIPTS and letters >= LETTERS_UNSPACED:
        languages = SCRIPTS[script]
        return Language(stated if stated in languages else languages[0], round(number / letters, 4))
    if letters < LETTERS:
        return Language(stated, None) if stated else UNKNOWN
    if script not in ("LATIN", "CYRILLIC"):
        return _probable(sample, script, stated)
    return _weighed(_lowered(sample, letters), script, stated, prose, text)


def code(declared: str | None) -> str | None:
    """The ISO 639 code of a language tag (`de-AT`, `zh_Hans`, `deu`); null for no tag."""
    match = re.match(r"[a-z]{2,3}(?![a-z])", (declared or "").strip().lower())
    if not match or match.group() == UNKNOWN.code:
        return None
    tag = match.group()
    if tag not in _ALIASES and tag not in _profiles("LATIN"):  # "tl" is one that Babel renames
        tag = str(get_global("language_aliases").get(tag, tag)).partition("_")[0]
    return _ALIASES.get(tag, tag)


def _probable(sample: str, script: str, stated: str | None) -> Language:
    """The declared language where langdetect does not speak against it, else its answer."""
    probable = _probabilities(sample, script)
    if stated and (stated in probable or stated not in _profiles(script)):
        return Language(stated, probable.get(stated))
    return _answer(next(iter(probable), None), probable)


def _weighed(sample: str, script: str, stated: str | None, prose: str, text: str) -> Language:
    """langdetect's answer and the declared one, each with the words that bear it out."""
    words = function_words.words(prose)
    probable = _probabilities(sample, script)
    found = next(iter(probable), None)
    heard = _share(found, words) if found else 0.0
    if heard < NAMED and len(text) > 3 * SAMPLE:  # a quotation at the start, or boilerplate
        middle = _probabilities(_prose(_middle(text))[:SAMPLE], script)
        other = next(iter(middle), None)
        if other and _share(other, words) > heard:
            probable, found, heard = middle, other, _share(other, words)
    if stated and stated != found:
        said = function_words.share(stated, words)
        if said is None or stated not in _profiles(script):
            # Little to check it by: it is right where the other is not plainly heard.
            return Language(stated, None) if heard < NAMED else _answer(found, probable)
        if probable.get(stated, 0.0) > PROBABLE or said >= max(heard, BORNE_OUT):
            return Language(stated, probable.get(stated))
    if heard < NAMED and (unprofiled := _unprofiled(words, script, heard)):
        return Language(unprofiled, None)
    is_borne_out = heard >= BORNE_OUT and heard * len(words) >= HEARD_WORDS
    return _answer(found, probable) if is_borne_out else UNKNOWN


def _answer(found: str | None, probable: dict[str, float]) -> Language:
    return Language(found, probable[found]) if found else UNKNOWN


def _share(language: str, words: Sequence[str]) -> float:
    share = function_words.share(language, words)
    return 1.0 if share is None else share  # without a list: nothing speaks against it


def _unprofiled(words: Sequence[str], script: str, heard: float) -> str | None:
    """The language without a profile that the words name much more clearly than langdetect's."""
    best, most = None, 1.5 * heard
    for language in (*function_words.LISTS, *function_words.OWN):
        if language in _profiles("LATIN") or language in _profiles("CYRILLIC"):
            continue
        share = function_words.share(language, words) or 0.0
        is_named = share > most and share >= NAMED_BY.get(language, NAMED)
        if is_named and _writes(language, script):
            best, most = language, share
    return best


def _probabilities(sample: str, script: str) -> dict[str, float]:
    """What langdetect holds possible, the most probable first."""
    detector = _Detector(_factory(script))
    detector.n_trial = TRIALS
    detector.append(sample)
    try:
        found = detector.get_probabilities()
    except LangDetectException:  # no letters that it knows
        return {}
    return {p.lang.partition("-")[0]: round(p.prob, 4) for p in found}


def _prose(text: str) -> str:
    """The words of a text, without addresses and code."""
    return " ".join(word for word in text.split() if word.isalpha() or not _NOT_PROSE.search(word))


def _middle(text: str) -> str:
    return text[len(text) // 2 :][: 2 * SAMPLE]  # twice as much: what is no prose goes


def _lowered(sample: str, letters: int) -> str:
    return sample.lower() if sum(map(str.isupper, sample)) > CAPITALS * letters else sample


class _Detector(Detector):  # type: ignore[misc]  # langdetect has no types
    """langdetect's, cutting its text word by word: the same n-grams, faster, and those of its end."""

    def _extract_ngrams(self) -> list[str]:
        known = self.word_lang_prob_map
        words = "".join(map(_normal, self.text)).split(" ")
        return [gram for word in words if word for gram in _grams(word) if gram in known]


@lru_cache(WORDS)
def _grams(word: str) -> tuple[str, ...]:
    """The n-grams of a word with the spaces around it, without those of words in capitals."""
    framed, found = f" {word} ", list[str]()
    is_shouted = False
    for end in range(2, len(framed) + 1):
        letter, before = framed[end - 1], framed[end - 2]
        is_shouted = letter.isupper() and (is_shouted or before.isupper())
        if not is_shouted:
            cut = (framed[end - n : end] for n in (1, 2, 3) if n <= end)
            found += [gram for gram in cut if gram != " "]
    return tuple(found)


_normal = cache(NGram.normalize)


@cache
def _script(letter: str) -> str:
    """The script of a letter or a vowel sign, as Unicode names it; empty for what is neither."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    is_sign = unicodedata.category(letter).startswith("M") and (name in SCRIPTS or name in SHARED)
    return name if letter.isalpha() or is_sign else ""


def _main_script(scripts: Counter[str]) -> tuple[str, int]:
    """The script most letters are of, with their number; kana and Chinese characters are one."""
    kana = scripts["HIRAGANA"] + scripts["KATAKANA"]
    if kana and kana > JAPANESE * scripts["CJK"]:
        scripts = scripts - Counter("") | Counter(HIRAGANA=kana + scripts["CJK"])
        del scripts["CJK"], scripts["KATAKANA"]
    return max(scripts.items(), key=lambda item: (_weight(item[0]) * item[1], item[0]))


def _weight(script: str) -> float:
    """What a letter says: one without spaces between words is half a word, another a fifth."""
    return 2.5 if script in ("CJK", "HIRAGANA", "THAI", "LAO", "KHMER", "MYANMAR") else 1.0


def _writes(language: str, script: str) -> bool:
    """Whether a language is written in a script."""
    if script in SCRIPTS or script in SHARED:
        return language in (SCRIPTS.get(script) or SHARED[script])
    return language in BOTH or not any(
        language in languages for table in (SCRIPTS, SHARED) for languages in table.values()
    )


@cache
def _profiles(script: str) -> frozenset[str]:
    return frozenset(name.partition("-")[0] for name in _factory(script).get_lang_list())


@cache
def _factory(script: str) -> DetectorFactory:
    """langdetect with the profiles of a script's languages: it asks each of them at each step."""
    folder = Path(langdetect.__file__).with_name("profiles")
    profiles = [
        file.read_text("utf-8")
        for file in sorted(folder.iterdir())
        if _writes(file.name.partition("-")[0], script)
    ]
    factory = DetectorFactory()
    factory.load_json_profile(profiles)
    return factory
