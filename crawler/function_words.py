"""The share of a text that is function words (and, of, the) of a language.

A second witness beside letter statistics: short common words tell languages apart (Grefenstette,
"Comparing two language identification schemes", 1995), and a text without any of a language's is
not in it, however sure the statistics are. The lists are jusText's, made from Wikipedia; those of
languages that it lacks stand here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from justext import get_stoplist

# ISO 639-1 → jusText's name.
LISTS = {
    "af": "Afrikaans", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian",
    "br": "Breton", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh",
    "da": "Danish", "de": "German", "en": "English", "eo": "Esperanto", "es": "Spanish",
    "et": "Estonian", "eu": "Basque", "fi": "Finnish", "fr": "French", "fy": "West_Frisian",
    "ga": "Irish", "gl": "Galician", "hr": "Croatian", "ht": "Haitian", "hu": "Hungarian",
    "id": "Indonesian", "ig": "Igbo", "is": "Icelandic", "it": "Italian", "kk": "Kazakh",
    "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin", "lb": "Luxembourgish", "lt": "Lithuanian",
    "lv": "Latvian", "mk": "Macedonian", "ms": "Malay", "mt": "Maltese", "nl": "Dutch",
    "nn": "Norwegian_Nynorsk", "no": "Norwegian_Bokmal", "oc": "Occitan", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian",
    "sq": "Albanian", "sr": "Serbian", "su": "Sundanese", "sv": "Swedish", "sw": "Swahili",
    "tk": "Turkmen", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "uz": "Uzbek",
    "vi": "Vietnamese", "yo": "Yoruba",
}  # fmt: skip
OWN = {
    "zu": "ukuthi uthi kuthiwa futhi noma uma kodwa ngoba kanye lapho lokhu lolu lesi leli lezi "
    "nje bese emva phakathi kule kulo kulolu lo le la wakhe yakhe zakhe kwakhe bonke konke yonke "
    "uthe bathi athi sekuphele njengoba ngesikhathi nokuthi abantu kakhulu ngaphandle manje",
    "xh": "ukuba okanye kwaye xa ngokuba kodwa yaye kuba apho oku olu le lo la eli esi ezi "
    "nje phakathi emva wakhe yakhe bonke konke yonke uthi bathi abantu kakhulu ngaphandle ngoku "
    "ukuze kwakhona umntu ngumntu into ngexesha",
    "so": "iyo ee oo in ka u ku ay uu waxaa waa la si aan kale wax ayaa soo lagu ayuu ah isaga "
    "kuwa markii waxay wuxuu kala loo laga ugu sida",
    "ha": "da na ta ya a cewa wannan kuma shi su don ba yana amma wata sun zai ne ce ga daga "
    "ko wani an za domin wanda mutane yi",
}

_WORD = re.compile(r"[^\W\d_]+")


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return _WORD.findall(text.lower())


def share(language: str, found: Sequence[str]) -> float | None:
    """The share of words that are function words of a language; null where it has no list."""
    vocabulary = _list(language)
    if not vocabulary:
        return None
    return sum(word in vocabulary for word in found) / max(1, len(found))


@cache
def _list(language: str) -> frozenset[str]:
    if language in OWN:
        return frozenset(OWN[language].split())
    if language in LISTS:
        return frozenset(word.lower() for word in get_stoplist(LISTS[language]))
    return frozenset()
