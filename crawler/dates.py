"""Dates as pages write them → ISO 8601."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

LONGEST = 60  # characters; what is longer is a sentence with a date in it
FIRST_YEAR = 1600  # of the printed newspaper
CLOCK_REACH = 30  # characters from a date in which its time of day stands

# What a date in words or figures has at least: a year, or three figures with the same sign between.
_SHAPE = re.compile(r"\d{4}|\d{1,2}\s?([./-])\s?\d{1,2}\s?\1\s?\d{2}")
_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:h.](?P<minute>\d{2}))(?::(?P<second>\d{2})(?:[.,]\d+)?)?(?![\d.])"
    r"\s*(?P<half>(?i:[ap]\.?\s?m\b\.?))?"
)
_ZONE = r"\s*\(?(?P<zone>(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2}\b|Z\b|[A-Z]{3,4}\b)?"
_TIME_BEHIND = re.compile(rf"^\s*[^\d\n]{{0,12}}?{_CLOCK}{_ZONE}")
_TIME_BEFORE = re.compile(rf"\b{_CLOCK}{_ZONE}[^\d\w]*$")
_WORD = r"[^\s\d.,;:|/()\[\]–—-]{2,20}"
_ARABIC = r"(?:\s(?:الأول|الثاني|الاول))?"  # months of two words
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>\d{4})"
_MONTH = rf"(?P<name>{_WORD}{_ARABIC})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # 2026-07-03, 2026/7/3, 2026. 7. 3., 2026年7月3日, 2026년 7월 3일
        rf"(?<!\d){_YEAR}\s?[-/.年년]\s?(?P<month>\d{{1,2}})\s?[-/.月월]\s?{_DAY}(?!\d)\s?[日일号]?",
        # 3.7.2026, 03/07/26
        rf"(?<![\d.]){_DAY}\s?(?P<sign>[./-])\s?(?P<month>\d{{1,2}})\s?(?P=sign)\s?"
        r"(?P<year>\d{4}|\d{2})(?![\d%])",
        # 3. Juli 2026, 1er août 2026, 3 de julio de 2026, 3-Jul-2026
        rf"(?<!\d){_DAY}(?:st|nd|rd|th|er|º|ª|-?(?:го|е))?\.?[\s-]*(?:de |di |d['’]|ta' )?\s*{_MONTH}"
        rf"[.,]*[\s-]*(?:de |del |, )?\s*{_YEAR}(?!\d)",
        # July 3rd, 2026; Fri Jul 03 2026
        rf"{_MONTH}\.?\s+{_DAY}(?:st|nd|rd|th|\.)?,?\s+{_YEAR}(?!\d)",
        # 2026. július 3., 2026 m. liepos 3 d.
        rf"(?<!\d){_YEAR}\.?\s+(?:m\.\s+)?{_MONTH}\s+{_DAY}(?!\d)",
        # 2026. gada 3. jūlijs
        rf"(?<!\d){_YEAR}\.?\s+gada\s+{_DAY}\.\s+{_MONTH}",
        # 3 tháng 7, 2026
        rf"(?<!\d){_DAY}\s+tháng\s+(?P<month>\d{{1,2}}),?\s+(?:năm\s+)?{_YEAR}(?!\d)",
        # Fri Jul 3 09:15:00 UTC 2026 (ctime)
        rf"{_MONTH}\s+{_DAY}\s+{_CLOCK}{_ZONE}\s+{_YEAR}(?!\d)",
    )
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})Z?)?")
# Seconds or milliseconds since 1970, as some systems write og:updated_time.
_EPOCH = re.compile(r"(1\d{9})(\d{3})?")
_LABEL = re.compile(
    r"^(?:first\s+)?(?:published|posted|created|released|written|date|dated|on|veröffentlicht"
    r"|erschienen|erstellt|datum|vom|am|publié|paru|le|publicado|fecha|el|em|pubblicato|il"
    r"|gepubliceerd|op|opublikowano|data|dnia|publicerad|publisert|udgivet|yayınlanma|tarih"
    r"|опубликовано|дата|公開日|投稿日|掲載日|発行日|发布时间|发布于|日期|時間|时间|등록|입력)"
    r"(?:\s+(?:on|am|le|el|em|il|op|den|tarihi))?\s*[::]?\s*(?!\w)|^(?:公開日|投稿日|掲載日|发布于|입력)",
    re.I,
)
_UPDATED = re.compile(
    r"(?:last\s+)?(?:updated|modified|edited|revised|aktualisiert|geändert|bearbeitet|stand|mis à jour"
    r"|modifié|actualizado|actualización|atualizado|aggiornato|bijgewerkt|aktualizacja|uppdaterad"
    r"|oppdatert|opdateret|güncelle\w*|обновлено|更新日?|수정)(?:\s+\w{1,3})?\W*$",
    re.I,
)
# Days of the week in full, in the languages where they stand without a comma behind them.
WEEKDAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch"
    r"|sonnabend|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|mi[eé]rcoles"
    r"|jueves|viernes|s[áa]bado|domingo|luned[iì]|marted[iì]|mercoled[iì]|gioved[iì]|venerd[iì]|sabato"
    r"|domenica"
)
_BEFORE = re.compile(
    rf"(?:[^\W\d]{{2,14}}[.,]+|{WEEKDAY}|[^\W\d]{{2,3}})?(?:\s*(?:den|the|le|il|el|o|de|dia|am))?",
    re.I,
)
# Offsets in hours. RFC 5322, 4.3; the abbreviations of the time in Germany and its neighbours.
_ZONES = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7,
    "MDT": -6, "PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3,
    "MSK": 3, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "WIB": 7, "SAST": 2,
}  # fmt: skip
# English writes the month first in these regions, and where none is given (CLDR, short dates).
_MONTH_FIRST = frozenset({"us", "ph", ""})
_BUDDHIST_ERA = 543  # years before ours, in Thailand


@dataclass(frozen=True, slots=True)
class Date:
    """A date in a text: ISO 8601, where it stands, whether the text says that it is of a change."""

    iso: str
    start: int
    end: int
    is_update: bool = False


def parse_date(raw: str, locale: str | None = None, *, now: datetime | None = None) -> str | None:
    """The date that a text is, in ISO 8601: with time and offset where stated, else the day alone.

    `locale` (BCP 47, `en-GB`) settles `3/7/2026` and names of months that mean two. Null for what
    is no date, and for a date more than a day after `now`.
    """
    text = " ".join(unicodedata.normalize("NFKC", raw).split())
    if not text or len(text) > LONGEST or not any(c.isdigit() for c in text):
        return None
    iso = _machine(text)
    if iso is None and (found := _first(text, locale)) and _is_whole(text, found):
        iso = found.iso
    return iso if iso and _is_possible(iso, now or datetime.now(UTC)) else None


def find_date(line: str, locale: str | None = None, *, now: datetime | None = None) -> Date | None:
    """The first date in a line, whatever else the line says; null for a date in the future."""
    text = " ".join(unicodedata.normalize("NFKC", line).split())
    found = _first(text, locale)
    return found if found and _is_possible(found.iso, now or datetime.now(UTC)) else None


def _machine(text: str) -> str | None:
    """Forms that only machines write."""
    if match := _COMPACT.fullmatch(text):
        year, month, day, *clock = match.groups()
        return _checked(f"{year}-{month}-{day}" + ("T" + ":".join(clock) if clock[0] else ""))
    if match := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(match.group(1)), UTC).isoformat()
    return None


def _first(text: str, locale: str | None) -> Date | None:
    if not _SHAPE.search(text):
        return None
    return min(_all(text, locale), key=lambda date: date.start, default=None)


def _all(text: str, locale: str | None) -> Iterator[Date]:
    """The first date of each form."""
    for form in _FORMS:
        for match in form.finditer(text):
            if found := _read(text, match, locale):
                yield found
                break


def _read(text: str, match: re.Match[str], locale: str | None) -> Date | None:
    parts = match.groupdict()
    year, day = int(parts["year"]), int(parts["day"])
    month = int(parts["month"]) if "month" in parts else _month(parts["name"], locale)
    if month is None:
        return None
    if len(parts["year"]) == 2:
        year += 2000 if year <= datetime.now(UTC).year % 100 + 1 else 1900
    if year > 2400 and (locale or "").startswith("th"):
        year -= _BUDDHIST_ERA
    if parts.get("sign") in ("/", "-") and _is_month_first(locale, first=day, second=month):
        day, month = month, day
    iso = _checked(f"{year:04}-{month:02}-{day:02}")
    if iso is None:
        return None
    clock, start, end = _clock(text, match)
    timed = _checked(iso + clock) if clock else None
    is_update = bool(_UPDATED.search(text[:start]))
    if timed is None:
        return Date(iso, match.start(), match.end(), is_update)
    return Date(timed, start, end, is_update)


def _is_month_first(locale: str | None, *, first: int, second: int) -> bool:
    if second > 12 or first > 12:
        return second > 12
    language, _, region = (locale or "en").replace("_", "-").lower().partition("-")
    return language == "en" and region in _MONTH_FIRST


def _clock(text: str, match: re.Match[str]) -> tuple[str, int, int]:
    """`T09:15:00+02:00` of the time beside a date, empty where none is; where both begin and end."""
    start, end = match.span()
    if match.groupdict().get("hour"):
        return _time(match), start, end
    if found := _TIME_BEHIND.match(text[end : end + CLOCK_REACH]):
        return _time(found), start, end + found.end()
    reach = max(0, start - CLOCK_REACH)
    if found := _TIME_BEFORE.search(text[reach:start]):
        return _time(found), reach + found.start(), end
    return "", start, end


def _time(match: re.Match[str]) -> str:
    hour, half = int(match["hour"]), (match["half"] or "")[:1].lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return f"T{hour:02}:{match['minute']}:{match['second'] or '00'}{_offset(match['zone'])}"


def _offset(zone: str | None) -> str:
    if not zone:
        return ""
    if zone in _ZONES:
        return f"{_ZONES[zone]:+03}:00"
    digits = zone.removeprefix("UTC").removeprefix("GMT").replace(":", "")
    return f"{digits[:3]}:{digits[3:] or '00'}" if digits[:1] in "+-" else ""


def _is_whole(text: str, date: Date) -> bool:
    """Whether there is nothing in the text but the date: its label, the weekday, `Uhr`."""
    before = _UPDATED.sub("", text[: date.start])
    while before != (shorter := _LABEL.sub("", before.strip(" ,:|·•-")).strip()):
        before = shorter
    return bool(_BEFORE.fullmatch(before)) and size_of_words(text[date.end :]) <= 1


def size_of_words(text: str) -> int:
    """The number of words in what is left beside a date."""
    return len(re.findall(r"[^\W\d]{2,}", text))


def _month(name: str, locale: str | None) -> int | None:
    key = name.lower().rstrip(".")
    own, all_names = _months()
    return own.get((locale or "")[:2], {}).get(key) or all_names.get(key)


@cache
def _months() -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """The number of a month by its name: in each language, and in any."""
    table = tomllib.loads(Path(__file__).with_name("months.toml").read_text("utf-8"))
    by_language = {
        language: {
            spelling: number
            for number, names in enumerate(groups.split(", "), 1)
            for name in names.split()
            for spelling in (name.replace("_", " "), _bare(name))
        }
        for language, groups in table.items()
    }
    shared: dict[str, int] = {}
    for language in sorted(by_language, key=lambda language: language == "hr"):
        for name, number in by_language[language].items():
            shared.setdefault(name, number)
    return by_language, shared


def _bare(name: str) -> str:
    """A name without accents, as hurried people type it."""
    decomposed = unicodedata.normalize("NFD", name)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


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
    return moment.year >= FIRST_YEAR and moment <= now + timedelta(days=1)
