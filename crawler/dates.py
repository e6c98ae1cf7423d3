"""Dates as pages write them → ISO 8601."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache

import dateparser
from dateparser.languages.loader import default_loader

LONGEST = 60  # characters; what is longer is a sentence with a date in it

_ISO = re.compile(
    r"^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2}):?(\d{2})(?::?(\d{2}))?(?:[.,]\d+)?\s*"
    r"(Z|UTC|GMT|[+-]\d{2}:?(?:\d{2})?)?)?$",
    re.I,
)
_CJK = re.compile(r"^(\d{4})\s*[年년.]\s*(\d{1,2})\s*[月월.]\s*(\d{1,2})\s*[日일号]?")
_LABEL = re.compile(
    r"^(?:published(?: on)?|posted(?: on)?|updated(?: on)?|last updated|date|on|veröffentlicht(?: am)?"
    r"|erschienen(?: am)?|aktualisiert(?: am)?|stand|vom|am|publié le|mis à jour le|le"
    r"|publicado(?: el| em)?|actualizado el|el|em|pubblicato il|il|gepubliceerd op|op"
    r"|opublikowano|data|dnia|yayınlanma|公開日|更新日|投稿日|掲載日|发布时间|发布于|日期)\s*[::]?\s+|^(?:公開日|更新日|投稿日|掲載日|发布时间|发布于|日期)\s*[::]?\s*",
    re.I,
)
_WEEKDAY = re.compile(r"^[^\W\d]{2,12}\.?,\s+(?=\d)")
_DAY_FIRST = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?\s*(?:de |di |d')?\s*([^\W\d]{3,12})\.?,?\s*(?:de |del )?\s*(\d{4})"
)
_MONTH_FIRST = re.compile(r"^([^\W\d]{3,12})\.?\s+(\d{1,2})(?:st|nd|rd|th|\.)?,?\s+(\d{4})")
_CLOCK = re.compile(r"(\d{1,2})[:.h](\d{2})(?::\d{2})?\s*(am|pm|a\.m\.|p\.m\.)?\s*(?:uhr)?", re.I)

# Month names by their first letters, folded: enough to tell them apart in each language.
_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january januar jänner janvier enero gennaio janeiro januari stycznia styczeń ocak января leden ledna tammikuuta",
        "february februar février febrero febbraio fevereiro februari lutego luty şubat февраля únor února helmikuuta",
        "march märz mars marzo março maart marca marzec mart марта březen března marts maaliskuuta",
        "april avril abril aprile kwietnia kwiecień nisan апреля duben dubna huhtikuuta",
        "may mai mayo maggio maio mei maja maj mayıs мая květen května toukokuuta",
        "june juni juin junio giugno junho czerwca czerwiec haziran июня červen června kesäkuuta",
        "july juli juillet julio luglio julho lipca lipiec temmuz июля červenec července heinäkuuta",
        "august août agosto augustus sierpnia sierpień ağustos августа srpen srpna augusti elokuuta",
        "september septembre septiembre settembre setembro września wrzesień eylül сентября září syyskuuta",
        "october oktober octobre octubre ottobre outubro października październik ekim октября říjen října lokakuuta",
        "november novembre noviembre novembro listopada listopad kasım ноября listopadu marraskuuta",
        "december dezember décembre diciembre dicembre dezembro grudnia grudzień aralık декабря prosinec prosince joulukuuta",
    ),
    1,
):
    for _name in _names.split():
        _MONTHS.setdefault(_name, _number)
_SHORT = {
    "jan": 1, "feb": 2, "fév": 2, "févr": 2, "fev": 2, "mar": 3, "mär": 3, "mrz": 3, "apr": 4, "avr": 4, "abr": 4,
    "jun": 6, "jul": 7, "juil": 7, "aug": 8, "aoû": 8, "ago": 8, "sep": 9, "sept": 9, "set": 9, "oct": 10,
    "okt": 10, "out": 10, "ott": 10, "nov": 11, "dec": 12, "dez": 12, "déc": 12, "dic": 12, "janv": 1,
    "ene": 1, "gen": 1, "mag": 5, "giu": 6, "lug": 7,
}  # fmt: skip


def parse_date(raw: str, language: str | None = None, *, now: datetime | None = None) -> str | None:
    """The date in ISO 8601: with time and offset where they are stated, else the day alone.

    Null for what is no date, and for a date more than a day after `now`.
    """
    text = " ".join(unicodedata.normalize("NFKC", raw).split())
    if not text or len(text) > LONGEST or not any(c.isdigit() for c in text):
        return None
    text = _LABEL.sub("", text)
    found = _iso(text) or _mail(text) or _written(text) or _other(text, language)
    return found if found and _is_possible(found, now or datetime.now(UTC)) else None


def _iso(text: str) -> str | None:
    match = _ISO.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second, zone = match.groups()
    iso = f"{year}-{month}-{day}"
    if hour:
        iso += f"T{hour}:{minute}:{second or '00'}{_zone(zone)}"
    return _checked(iso)


def _zone(zone: str | None) -> str:
    if not zone:
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "+00:00"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def _mail(text: str) -> str | None:
    """RFC 5322, as in feeds: `Mon, 03 Jul 2023 09:00:00 +0200`."""
    if not re.match(r"^[A-Za-z]{3}, \d", text):
        return None
    try:
        return parsedate_to_datetime(text).isoformat()
    except (TypeError, ValueError, OverflowError):
        return None


def _written(text: str) -> str | None:
    """With the month as a word, in either order, or in the East Asian order."""
    text = _WEEKDAY.sub("", text)
    if match := _CJK.match(text):
        year, month, day = (int(part) for part in match.groups())
    elif (match := _DAY_FIRST.match(text)) and (known := _month(match.group(2))):
        day, month, year = int(match.group(1)), known, int(match.group(3))
    elif (match := _MONTH_FIRST.match(text)) and (known := _month(match.group(1))):
        month, day, year = known, int(match.group(2)), int(match.group(3))
    else:
        return None
    iso = f"{year:04}-{month:02}-{day:02}"
    rest = text[match.end() :]
    if clock := _CLOCK.search(rest):
        hour = int(clock.group(1)) % 24
        half = (clock.group(3) or "").lower().replace(".", "")
        hour = hour % 12 + 12 if half == "pm" else hour % 12 if half == "am" else hour
        return _checked(f"{iso}T{hour:02}:{int(clock.group(2)):02}:00") or _checked(iso)
    return _checked(iso) if size_of_words(rest) <= 1 else None


def size_of_words(text: str) -> int:
    """The number of words in what is left beside a date."""
    return len(re.findall(r"[^\W\d]{2,}", text))


def _month(word: str) -> int | None:
    name = word.lower()
    if name in _MONTHS:
        return _MONTHS[name]
    return _SHORT.get(name)


def _other(text: str, language: str | None) -> str | None:
    """Everything else that is a date as a whole: `03.07.2023`, `7/3/23`, languages not above."""
    if size_of_words(text) > 4 or not re.search(r"\d{4}|\d{1,2}[./]\d{1,2}[./]\d{2}", text):
        return None
    settings: dict[str, object] = {"STRICT_PARSING": True, "RETURN_AS_TIMEZONE_AWARE": False}
    if language not in (None, "en"):
        settings["DATE_ORDER"] = "DMY"
    try:
        moment = dateparser.parse(text, languages=[_locale(language)], settings=settings)
    except Exception:
        return None
    if moment is None:
        return None
    if moment.hour or moment.minute:
        return str(moment.replace(microsecond=0).isoformat())
    return str(moment.date().isoformat())


@cache
def _locale(language: str | None) -> str:
    """The language to parse in: one, as trying all of dateparser's 200 costs 40 ms a line."""
    code = (language or "en").partition("-")[0].lower()
    return code if code in default_loader.get_locale_map(languages=None) else "en"


def _checked(iso: str) -> str | None:
    try:
        datetime.fromisoformat(iso)
    except ValueError:
        return None
    return iso


def _is_possible(iso: str, now: datetime) -> bool:
    """Not before the printed newspaper, not after tomorrow."""
    moment = datetime.fromisoformat(iso)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.year >= 1600 and moment <= now + timedelta(days=1)
