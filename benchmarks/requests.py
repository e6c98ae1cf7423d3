"""What a crawl costs a site: requests for each article, when all is new, nothing, or a twentieth.

    python -m benchmarks.requests                       # 500 articles; prints a table
    python -m benchmarks.requests --report docs/requests.md

The site is on loopback and answers at once. Without a delay between requests the times are those of
the program; `--delay 1` is what a site on the web would see. Each crawl is `newsarchive crawl` as users run it, in a process of its own.
"""

from __future__ import annotations

import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import click

from benchmarks.tables import markdown_table
from crawler.demo.server import Response, listen

ROOT = Path(__file__).parents[1]
ARTICLES = 500
NEW_SHARE = 0.05
IN_FEED = 20  # entries, as most feeds have
START = datetime(2026, 11, 1, tzinfo=UTC)
# The targets: a crawl that finds nothing new asks for lists, not for articles.
MOST_REQUESTS = 0.1  # for each article held
MOST_TIME = 0.05  # of the first crawl's
FRAME = """<!DOCTYPE html><html lang="en"><head><title>{title} – The Benchmark</title>
<link rel="alternate" type="application/rss+xml" href="/feed.xml"><link rel="canonical" href="{url}">
<meta property="og:type" content="article"><meta property="article:published_time" content="{day}">
</head><body><nav><a href="/">Home</a> <a href="/about">About</a></nav>
<main><article><h1>{title}</h1>{text}</article></main>
<aside><h2>Subscribe to our newsletter</h2><form><input type="email"><button>Subscribe</button></form></aside>
<footer>The Benchmark · Imprint · Privacy</footer></body></html>"""
WORDS = (
    "the harbour teaches its cranes to see at night and nobody asked who pays for that because every "
    "model needs light numbers people ships weather patience maps sensors rules permits signals"
).split()


@dataclass
class Site:
    """A site with so many articles, listed in a sitemap and, the latest, in a feed."""

    base: str = ""
    count: int = ARTICLES
    statuses: Counter[int] = field(default_factory=Counter)

    def answer(self, _: str, path: str, request: Mapping[str, str]) -> Response:
        """The page at a path; 304 where the request names its ETag."""
        body, kind = self._page(path)
        if body is None:
            self.statuses[404] += 1
            return Response(404, {"Content-Type": "text/plain"}, b"not here")
        headers = {"Content-Type": kind, "ETag": f'"{hash(body) & 0xFFFF_FFFF:x}"'}
        status = 304 if request.get("if-none-match") == headers["ETag"] else 200
        self.statuses[status] += 1
        return Response(status, headers, body if status == 200 else b"")

    def _page(self, path: str) -> tuple[bytes | None, str]:
        if path == "/feed.xml":
            return self._feed().encode(), "application/rss+xml"
        if path == "/sitemap.xml":
            return self._sitemap().encode(), "application/xml"
        name = path.removeprefix("/articles/")
        if path != f"/articles/{name}" or not name.isdigit() or int(name) >= self.count:
            return None, ""
        return self._article(int(name)).encode(), "text/html; charset=utf-8"

    def _article(self, number: int) -> str:
        chosen = random.Random(number)
        paragraphs = (" ".join(chosen.choices(WORDS, k=70)).capitalize() for _ in range(12))
        return FRAME.format(
            title=f"Report {number} on {' '.join(chosen.choices(WORDS, k=4))}",
            url=self._url(number),
            day=self._day(number).isoformat(),
            text="".join(f"<p>{text}.</p>" for text in paragraphs),
        )

    def _feed(self) -> str:
        items = "".join(
            f"<item><link>{self._url(n)}</link><pubDate>{format_datetime(self._day(n))}</pubDate></item>"
            for n in range(max(0, self.count - IN_FEED), self.count)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>B</title>{items}</channel></rss>'

    def _sitemap(self) -> str:
        entries = "".join(
            f"<url><loc>{self._url(n)}</loc><lastmod>{self._day(n).isoformat()}</lastmod></url>"
            for n in range(self.count)
        )
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'

    def _url(self, number: int) -> str:
        return f"{self.base}/articles/{number}"

    @staticmethod
    def _day(number: int) -> datetime:
        return START + timedelta(minutes=number)


@dataclass(frozen=True)
class Cost:
    """What a crawl asked for, and how long it took."""

    name: str
    articles: int  # that the site has
    new: int
    statuses: Mapping[int, int]
    seconds: float

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


def measure(articles: int, delay: float) -> Iterator[Cost]:
    """The costs of a first crawl, an unchanged second one, and one with new articles."""
    site = Site(count=articles)
    with listen(0, site.answer) as site.base, tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sources.toml").write_text(
            f'[[source]]\nname = "b"\nurl = "{site.base}/"\nfeeds = ["{site.base}/feed.xml"]\n'
            f'sitemaps = ["{site.base}/sitemap.xml"]\nallow_private = true\ndelay = {delay}\n'
        )
        yield _crawl("first", site, folder)
        yield _crawl("second, unchanged", site, folder)
        site.count += round(articles * NEW_SHARE)
        yield _crawl(f"third, {NEW_SHARE:.0%} new", site, folder)


def _crawl(name: str, site: Site, folder: str) -> Cost:
    site.statuses.clear()
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "crawler", "crawl", "--json", "--archive", folder],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    report = json.loads(done.stdout)["sources"]["b"]
    return Cost(name, site.count, report["new"], dict(site.statuses), seconds)


def table(costs: list[Cost]) -> Iterator[str]:
    """The costs as Markdown."""
    header = [
        "crawl",
        "articles",
        "new",
        "requests",
        "of them 304",
        "per article",
        "seconds",
        "of first",
    ]
    rows = [
        [
            cost.name, str(cost.articles), str(cost.new), str(cost.requests),
            str(cost.statuses.get(304, 0)), f"{cost.requests / cost.articles:.3f}",
            f"{cost.seconds:.1f}", f"{cost.seconds / costs[0].seconds:.1%}",
        ]
        for cost in costs
    ]  # fmt: skip
    return markdown_table([header, *rows])


@click.command()
@click.option("--articles", type=click.IntRange(20), default=ARTICLES, show_default=True)
@click.option("--delay", type=click.FloatRange(0), default=0, help="Seconds between requests [0].")
@click.option("--report", type=click.Path(path_type=Path), help="Write the table there, too.")
def main(articles: int, delay: float, report: Path | None) -> None:
    """Measure the requests and the time of three crawls of one site."""
    costs = list(measure(articles, delay))
    text = "\n".join(
        [
            "# Requests",
            "",
            f"`python -m benchmarks.requests --articles {articles} --delay {delay:g}` on {os.cpu_count()} cores, Python "
            f"{platform.python_version()}. A site on loopback with a feed of {IN_FEED} entries and a "
            "sitemap of all articles; robots.txt is among the requests. Targets of the second crawl: "
            f"at most {MOST_REQUESTS} requests per article and {MOST_TIME:.0%} of the first one's time.",
            "",
            *table(costs),
            "",
        ]
    )
    click.echo(text)
    if report:
        report.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
