"""An archive with all that the pages show, some of it hostile, and a server for it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import uvicorn

from archive import crawls, failures, warc
from archive.browse import application
from archive.model import Block, Fault, Link, Reading, Reason, Signal, SourceReport
from archive.opening import open_archive
from archive.store import Store
from crawler.frontier import Frontier
from crawler.hosts import Hosts

SITE = "https://news.example.org"
# Each would set the title if it ran, in text, in an attribute, and in an address.
EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
BREAK = "\"'><svg onload=document.title='owned'></title></textarea>]]>{{7+7}}<!--"
SCHEME = "javascript:document.title='owned'//"
BANNER = Block(
    "paragraph", "Subscribe to our letter", "Subscribe to our letter",
    Reason.SUBSCRIBE, "subscribe-call", "subscribe to our",
)  # fmt: skip
MENU = [
    Block("list-item", name, f"- {name}", Reason.NAVIGATION, "menu", name)
    for name in ("Home", "Shop")
]
FOOT = Block("paragraph", "All of it is by us", "All of it is by us")  # learned: it repeats

STORY = (
    "The harbour has new cranes, and they learn to see. "
    "Every night they practise with empty containers, while the crews watch from the tower. "
    "Nobody had asked the crews, says the works council, and demands a say in what is automated. "
    "The port answers that no job will go before 2030, and that the cranes will be slower than people "
    "for years to come, which is what the makers of cranes have said at every harbour so far."
)
ARTICLES = [  # language, title, markdown of the blocks
    ("de", "Kräne lernen sehen", ["Der Hafen hat [neue Kräne](https://example.org/k).", "## Was folgt", "- eins", "- zwei"]),
    ("en", "Cranes learn to see", [STORY, "> Nobody asked us.", "```\nx = 1\n```", "| crane | **tons**", "| A | 40"]),
    ("ja", "市場のせり", ["東京の魚市場では、新しい規制が議論されています。来年から始まる予定で、仲買人は反対しています。"]),
    ("ar", "الرافعات تتعلم", ["تتعلم الرافعات في الميناء كيف ترى في الليل.", "## ما التالي", "> لم يسألنا أحد"]),
    ("en", EVIL, [EVIL, BREAK, "[go](javascript:alert(1)) [data](data:text/html,x)", "![i](https://evil.example/i.png)"]),
    ("he", BREAK, ["העגורנים לומדים לראות בלילה, והנמל מתרחב."]),
    ("en", "Harbour cranes learn to see", [STORY, "> Nobody asked us.", "```\nx = 1\n```"]),
]  # fmt: skip


def kind(markdown: str) -> Any:
    marks = {"## ": "heading", "- ": "list-item", "> ": "quote", "```": "code", "| ": "table"}
    return next((k for mark, k in marks.items() if markdown.startswith(mark)), "paragraph")


def read(archive: Store, url: str, when: str, source: str, outcome: Reading | Fault, status: int = 200) -> None:  # fmt: skip
    """Capture a page and save what was read from it."""
    exchange = warc.Exchange(url, when, status, (), f"{url} {when}".encode())
    capture = archive.append(exchange, url=url, source=source, role="article", found_by="feed")
    with archive.transaction():
        crawls.record_source(archive.connection, source, SCHEME if source == EVIL else f"{SITE}/")
        archive.save(capture, outcome)


def make(folder: Path) -> None:
    """Articles in five languages: 1 and 2 are translations, 2 and 7 duplicates, 1 was revised, 3 has gone."""
    with open_archive(folder, "test") as archive:
        for n, (language, title, markdown) in enumerate(ARTICLES, 1):
            blocks = tuple(Block(kind(m), m.lstrip("#->` |"), m) for m in markdown)
            is_evil = n in (5, 6)
            reading = Reading(
                title, (*MENU, *blocks, BANNER, FOOT), language=language,
                authors=(EVIL, BREAK, SCHEME) if is_evil else ("Ada Example",),
                tags=(EVIL, BREAK, SCHEME, "harbour") if is_evil else ("harbour",),
                published=f"2026-0{n % 2 + 1}-0{n}", image=SCHEME if is_evil else None,
                description=BREAK if is_evil else None, declared_language=language,
                alternates=(("en", f"{SITE}/{3 - n}"),) if n <= 2 else (),
                signals=(Signal("tdmrep", BREAK, "header", train="no"),) if is_evil else (),
            )  # fmt: skip
            url = f"{SITE}/{n}?q={BREAK}" if is_evil else f"{SITE}/{n}"
            source = {5: EVIL, 6: BREAK}.get(n, "a source")
            read(archive, url, f"2026-11-24T12:00:0{n}.000Z", source, reading)
            if n == 1:
                later = Block("paragraph", "Der Hafen hat alte Kräne.", "Der Hafen hat alte Kräne.")
                first = Reading(
                    title, (*MENU, later, *blocks[1:], BANNER, FOOT), language=language,
                    authors=reading.authors, tags=reading.tags, published=reading.published,
                    alternates=reading.alternates,
                )  # fmt: skip
                read(archive, url, "2026-11-23T12:00:00.000Z", source, first)
        with archive.transaction():
            failures.record(archive.connection, EVIL, SCHEME, Fault("dns", EVIL))
            failures.record(archive.connection, "a source", f"{SITE}/x", Fault(BREAK, BREAK))
            for n in range(30):
                failures.record(
                    archive.connection, "a source", f"{SITE}/lost/{n}", Fault("http-404", "gone")
                )
            link = Link(f"{SITE}/9", "article", "feed")
            Frontier(archive.connection).add("a source", [link])
            hosts = Hosts(archive.connection)
            refused = timedelta(hours=1)
            hosts.refused("news.example.org", "http-429", of_articles=True, stated=refused)
            hosts.write()
        gone = Fault("http-410", "gone", permanent=True)
        read(archive, f"{SITE}/3", "2026-11-25T12:00:00.000Z", "a source", gone, 410)
        for name in ("a source", EVIL):
            report = SourceReport(name, found=5, new=5)
            archive.record_run("crawl", "2026-11-24T12:00:00Z", [report])
        for day, number in enumerate([9] * 20 + [2] * 4, 1):  # not as usual
            report = SourceReport("thinner", found=number, requests=1)
            archive.record_run("crawl", f"2026-10-{day:02}T12:00:00Z", [report])


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which the archive in that folder is served."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(folder), log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
