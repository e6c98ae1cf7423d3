"""What the path of an address says: article, list, page of a list, section of a site."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from archive import urls
from crawler.discovery.page import number

# Parts of paths below which articles are listed that stand elsewhere.
TOPICS = frozenset(
    """
    tag tags category categories kategorie kategorien categorie categoria categorias label labels
    topic topics thema themen tema temas rubrik rubriques section sections
    author authors autor autoren autore autores auteur auteurs
    """.split()
)
# Parts of paths that lead to lists, profiles and machinery, and so does all that stands below them.
LISTS = TOPICS | frozenset(
    """
    user users profile profil page seite pagina search suche recherche buscar busca cerca
    login signin signup register account subscribe abo
    about about-us ueber-uns über-uns uber-uns a-propos acerca-de chi-siamo sobre sobre-nosotros
    quem-somos qui-sommes-nous o-nas contact contact-us kontakt contacto contatti contato
    impressum imprint mentions-legales aviso-legal note-legali privacy privacy-policy datenschutz
    datenschutzerklaerung datenschutzerklärung confidentialite politique-de-confidentialite
    politica-de-privacidad politica-de-privacidade privacidad privacidade
    terms terms-of-service tos agb cgu cgv cookies cookie-policy
    jobs careers karriere advertise mediadaten shop cart checkout events podcast
    wp-admin wp-login.php wp-content wp-includes wp-json cdn-cgi feed feeds rss sitemap
    recommendations leaderboard
    """.split()
)
# Those of which this holds for the page itself alone: issues stand below /newsletter/.
LIST_PAGES = frozenset(
    """
    newsletter newsletters archive archives archiv archivio archivo legal faq help amp blog news
    posts articles all home index index.html index.htm index.php
    """.split()
)
# Sections that by their name are the whole of what a site publishes.
_WHOLE = frozenset(
    """
    archive archives archiv archivio archivo posts all home feed rss index index.html index.htm
    index.php sitemap.xml feed.xml rss.xml atom.xml index.xml feed.json
    """.split()
)
_PUBLICATIONS = frozenset(
    "blog blogs news newsletter newsletters magazin magazine articles artikel actualites aktuelles"
    " noticias notizie".split()
)
_PAGING_PATH = re.compile(r"/(?:page|seite|pagina|p[aá]gina|strona)[/-]?(\d+)/?$", re.I)
_PAGING_KEYS = frozenset("page paged seite pagina pg p".split())
_PLAIN_PERMALINK = re.compile(r"(?:^|&)p=\d+(?:&|$)")  # WordPress's: /?p=123
# A year's, month's or day's list. A year without a slash behind it may be the number of an article,
# and a day may be an issue of a daily letter.
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DATE_FOLDER = re.compile(
    r"/((?:19|20)\d\d)(?:/|[/-](0?[1-9]|1[0-2]|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)"
    r"(?:[/-](0?[1-9]|[12]\d|3[01]))?/?)$",
    re.I,
)
_PLAIN_DATE_FOLDER = re.compile(r"(?:^|&)m=((?:19|20)\d\d)(0[1-9]|1[0-2])?(?:&|$)")  # WordPress's
DAY = 3  # parts of a date
_FILES = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|avif|ico|pdf|zip|gz|mp[34]|m4a|webm|css|js|xml|json|rss|atom|txt|epub)$",
    re.I,
)


def may_be_article(url: str) -> bool:
    """Whether an address may lead to an article, going by its path and query alone."""
    address = urlsplit(url)
    path = unquote(address.path).lower()
    parts = _parts(path)
    if page_number(url) or _FILES.search(path) or 0 < len(date_folder(url)) < DAY:
        return False
    if path.endswith("/") and _PLAIN_PERMALINK.search(address.query):
        return True
    if not parts or (len(parts) == 1 and _is_language(parts[0])):
        return bool(address.query)
    is_list_page = parts[-1] in LIST_PAGES and len(parts) <= 2
    return not (is_list_page or not LISTS.isdisjoint(parts))


def page_number(url: str) -> int | None:
    """Which page of a list an address asks for (`/page/2/`, `?page=2`); null where it says none.

    `/?p=123` says none: WordPress names posts so, and asks for pages with `paged`.
    """
    parts = urlsplit(url)
    if match := _PAGING_PATH.search(parts.path):
        return number(match.group(1), 0) or None
    for key, value in parse_qsl(parts.query):
        if key.lower() in _PAGING_KEYS and not (key.lower() == "p" and parts.path.endswith("/")):
            return number(value, 0) or None
    return None


def date_folder(url: str) -> tuple[int, ...]:
    """The year, month and day whose list an address may be (`/2024/05/`); empty where it is none."""
    parts = urlsplit(url)
    match = _DATE_FOLDER.search(parts.path) or _PLAIN_DATE_FOLDER.search(parts.query)
    if not match:
        return ()
    stated = [part.lower() for part in match.groups() if part]
    return tuple(int(part) if part.isdecimal() else _MONTHS.index(part[:3]) + 1 for part in stated)


def unpaged(url: str) -> str:
    """What the pages of one list have in common: the key of the address without its page."""
    parts = urlsplit(url)
    query = [p for p in parse_qsl(parts.query, True) if p[0].lower() not in _PAGING_KEYS]
    path = _PAGING_PATH.sub("/", parts.path)
    return urls.key(urlunsplit(parts._replace(path=path, query=urlencode(query))))


def section(url: str) -> str:
    """The path below which the pages of a source stand: `/` for a whole site, else like `/blog/`."""
    parts = [part for part in urlsplit(url).path.split("/") if part]
    while parts and unquote(parts[-1]).lower() in _WHOLE:
        parts.pop()
    return "/" + "".join(f"{part}/" for part in parts)


def in_section(url: str, place: str) -> bool:
    """Whether an address stands in a section."""
    return f"{urlsplit(url).path.rstrip('/')}/".startswith(place)


def is_topic(place: str) -> bool:
    """Whether a section is a list of articles that stand elsewhere: a tag, a category, a topic."""
    return not TOPICS.isdisjoint(_parts(unquote(place).lower()))


def is_publication(place: str) -> bool:
    """Whether a section goes by a name that says: this is what the site publishes (`/blog/`)."""
    parts = _parts(unquote(place).lower())
    return not parts or parts[-1] in _PUBLICATIONS


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _is_language(part: str) -> bool:
    return bool(re.fullmatch(r"[a-z]{2}(?:[-_][a-z]{2})?", part))
