"""What sites do wrong, a row each: what a crawl says of it, what stands in `failures`, what it tries again.

`tests/test_faults.py` crawls them all; `python -m tests.faults` writes docs/faults.md from them.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import brotli
from backports import zstd

from tests.broken_site import SITE, Answer, Pages

HOUR = "in an hour"
TWO_HOURS = "in two hours"
NEVER = "not by itself"

PARAGRAPHS = "".join(
    f"<p>Paragraph {n} of a report on how the harbour of Brunnstedt teaches its cranes to see, "
    f"with so many words that nobody takes it for a menu or a label of any kind.</p>"
    for n in range(1, 6)
)


def page(title: str, body: str = PARAGRAPHS, head: str = "") -> bytes:
    """A page with one article."""
    return (
        f"<!DOCTYPE html><html lang=en><head><title>{title}</title>{head}</head>"
        f"<body><main><article><h1>{title}</h1>{body}</article></main></body></html>"
    ).encode()


REPORT = Answer(page("The cranes of Brunnstedt"))


def rss(items: str, before: str = '<?xml version="1.0"?>') -> Answer:
    body = f'{before}<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'
    return Answer(body.encode(), "application/rss+xml")


def item(path: str, more: str = "") -> str:
    return f"<item><title>A report</title><link>{SITE}{path}</link>{more}</item>"


def article(answer: Answer, **others: Answer) -> Pages:
    """A site whose feed lists one article, and how it answers when asked for that."""
    return {"/feed": rss(item("/1")), "/1": answer} | {f"/{n}": a for n, a in others.items()}


def feed(answer: Answer) -> Pages:
    """A site with a feed, and two articles behind it."""
    return {"/feed": answer, "/1": REPORT, "/2": Answer(page("Another", PARAGRAPHS[600:]))}


def sitemap(body: bytes, kind: str = "application/xml", **headers: str) -> Pages:
    return feed(Answer()) | {"/sitemap.xml": Answer(body, kind, headers=headers)}


def urlset(entries: str, before: str = "") -> bytes:
    head = (
        f'<?xml version="1.0"?>{before}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
    )
    return f"{head}{entries}</urlset>".encode()


def robots(answer: Answer) -> Pages:
    return article(REPORT) | {"/robots.txt": answer}


LAUGHS = '<!DOCTYPE z [<!ENTITY a "lol">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)  # fmt: skip
BOMB = bytes(50_000_000)
PACKED = gzip.compress(BOMB, 1)
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """A fault and what follows from it.

    `failure` is the class of the one row in `failures` (null: there is none), `says` stands in the
    line the user reads, `again` tells when it is tried by itself, `articles` how many are archived
    all the same, `healed` how many are after another crawl.
    """

    name: str
    fault: str
    pages: Pages | None
    failure: str | None = None
    says: str = ""
    again: str | None = None
    articles: int = 0
    healed: int | None = None
    source: Mapping[str, object] = field(default_factory=lambda: {"feeds": ["/feed"]})
    scheme: str = "http"
    full: bool = False
    notice: str = ""  # stands in a second line


SITEMAP = {"sitemaps": ["/sitemap.xml"]}
HOME: dict[str, object] = {}

NETWORK = [
    Row("refused", "nobody listens at the port", None, "refused", "the host refuses the connection", HOUR),
    Row("dns", "there is no such host", {}, "dns", "no such host", HOUR, source={"url": "http://no-such-host.invalid/"}),
    Row("reset", "the connection is reset", article(Answer(raw=b"", ending="reset")), "connection", "the connection failed: Connection to the other side was lost in a non-clean fashion", HOUR),
    Row("no-answer", "the connection is closed without an answer", article(Answer(raw=b"")), "connection", "the connection failed: Connection was closed cleanly", HOUR),
    Row("not-http", "the answer is not HTTP", article(Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n\r\n")), "connection", "the connection failed: ('wrong number of parts', b'SSH-2.0-OpenSSH_9.2')", HOUR),
    Row("tls", "the port of https speaks plain HTTP", article(Answer(raw=b"HTTP/1.1 400 Bad\r\n\r\n")), "tls", "no secure connection: wrong version number", HOUR, scheme="https-in-plain"),
    Row("certificate", "the certificate is of a known authority", article(REPORT), articles=1, scheme="https"),
    Row("expired", "the certificate has expired", article(REPORT), "tls", "its certificate has expired: verify_tls = false for this source takes it all the same", HOUR, scheme="https-expired"),
    Row("self-signed", "the certificate is self-signed", article(REPORT), "tls", "its certificate is self-signed: verify_tls = false for this source takes it all the same", HOUR, scheme="https-self-signed"),
    Row("elsewhere", "the certificate is of another host", article(REPORT), "tls", "its certificate is of another host: verify_tls = false for this source takes it all the same", HOUR, scheme="https-elsewhere"),
    Row("unnamed", "the certificate names no host", article(REPORT), "tls", "its certificate is of another host: verify_tls = false for this source takes it all the same", HOUR, scheme="https-unnamed"),
    Row("unverified", "the certificate is self-signed, and the source says `verify_tls = false`", article(REPORT), articles=1, scheme="https-self-signed", source={"feeds": ["/feed"], "verify_tls": False}),
    Row("silence", "the answer stops in the middle", article(Answer(REPORT.body[:500], length=5000, ending="silence")), "timeout", "no answer in time", HOUR),
    Row("drip", "the answer comes byte by byte", article(Answer(REPORT.body, ending="drip")), "timeout", "no answer in time", HOUR),
    Row("truncated", "the answer is shorter than its Content-Length", article(Answer(REPORT.body, length=5000, ending="close")), "truncated", "the answer was cut short", HOUR),
    Row("over-long", "the answer is longer than its Content-Length", article(Answer(REPORT.body + b"<p>more", length=len(REPORT.body), ending="close")), articles=1),
    Row("wrong-length", "Content-Length is no number", article(Answer(REPORT.body, headers={"Content-Length": "many"}, ending="close")), "connection", "the connection failed: Value contains non-decimal digits: b'many'", HOUR),
    Row("gigabytes", "Content-Length says 10 GB", article(Answer(REPORT.body, length=10**10, ending="silence")), "too-large", "larger than 10 MiB", NEVER),
    Row("endless", "the answer never ends", article(Answer(b"<p>more</p>" * 6000, ending="endless")), "too-large", "larger than 10 MiB", NEVER),
]  # fmt: skip

GERMAN = page("Größe und Maß", PARAGRAPHS.replace("harbour", "Häfen für große Schiffe"))
RUSSIAN = page("Порт", "".join(f"<p>Абзац {n} отчёта о том, как порт Бруннштедта учит свои краны видеть, и слов в нём так много, что никто не примет его за меню.</p>" for n in range(6)))  # fmt: skip
ENCODING = [
    Row("charset", "the charset is another than declared", article(Answer(GERMAN.decode().encode("cp1252"))), says="the page declares the charset utf-8, but is cp1252: read as that", articles=1),
    Row("no-charset", "no charset is declared", article(Answer(RUSSIAN.decode().encode("cp1251"), "text/html")), articles=1),
    Row("unknown-charset", "the charset does not exist", article(Answer(GERMAN, "text/html; charset=utf-99")), articles=1),
    Row("gzip-bomb", "gzip that unfolds without end", article(Answer(PACKED, headers={"Content-Encoding": "gzip"})), "too-large", "larger than 10 MiB", NEVER),
    Row("brotli-bomb", "brotli that unfolds without end", article(Answer(brotli.compress(BOMB, quality=1), headers={"Content-Encoding": "br"})), "too-large", "larger than 10 MiB", NEVER),
    Row("zstd-bomb", "zstd that unfolds without end", article(Answer(zstd.compress(BOMB), headers={"Content-Encoding": "zstd"})), "too-large", "larger than 10 MiB", NEVER),
    Row("gzip-bomb-twice", "gzip in gzip that unfolds without end", article(Answer(gzip.compress(PACKED, 1), headers={"Content-Encoding": "gzip, gzip"})), "too-large", "larger than 10 MiB", NEVER),
    Row("not-gzip", "gzip is declared, plain text sent", article(Answer(REPORT.body, headers={"Content-Encoding": "gzip"})), articles=1),
    Row("torn-gzip", "the gzip stream is cut short", article(Answer(gzip.compress(REPORT.body)[:-60], headers={"Content-Encoding": "gzip"})), "truncated", "the answer was cut short", HOUR),
    Row("unknown-encoding", "the Content-Encoding is unknown", article(Answer(REPORT.body, headers={"Content-Encoding": "x-rot13"})), "unreadable", "Content-Encoding x-rot13 is not supported", NEVER),
    Row("control", "control characters and NULs in the text", article(Answer(page("The \x00cranes\x1b[31m", PARAGRAPHS.replace("how", "ho\x00w\x07").replace("of a", "of\x9ba")))), articles=1),
    Row("surrogates", "lone surrogates and numbers beyond Unicode", article(Answer(page("The &#xD800; cranes &#x110000;", PARAGRAPHS.replace("harbour", "Häfen für große &#xDFFF;")) + b"\xed\xa0\x80")), says="a few bytes of the page are not the UTF-8 it declares", articles=1),
]  # fmt: skip


def _redirect(to: str, **headers: str) -> Answer:
    return Answer(status=302, headers={"Location": to} | headers)


def _calendar(target: str, _: int) -> Answer:
    month = int(target.partition("month=")[2] or 0) + 1
    return Answer(
        page("Archive", f'<h2><a href="/1">The cranes of Brunnstedt</a></h2><a rel=next href="/?month={month}">Older</a>')
    )  # fmt: skip


def _sessions(target: str, count: int) -> Answer:
    n = len(target) * 1000 + count
    return Answer(page("Start", f'<h2><a href="/1?PHPSESSID={n}">The cranes of Brunnstedt</a></h2><h2><a href="/2;jsessionid={n}">Another report</a></h2>'))  # fmt: skip


NOTHING = 'no feed, sitemap or list of articles: name one in sources.toml, feeds = ["…"]'
NOT_FOUND = (
    "<p>Sorry, the page you are looking for does not exist. It may have been moved or deleted.</p>"
)
DEEP = "<div>" * 100_000
TRAPS = [
    Row("redirect-loop", "two addresses lead to each other", article(_redirect("/2"), **{"2": _redirect("/1")}), "redirects", "it redirects without end", NEVER),
    Row("redirect-growth", "each redirect leads to a longer address", article(_redirect("/2")) | {"/robots.txt": Answer(status=404), "*": lambda target, _: _redirect(target + "x")}, "redirects", "it redirects without end", NEVER),
    Row("redirect-chain", "five redirects, then the article", article(_redirect("/2"), **{"2": _redirect("/3"), "3": _redirect("/4"), "4": _redirect("/5"), "5": _redirect("/6"), "6": REPORT}), articles=1),
    Row("redirect-file", "a redirect to a file of this machine", article(_redirect("file:///etc/passwd")), "redirects", "it redirects to nothing that can be fetched", NEVER),
    Row("redirect-nowhere", "a redirect without an address", article(Answer(b"gone", status=302)), "redirects", "it redirects to nothing that can be fetched", NEVER),
    Row("redirect-home", "an article that is gone leads to the home page", article(_redirect("/")) | {"/": Answer(page("Harbour news", PARAGRAPHS))}, "gone-home", "it leads to the home page: the article seems to be gone", HOUR),
    Row("calendar", "a calendar with a next page for ever", {"/": _calendar, "/1": REPORT}, articles=1, source=HOME, full=True),
    Row("sessions", "each visit gives the links another session id", {"/": _sessions, "*": lambda target, _: Answer(page(target[1:2]))}, articles=2, source=HOME),
    Row("soft-404", "“not found” with status 200", article(Answer(page("Page not found", NOT_FOUND))), "not-an-article", "the page has no main text", NEVER),
    Row("wall", "a bot wall with status 200", article(Answer(page("Just a moment...", "<p>Enable JavaScript and cookies to continue</p>"))), "blocked", "the site answered with a wall for robots instead of the page", HOUR),
    Row("no-article", "a form, no article", article(Answer(b"<html><body><h1>Contact</h1><form><input name=a><button>Send</button></form></body></html>")), "not-an-article", "the page has no main text", NEVER),
    Row("empty", "an empty page", article(Answer(b"")), "empty", "the page is empty", HOUR),
    Row("image", "an image where an article should be", article(Answer(b"\x89PNG\r\n\x1a\n" + bytes(1000), "image/png")), "not-html", "the page is a picture, a PDF or another file", NEVER),
    Row("binary", "an image that is called HTML", article(Answer(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100)), "not-html", "the page is a picture, a PDF or another file", NEVER),
    Row("deep", "100,000 elements in one another, the text within", article(Answer(page("Deep", DEEP + PARAGRAPHS))), "not-an-article", "the page has no main text", NEVER),
    Row("deep-below", "100,000 elements in one another, below the text", article(Answer(page("Deep", PARAGRAPHS + DEEP))), articles=1),
    Row("elements", "500,000 elements", article(Answer(page("Many", PARAGRAPHS + "<span>a</span>" * 500_000))), "too-large", "the page has more than 300,000 elements", NEVER),
    Row("attributes", "attributes of 2 MB and 5 MB", article(Answer(page("Long", f'<div class="{"x " * 2_500_000}">{PARAGRAPHS}</div>', f'<meta name="author" content="{"Ada " * 500_000}">'))), articles=1),
    Row("json-deep", "metadata nested without end", article(Answer(page("Deep", head='<script type="application/ld+json">' + '{"a":' * 100_000 + "</script>"))), articles=1),
    Row("nothing", "no feed, no sitemap, no article", {"/": Answer(page("Hello", "<p>Nothing here.</p>"))}, "nothing-found", NOTHING, NEVER, source=HOME),
]  # fmt: skip


def _heals(after: int, status: int = 500) -> Pages:
    def answer(_: str, count: int) -> Answer:
        return REPORT if count >= after else Answer(b"Oops", status=status)

    return {"/feed": rss(item("/1")), "/1": answer}


def _busy(retry_after: Callable[[], str]) -> Pages:
    return article(REPORT) | {
        "/1": lambda *_: Answer(b"Slower", status=429, headers={"Retry-After": retry_after()})
    }


RULES = b"User-agent: *\nDisallow: /1\n"
MOODS = [
    Row("500-heals", "status 500, fine when asked again", _heals(1), articles=1),
    Row("500-heals-later", "status 500 in one crawl, fine in the next", _heals(3), "http-500", "HTTP status 500", HOUR, healed=1),
    Row("500", "status 500 for good", _heals(999), "http-500", "HTTP status 500", HOUR),
    Row("503", "status 503 for good", _heals(999, 503), "http-503", "HTTP status 503", HOUR),
    Row("429", "status 429 with Retry-After in seconds", _busy(lambda: "7200"), "http-429", "HTTP status 429", TWO_HOURS, notice="refused once (http-429); nothing is asked of it before"),
    Row("429-date", "status 429 with Retry-After as a date", _busy(lambda: formatdate(time.time() + 7200, usegmt=True)), "http-429", "HTTP status 429", TWO_HOURS, notice="refused once (http-429); nothing is asked of it before"),
    Row("403", "status 403", _heals(999, 403), "http-403", "HTTP status 403", HOUR),
    Row("404", "status 404", _heals(999, 404), "http-404", "HTTP status 404", NEVER),
    Row("410", "status 410", _heals(999, 410), "http-410", "HTTP status 410", NEVER),
    Row("999", "a status that does not exist", _heals(999, 999), "http-999", "HTTP status 999", HOUR),
    Row("robots-disallow", "robots.txt forbids the article", robots(Answer(RULES)), "robots", "robots.txt forbids it", NEVER),
    Row("robots-html", "robots.txt is an HTML page", robots(Answer(page("Hello"))), articles=1),
    Row("robots-404", "there is no robots.txt", robots(Answer(status=404)), articles=1),
    Row("robots-500", "robots.txt answers with status 500", robots(Answer(status=500)), "robots-unreachable", "robots.txt cannot be read: HTTP status 500", HOUR),
    Row("robots-500-heals", "robots.txt answers with status 500, then is there", robots(Answer()) | {"/robots.txt": lambda _, count: Answer(b"", status=200 if count > 2 else 500)}, "robots-unreachable", "robots.txt cannot be read: HTTP status 500", HOUR, healed=1),
    Row("robots-hangs", "robots.txt never answers", robots(Answer(ending="silence", length=5)), "robots-unreachable", "robots.txt cannot be read: no answer in time", HOUR),
    Row("robots-large", "robots.txt of 3 MB, its rules first", robots(Answer(RULES + b"Disallow: /x\n" * 230_000, "text/plain")), "robots", "robots.txt forbids it", NEVER),
    Row("robots-loop", "robots.txt redirects without end", robots(_redirect("/robots.txt")), articles=1),
    Row("robots-binary", "robots.txt is an image", robots(Answer(b"\x89PNG" + bytes(range(256)) * 40, "image/png")), articles=1),
]  # fmt: skip

ENTRY = f"<url><loc>{SITE}/1</loc></url>"
INDEX = f"<sitemapindex><sitemap><loc>{SITE}/sitemap-posts.xml</loc></sitemap></sitemapindex>"
MANY = gzip.compress(
    urlset(
        ENTRY.replace(SITE, "/news")
        + "".join(f"<url><loc>/post/{n}</loc></url>" for n in range(MILLION))
    ),
    1,
)
FEEDS = [
    Row("feed-404", "there is no feed", {}, "http-404", "HTTP status 404", NEVER),
    Row("feed-html", "HTML where the feed should be", feed(Answer(page("Not a feed"))), "malformed-feed", "no feed: the answer is an HTML page", HOUR),
    Row("feed-cut", "a feed that ends in the middle", feed(Answer(rss(item("/1") + item("/2")).body[:-60], "application/rss+xml")), articles=1),
    Row("feed-torn", "a feed that ends before its first entry", feed(Answer(b"<rss><channel><item><title>cut", "application/rss+xml")), "malformed-feed", "no feed: SAXParseException: <unknown>:2:30: no element found", HOUR),
    Row("feed-empty", "an empty answer for a feed", feed(Answer(b"", "application/rss+xml")), "malformed-feed", "no feed: the answer is empty", HOUR),
    Row("feed-entities", "entities that XML does not know", feed(rss(item("/1", "<description>caf&eacute;&nbsp;&bogus;</description>") + item("/2"))), articles=2),
    Row("feed-laughs", "entities made of entities (billion laughs)", feed(rss(item("/1", "<description>&j;</description>"), f"<?xml version='1.0'?>{LAUGHS}]>")), "malformed-feed", "the feed defines entities made of entities", HOUR),
    Row("feed-file", "an entity that names a file of this machine", feed(rss(item("/1", "<description>&f;</description>"), '<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>')), articles=1),
    Row("feed-dates", "dates that do not exist", feed(rss(item("/1", "<pubDate>Tue, 32 Foo 2026 99:99</pubDate>") + item("/2", "<pubDate>Fri, 31 Dec 99999 23:59:60 +9999</pubDate>"))), articles=2),
    Row("feed-no-ids", "entries without ids", feed(rss(item("/1") + item("/2") + item("/1"))), articles=2),
    Row("feed-no-links", "entries without links", feed(rss("<item><title>A</title></item>" * 3)), "malformed-feed", "nothing to crawl: its 3 entries have no links", HOUR),
    Row("feed-foreign", "entries that all lead to other hosts", feed(rss("<item><link>https://elsewhere.example/1</link></item>" * 3)), "malformed-feed", "nothing to crawl: its 3 entries lead elsewhere", HOUR),
    Row("feed-part-foreign", "some entries lead to other hosts", feed(rss(item("/1") + "<item><link>https://elsewhere.example/1</link></item>")), articles=1),
    Row("feed-million", "a feed with more entries than one can read", feed(Answer(gzip.compress(rss(item("/1") * 400_000).body, 1), "application/rss+xml", headers={"Content-Encoding": "gzip"})), "malformed-feed", "the feed is larger than 20 MB", HOUR),
    Row("feed-json-deep", "a JSON feed nested without end", feed(Answer(b'{"items":' + b"[" * 200_000, "application/feed+json")), "malformed-feed", "no feed: JSON without a list of items", HOUR),
    Row("feed-json-surrogates", "a JSON feed with lone surrogates", feed(Answer(f'{{"version":"https://jsonfeed.org/version/1.1","title":"\\ud800","items":[{{"url":"{SITE}/1\\udfff"}},{{"url":"{SITE}/1"}}]}}'.encode(), "application/feed+json")), articles=1),
    Row("sitemap-html", "HTML where the sitemap should be", sitemap(page("No")), "malformed-sitemap", "no sitemap: the document is <html>", HOUR, source=SITEMAP),
    Row("sitemap-cut", "a sitemap that ends in the middle", sitemap(urlset(ENTRY * 3)[:-30]), articles=1, source=SITEMAP),
    Row("sitemap-laughs", "entities made of entities (billion laughs)", sitemap(urlset(f"<url><loc>&j;{SITE}/1</loc></url>", LAUGHS + "]>")), "malformed-sitemap", "the sitemap defines entities", HOUR, source=SITEMAP),
    Row("sitemap-dates", "dates that do not exist", sitemap(urlset(ENTRY.replace("</url>", "<lastmod>2026-13-45T99:00</lastmod></url>"))), articles=1, source=SITEMAP),
    Row("sitemap-foreign", "addresses of other hosts", sitemap(urlset(ENTRY + "<url><loc>https://elsewhere.example/1</loc></url>")), articles=1, source=SITEMAP),
    Row("sitemap-million", "a million addresses in one sitemap", sitemap(MANY, "application/gzip") | {"/news/1": REPORT}, articles=1, source=SITEMAP | {"url": "/news/"}),
    Row("sitemap-bomb", "a gzip file that unfolds without end", sitemap(PACKED * 4, "application/gzip"), "malformed-sitemap", "the sitemap is larger than 50 MB", HOUR, source=SITEMAP),
    Row("sitemap-itself", "an index that lists itself", sitemap(INDEX.encode()) | {"/sitemap-posts.xml": Answer(INDEX.encode(), "application/xml")}, "nothing-found", NOTHING, NEVER, source=SITEMAP),
]  # fmt: skip

GROUPS = {
    "Network": NETWORK,
    "Encoding": ENCODING,
    "Traps": TRAPS,
    "Moods of a server": MOODS,
    "Feeds and sitemaps": FEEDS,
}
ROWS = [row for rows in GROUPS.values() for row in rows]

DOCUMENT = Path(__file__).parents[1] / "docs" / "faults.md"
HEAD = """# When a site is broken

What a crawl makes of each fault: the line it prints, as `class: message` (the class and the message
stand in the table `failures`, too), when it tries again by itself, and how many articles of the
source it archives all the same. Whatever a source does, the others finish. After each failure the
next try comes twice as late, at most a week; `newsarchive crawl` without `--due` does not wait.

`tests/test_faults.py` crawls a site for each row. This page is written from its table:
`python -m tests.faults`.
"""


def document() -> str:
    """docs/faults.md."""
    parts = [HEAD]
    for group, rows in GROUPS.items():
        parts.append(f"## {group}\n")
        parts.append("| the site | a crawl says | tries again | archived |")
        parts.append("|---|---|---|---|")
        parts += [_line(row) for row in rows]
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _line(row: Row) -> str:
    said = f"`{row.failure}`: {row.says}" if row.failure else row.says or "nothing"
    said += f"; {row.notice} …" if row.notice else ""
    again = row.again or ""
    archived = f"{row.articles}" if row.healed is None else f"{row.articles}, then {row.healed}"
    return f"| {row.fault} | {said} | {again} | {archived} |".replace("<", "&lt;")


if __name__ == "__main__":
    DOCUMENT.write_text(document(), "utf-8")
