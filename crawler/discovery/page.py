"""What every way of discovery is given, and what they share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote, urljoin, urlsplit

from archive import urls

# First or last parts of paths that lead to no article, in the languages of the field.
NOT_ARTICLES = frozenset(
    """
    tag tags category categories kategorie kategorien categorie categoria topics topic thema themen
    author authors autor autoren autore auteur page search suche login signin signup register
    account subscribe abo newsletter about about-us ueber-uns uber-uns a-propos acerca-de chi-siamo
    sobre o-nas contact kontakt contacto contatti contato impressum imprint legal mentions-legales
    aviso-legal privacy privacy-policy datenschutz datenschutzerklaerung confidentialite privacidad
    terms tos agb cgu cgv cookies cookie-policy jobs careers karriere advertise mediadaten faq help
    shop cart checkout feed rss sitemap archive archiv archives podcast events wp-admin wp-login.php
    wp-content wp-json amp users profile recommendations leaderboard
    """.split()
)
_PAGING = re.compile(r"/page/\d+/?$|[?&](?:page|paged|p)=\d+$", re.I)
_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|avif|ico|pdf|zip|gz|mp[34]|m4a|webm|css|js|xml|json|rss|atom|txt|epub)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Page:
    """A response as discovery sees it: the final address, the decoded body, the headers."""

    url: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200

    def header(self, name: str) -> str:
        """The values of a header, joined by commas; empty where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def may_be_article(url: str) -> bool:
    """Whether an address may lead to an article, going by its path alone."""
    if not url.startswith(("http://", "https://")) or urls.is_home(url):
        return False
    path = unquote(urlsplit(url).path).lower()
    parts = [part for part in path.split("/") if part]
    if _PAGING.search(url) or _FILES.search(path):
        return False
    is_language_home = len(parts) == 1 and re.fullmatch(r"[a-z]{2}(?:-[a-z]{2})?", parts[0])
    if is_language_home and not urlsplit(url).query:
        return False
    return not (parts and (parts[0] in NOT_ARTICLES or parts[-1] in NOT_ARTICLES))


def absolute(base: str, href: str | None) -> str | None:
    """The absolute http(s) address of a link, without its fragment; null for other links."""
    if not isinstance(href, str) or not href.strip():
        return None
    try:
        target = urljoin(base, href.strip())
    except ValueError:
        return None
    return target.partition("#")[0] if target.startswith(("http://", "https://")) else None


def is_own(url: str, *places: str) -> bool:
    """Whether an address is of the registered domain of one of the places."""
    return any(urls.same_domain(url, place) for place in places)


def change_time(stated: str | None) -> str | None:
    """A stated W3C or ISO 8601 time in UTC; a day alone counts as its end. Null for no time."""
    text = (stated or "").strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if re.fullmatch(r"\d{4}-?\d{2}-?\d{2}", text):
        moment = moment.replace(hour=23, minute=59, second=59)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def distinct(addresses: Iterable[str]) -> list[str]:
    """The addresses, each article's once."""
    return list({urls.key(url): url for url in reversed(list(addresses))}.values())[::-1]
