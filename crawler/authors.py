"""Who wrote a page: what its head says of people, what a reader sees, whom the site belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archive import urls
from crawler.bylines import read_bylines, read_marked
from crawler.headings import fold
from crawler.names import Name, Site, is_full_name, site_called, stated
from crawler.structured import Head, types

if TYPE_CHECKING:
    from crawler.extraction import RawBlock

ORGANISATIONS = frozenset(
    "organization newsmediaorganization corporation brand onlinebusiness website".split()
)
METAS = ("author", "article:author", "dc.creator", "byl", "sailthru.author", "parsely-author")
SLUG = re.compile(r"[a-z]+(?:-[a-z]+)+")  # `ada-example`, in an address
OWNER_WORDS = 2  # more are a company's or a school's name


def read_authors(
    head: Head,
    tree: Any,
    blocks: Sequence[RawBlock],
    url: str,
    site_name: str | None,
    titles: Sequence[str],
) -> tuple[str, ...]:
    """The people named as authors, in order; an organisation only where nobody else is.

    A head that credits its page to the site, or to an agency, says nothing of the person whom the
    page itself names.
    """
    site = _site(head, url, site_name)
    groups: list[Name] = []
    for names in _of_machines(head, tree, site):
        if any(not name.is_group for name in names):
            return _unique(names)
        groups += names
    names = read_bylines(tree, blocks, site, titles)
    if any(not name.is_group for name in names):
        return _unique(names)
    others = [name for name in groups if not site.is_named(name.text)]
    return _unique((others or groups or names)[:1]) or _owner(url, site_name)


def _of_machines(head: Head, tree: Any, site: Site) -> Iterator[list[Name]]:
    """What JSON-LD says, then each meta element by itself, then microdata."""
    yield _declared(head, site)
    for name in METAS:
        texts = [v for v in head.metas.get(name, ()) if not SLUG.fullmatch(v)]
        yield [name for text in texts for name in stated(text, site)]
    yield read_marked(tree, site)


def _unique(names: Sequence[Name]) -> tuple[str, ...]:
    return tuple({fold(name.text): name.text for name in reversed(names)}.values())[::-1]


def _site(head: Head, url: str, site_name: str | None) -> Site:
    host = urls.site(url)
    publishers = (
        publisher["name"]
        for item in head.articles
        if isinstance(publisher := item.get("publisher"), dict)
        and isinstance(publisher.get("name"), str)
    )
    return site_called(site_name, host, host.split(".")[0], *publishers)


def _declared(head: Head, site: Site) -> list[Name]:
    """The authors in JSON-LD, of the first article that names any."""
    for item in head.articles:
        names = [
            name
            for text, is_group in _creators(item.get("author") or item.get("creator"), head.items)
            for name in stated(text, site, is_group=is_group)
        ]
        if names:
            return names
    return []


def _creators(value: Any, items: Sequence[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Names, and whether each is an organisation."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry, False
        elif isinstance(entry, dict):
            if "name" not in entry and "@id" in entry:
                entry = next(
                    (i for i in items if i.get("@id") == entry["@id"] and "name" in i), entry
                )
            names = entry.get("name")
            is_group = any(t.lower() in ORGANISATIONS for t in types(entry))
            for name in names if isinstance(names, list) else [names]:
                if isinstance(name, str):
                    yield name, is_group


def _owner(url: str, site_name: str | None) -> tuple[str, ...]:
    """Whom a site is named after, in its name and in its address: `danwang.co`."""
    label = fold(urls.site(url).split(".")[0])
    name = re.sub(r"^(?:(?:Prof|Dr)\.\s+)+", "", site_name or "")
    is_form = is_full_name(name) and len(name.split()) <= OWNER_WORDS and not name.isupper()
    if not label or fold(name) != label or not is_form:
        return ()
    return () if stated(name, Site(frozenset()))[0].is_group else (name,)
