"""Import: WARC files, saved pages and mail → captures, and from there the way of every capture."""

from __future__ import annotations

import hashlib
import time
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree, html

from archive import crawls, encodings, failures, urls, warc
from archive.articles import Change
from archive.errors import UserError
from archive.model import Capture, Fault, Read, Reading, SourceReport
from archive.store import Store
from crawler import mailboxes, reextract, workers
from crawler.derive import PAGE_BYTES, role, too_large
from crawler.progress import Progress
from crawler.sources import Source, of_capture

WAITING = 64  # captures under way in the workers, and results stored in one transaction
SUFFIXES = (".warc", ".warc.gz", ".html", ".html.gz", ".htm", ".eml", ".mbox")
HEAD_BYTES = 500_000  # where a canonical address stands in any page


class ImportFileError(UserError):
    """A file that cannot be imported: one line that says which and why."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something to import: an exchange as it will be recorded, and the file it is from."""

    exchange: warc.Exchange
    file: str
    is_page: bool  # a page somebody saved, not one of the many records of a WARC file
    source: str  # the host; of a mail without an address on the web, its sender's


def files(paths: Iterable[Path]) -> list[Path]:
    """The files to import, folders walked in order. Raises ImportFileError for what is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(
                p for p in path.rglob("*") if p.name.lower().endswith(SUFFIXES) and p.is_file()
            )
        elif not path.exists():
            raise ImportFileError(f"{path}: no such file")
        elif not path.name.lower().endswith(SUFFIXES):
            raise ImportFileError(f"{path}: not one of {', '.join(SUFFIXES)}")
        else:
            found.append(path)
    if not found:
        raise ImportFileError(f"nothing to import: no file ends in {', '.join(SUFFIXES)}")
    return found


def run(
    archive: Store,
    pool: workers.Workers,
    paths: Sequence[Path],
    url: str | None,
    on_file: Callable[[Path], None],
    sources: Sequence[Source] = (),
) -> list[SourceReport]:
    """The reports, one a host. A broken file or record is a failure of its own.

    `sources`: whose language, `keep` and `drop` are those of what is imported of their sites.
    """
    started, work = warc.now(), _Import(archive, pool, sources)
    for path in paths:
        for item in items(path, url):
            if isinstance(item, Fault):
                work.fail(path, item)
            else:
                work.add(item)
        on_file(path)
    work.drain(0)
    reports = [progress.report() for progress in work.progress.values()]
    archive.record_run("import", started, reports)
    return reports


def items(path: Path, url: str | None = None) -> Iterator[Item | Fault]:
    """What a file holds; what is broken in it as faults."""
    try:
        if path.name.endswith((".warc", ".warc.gz")):
            with open(path, "rb") as stream:
                for exchange in warc.exchanges(stream):
                    if isinstance(exchange, warc.WarcError):
                        yield Fault("broken-warc", str(exchange), permanent=True)
                    else:
                        yield Item(exchange, str(path), False, urls.site(exchange.url))
        elif path.suffix.lower() in (".mbox", ".eml"):
            for message in mailboxes.messages(path):
                yield message if isinstance(message, Fault) else _mail(path, message)
        else:
            yield _page(path, _bytes(path), url)
    except encodings.TooLarge:
        yield too_large(PAGE_BYTES)
    except (OSError, encodings.CutShort, zlib.error) as error:
        yield Fault("broken-file", str(error), permanent=True)


class _Import:
    """Captures on their way through the workers, in a window of bounded size."""

    def __init__(self, archive: Store, pool: workers.Workers, sources: Sequence[Source]) -> None:
        self.progress: dict[str, Progress] = {}
        self._archive = archive
        self._pool = pool
        self._sources = sources
        self._broken: Counter[Path] = Counter()  # parts of a file that are no record, no message
        self._waiting: deque[tuple[Item, workers.Pending]] = deque()

    def add(self, item: Item) -> None:
        source = self._source(item.source, item.exchange.url)
        source.found.add(urls.key(item.exchange.url))
        if self._archive.forgotten.has(item.exchange.url, source.source.url):
            source.settle(item.exchange.url, "skipped")
            return
        capture, is_read = self._capture(item, source.source.name)
        if is_read:
            source.held.add(urls.key(capture.url))
            return
        rules = of_capture(self._sources, capture.source, capture.url)
        self._waiting.append((item, self._pool.submit(capture, rules)))
        if len(self._waiting) >= 2 * WAITING:
            self.drain(WAITING)

    def drain(self, leave: int) -> None:
        """Store results, oldest first, until so many are left under way."""
        while len(self._waiting) > leave:
            count = min(WAITING, len(self._waiting) - leave)
            batch = [self._waiting.popleft() for _ in range(count)]
            results = [(item, pending.result()) for item, pending in batch]
            with self._archive.transaction():
                self._read_earlier([read for _, read in results])
                changes = self._archive.save_all([read for _, read in results])
                for (item, read), change in zip(results, changes, strict=True):
                    self._settle(item, read, change)

    def fail(self, path: Path, fault: Fault) -> None:
        url = path.absolute().as_uri()
        source = self._source(urls.site(url), url)
        self._broken[path] += 1
        number = self._broken[path]
        name = str(path) if number == 1 else f"{path}#{number}"
        source.fail(name, fault)
        with self._archive.transaction():
            failures.record(self._archive.connection, source.source.name, name, fault)

    def _read_earlier(self, batch: Iterable[Read]) -> None:
        """Earlier captures of the articles are read again where that was done by other rules."""
        for read in batch:
            if isinstance(read.outcome, Reading):
                held = self._archive.beside(read.capture, read.outcome)
                outdated = reextract.outdated(held, self._pool, self._sources)
                pending = [self._pool.submit(*each) for each in outdated]
                self._archive.reread([each.result() for each in pending])

    def _settle(self, item: Item, read: Read, change: Change | None) -> None:
        """What follows for the reports from what was stored."""
        capture, outcome = read.capture, read.outcome
        progress = self._source(capture.source, capture.url)
        progress.fetched += 1
        if isinstance(outcome, Reading):
            failures.clear(self._archive.connection, capture.source, capture.url)
            progress.settle(capture.url, change.kind if change else "unchanged")
            progress.notices += [f"{item.file}: {warning}" for warning in outcome.warnings]
        elif isinstance(outcome, Fault) and outcome.kind == "not-an-issue":
            progress.settle(capture.url, "skipped")
            failures.record(self._archive.connection, capture.source, capture.url, outcome)
        elif isinstance(outcome, Fault) and (item.is_page or not outcome.skip):
            fault = replace(outcome, message=f"{outcome.message} ({Path(item.file).name})")
            progress.fail(capture.url, fault)
            failures.record(self._archive.connection, capture.source, capture.url, fault)
        else:
            progress.settle(capture.url, "skipped")

    def _capture(self, item: Item, source: str) -> tuple[Capture, bool]:
        """The capture, and whether everything that follows from it is stored already."""
        exchange = item.exchange
        held = self._archive.capture_of(
            exchange.url, exchange.fetched, warc.payload_sha1(exchange.body)
        )
        if held:
            has_failed = failures.is_known(self._archive.connection, source, exchange.url)
            return held[0], held[1] and not has_failed
        return self._archive.append(
            exchange, url=exchange.url, source=source, role=role(exchange.url), found_by=None
        ), False

    def _source(self, name: str, url: str) -> Progress:
        if name not in self.progress:
            self.progress[name] = Progress(Source(name=name, url=url), started=time.monotonic())
            with self._archive.transaction():
                crawls.record_source(self._archive.connection, name, urls.home(url))
        return self.progress[name]


def _page(path: Path, body: bytes, url: str | None) -> Item:
    address = url or _canonical(body) or f"urn:sha256:{hashlib.sha256(body).hexdigest()}"
    exchange = _resource(path, address, body, "text/html")
    return Item(exchange, str(path), True, urls.site(address))


def _mail(path: Path, body: bytes) -> Item:
    from crawler import mail  # and with it all that reads articles, which else only workers load

    address = mail.address(body) or f"urn:sha256:{hashlib.sha256(body).hexdigest()}"
    exchange = _resource(path, address, body, "message/rfc822")
    is_on_web = address.startswith("http")
    source = "" if is_on_web else mail.sender_host(body)
    return Item(exchange, str(path), True, source or urls.site(address))


def _resource(path: Path, url: str, body: bytes, content_type: str) -> warc.Exchange:
    """What did not come over HTTP, dated as the file is."""
    saved = datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    headers = (("Content-Type", content_type),)
    return warc.Exchange(url, saved, 200, headers, body, kind="resource")


def _canonical(body: bytes) -> str | None:
    """The address a saved page declares for itself, where it is absolute."""
    try:
        tree = html.fromstring(body[:HEAD_BYTES])
    except (etree.ParserError, ValueError):
        return None
    for path in ("//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content"):
        for value in tree.xpath(path):
            if str(value).strip().startswith(("http://", "https://")) and not urls.is_home(value):
                return urls.canonical(value)
    return None


def _bytes(path: Path) -> bytes:
    """The file's bytes, unpacked. Raises TooLarge where they are more than a page may have."""
    with path.open("rb") as file:
        is_packed = path.suffix.lower() == ".gz"
        most = PAGE_BYTES + 1
        body = encodings.gunzip(file, most) if is_packed else file.read(most)
    if len(body) > PAGE_BYTES:
        raise encodings.TooLarge
    return body
