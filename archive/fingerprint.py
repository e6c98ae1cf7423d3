"""The fingerprint of a block: alike for texts that differ in dates, numbers, names or case only.

The digest is CCNet's (Wenzek et al. 2020, "CCNet", section 3.1: lower case, digits masked,
punctuation off, 64 bits of the SHA-1). What it masks goes further, because a site's own lines
change with every issue: "Issue #123, Monday 4 May" is "Issue #9, Friday 22 June".
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache

MASK = "0"  # stands for a date, a number, an address, a name; several in a row are one
KNOWN = 10_000  # texts whose form is remembered: a site's chrome comes with every page
TOKENS = 100_000  # whose form is remembered: most of what stands in a text, in some ten megabytes
LONGEST_NAME = 3  # words; a longer run of capitalised words is a title or a slogan

# Months and weekdays in full: Unicode CLDR 47 (format and stand-alone forms). Those that are
# everyday words, too, are masked as well: a text equals itself all the same.
_CALENDAR = frozenset(
    """
    january february march april may june july august september october november december
    januar jänner februar märz mai juni juli oktober dezember
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    januari februari maart mei augustus
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
    styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień
    ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
    augusti marts desember
    января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь
    sunday monday tuesday wednesday thursday friday saturday
    sonntag montag dienstag mittwoch donnerstag freitag samstag sonnabend
    dimanche lundi mardi mercredi jeudi vendredi samedi
    domingo lunes martes miércoles jueves viernes sábado
    domenica lunedì martedì mercoledì giovedì venerdì sabato
    segunda-feira terça-feira quarta-feira quinta-feira sexta-feira
    zondag maandag dinsdag woensdag donderdag vrijdag zaterdag
    niedziela poniedziałek wtorek środa czwartek piątek sobota
    pazar pazartesi salı çarşamba perşembe cuma cumartesi
    söndag måndag tisdag onsdag torsdag fredag lördag søndag mandag tirsdag lørdag
    воскресенье понедельник вторник среда четверг пятница суббота
    """.split()
)
_EAST_ASIAN = re.compile(
    r"[0-9]+(?:[.,][0-9]+)*\s*[年月日号號期回時时分]?|[月火水木金土日]曜日?|\([月火水木金土日]\)|(?:星期|周|週|礼拜)[一二三四五六日天]"
)
_ADDRESS = re.compile(r"@|://|^www\.")
_DIGIT = re.compile(r"\d")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_UNSPACED = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
# Signs within a form that is being made: before a capitalised word, behind one at which a name ends,
# for a token that is nothing but punctuation, and for one in a script without spaces. (Words have
# neither these nor digits.)
_NAME, _END, _NOTHING, _EASTERN = "\x01\x02\x03\x04"
_NAMES = re.compile(f"{_NAME}[^ {_END}]+(?: {_NAME}[^ {_END}]+)+")
_MASKS = re.compile(f"{MASK}(?: {MASK})+")


def digest(text: str) -> int:
    """64 bits, as SQLite has integers; the same for texts of one normal form."""
    whole = hashlib.sha1(normal_form(text).encode(), usedforsecurity=False).digest()
    return int.from_bytes(whole[:8], "big", signed=True)


@lru_cache(KNOWN)
def normal_form(text: str) -> str:
    """Lower case without punctuation, single spaces; dates, numbers, addresses, names as MASK."""
    form = " ".join(map(_FORMS.__getitem__, text.split()))
    if _EASTERN in form:  # dates stand within a token there
        parted = _EAST_ASIAN.sub(f" {MASK} ", unicodedata.normalize("NFKC", text))
        form = " ".join(map(_form_of_token, parted.split()))
    if _NAME in form:
        form = _NAMES.sub(_name, form).replace(_NAME, "").replace(_END, "")
    if _NOTHING in form:
        form = " ".join(form.replace(_NOTHING, "").split())
    return _MASKS.sub(MASK, form) if f"{MASK} {MASK}" in form else form


class _Forms(dict[str, str]):
    """For each token what it is in the normal form, with the signs that `normal_form` needs.

    No token's compatible form (NFKC) depends on what stands beyond the spaces around it.
    """

    def __missing__(self, token: str) -> str:
        if len(self) >= TOKENS:
            self.clear()
        plain = token if token.isascii() else unicodedata.normalize("NFKC", token)
        form = " ".join(map(_form_of_token, plain.split()))
        self[token] = form = _EASTERN if _UNSPACED.search(plain) else form
        return form


_FORMS = _Forms()


def _form_of_token(token: str) -> str:
    is_plain = token.isalpha()
    bare = token if is_plain else _bare(token)
    word, has_letters_only = bare.lower(), is_plain or bare.isalpha()
    if word in _CALENDAR or not (has_letters_only or _is_word(word)):
        return MASK
    letters = word if has_letters_only else "".join(filter(str.isalnum, word))
    if bare != word and bare[:1].isupper() and bare[1:].islower():
        # Between sentences a name ends.
        return f"{_NAME}{letters}" + ("" if is_plain or token.endswith(bare) else _END)
    return letters or _NOTHING


def _name(run: re.Match[str]) -> str:
    """Capitalised words in a row, of which two or three are a name."""
    words = run.group()
    return MASK if words.count(_NAME) <= LONGEST_NAME else words


def _bare(token: str) -> str:
    """The token without the punctuation around it."""
    if token[:-1].isalpha() and not token[-1].isalnum():  # a comma or full stop, mostly
        return token[:-1]
    return _EDGES.sub("", token)


def _is_word(word: str) -> bool:
    """Whether a token in lower case is neither a number nor an address."""
    return not (_DIGIT.search(word) or _ADDRESS.search(word))
