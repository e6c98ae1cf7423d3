"""A worker of a crawl that several machines do together: the domains that it holds, and their rows."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import TypeVar

import orjson

from archive import terminal, urls
from archive.store import Store
from crawler.hosts import stamp
from crawler.ledger import Options
from crawler.shared.place import parse
from crawler.shared.rows import Name, Row, Rows, is_later
from crawler.shared.server import Change, FrontierAway, FrontierError, Server
from crawler.sources import Source

T = TypeVar("T")

STEP = 4  # domains taken at once, so that workers that start together get as many each
LOOK = 1.0  # seconds until what others hold is looked at again
BATCH = 5_000  # rows written in one step: the server does nothing else meanwhile, some 20 ms
RENEWALS = 3  # in the time of a lease: two may be missed


@dataclass(slots=True)
class Holding:
    """A domain that is leased: until when by this machine's clock, and for which domains' crawls."""

    until: float
    users: set[str] = field(default_factory=set)
    used: float = 0.0  # when it was last asked
    rest: float = 0.0  # seconds between two requests to it


@contextmanager
def open_worker(
    address: str, archive: Store, sources: Sequence[Source], options: Options
) -> Iterator[Worker]:
    """A worker of the frontier at that address, which lets go at the end of what it holds.

    Raises AddressError, FrontierError, FrontierAway.
    """
    (worker,) = archive.connection.execute("SELECT id FROM identity").fetchone()
    server = Server(parse(address), worker)
    for warning in server.warnings:
        terminal.say(f"the frontier at {server.place}: {warning}")
    opened = Worker(archive, server, sources, _in_words(options))
    try:
        opened.learn()
        yield opened
    finally:
        opened.leave()


class Worker:
    """This process's share of the sources: see `Share`."""

    def __init__(
        self, archive: Store, server: Server, sources: Sequence[Source], options: str = ""
    ) -> None:
        self._archive = archive
        self._server = server
        self._options = options
        (self._id,) = archive.connection.execute("SELECT id FROM identity").fetchone()
        self._rows = Rows(archive)
        self._domains = {source.name: domain(urls.site(source.url)) for source in sources}
        self._sources: dict[str, list[Source]] = {}
        self.choose(sources)
        self._queue: list[str] = []  # domains that are neither finished nor ours
        self._active: dict[str, int] = {}  # domains that are ours: the number of their last change
        self._holdings: dict[str, Holding] = {}
        self._lost: list[str] = []
        self._workers = 1  # alive
        self._look_at = 0.0
        self._renewed = _clock()
        self._has_left = False
        self._offset = self._measure()
        self.renewal: float | None = server.place.lease / RENEWALS

    def choose(self, sources: Iterable[Source]) -> None:
        """Crawl these of the sources."""
        self._sources = defaultdict(list)
        for source in sources:
            self._sources[self._domains[source.name]].append(source)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def join(self) -> None:
        self._server.join(self._options)
        held = self._server.summaries()
        # Best what this archive has crawled before: it knows its sites.
        self._queue = sorted(self._sources, key=lambda d: self._strangeness(held.get(d)))

    def _strangeness(self, summary: dict[str, object] | None) -> int:
        return 1 if summary is None else 0 if summary["worker"] == self._id else 2

    def take(self) -> list[Source]:
        fair = math.ceil((len(self._queue) + len(self._active)) / max(self._workers, 1))
        room = min(self._server.place.domains, fair) - len(self._active)
        if not self._queue or room <= 0 or _clock() < self._look_at:
            return []
        asked = _clock()
        taken = self._server.take(self._queue, min(room, STEP))
        self._workers = taken.workers
        for one, group in taken.leased.items():
            for each in group:
                self._hold(each, one, asked)
            self._active[one] = 0
            self._check_out(one)
            for guest in set(group) - {one}:
                self._check_out_hosts(guest)
        gone = taken.finished | taken.leased.keys()
        self._queue = [one for one in self._queue if one not in gone]
        if not taken.leased:
            self._look_at = _clock() + LOOK
        self.write()
        ours = [one for one in taken.leased if one in self._active]
        return [source for one in ours for source in self._sources[one]]

    def parts(self) -> list[list[str]]:
        return [[source.name for source in self._sources[one]] for one in self._active]

    def give_back(self, part: Sequence[str], *, finished: bool) -> None:
        one = self._domains[part[0]]
        if one not in self._active:
            return
        self.write()
        if one not in self._active:  # it was lost
            return
        with self._archive.transaction():
            self._archive.connection.execute(
                "INSERT OR REPLACE INTO checkouts (epoch, domain, number) VALUES (?, ?, ?)",
                [self._server.epoch, one, self._active[one]],
            )
        self._note([one])
        self._let_go(one, finished)
        if not finished:
            self._queue.append(one)
            self._look_at = _clock() + LOOK

    def owns(self, site: str) -> bool:
        holding, now = self._holdings.get(domain(site)), _clock()
        if not holding or now >= holding.until:
            return False
        holding.used = now
        return True

    def note_delay(self, site: str, delay: float) -> None:
        if holding := self._holdings.get(domain(site)):
            holding.rest = max(holding.rest, delay)

    def admit(self, source: str, site: str) -> bool:
        one, of = domain(site), self._domains[source]
        if one in self._holdings:  # this process was stopped for longer than a lease, or nearly
            self.renew()
            return self.owns(site)
        if of not in self._active:
            return False
        asked = _clock()
        if not self._server.take([one], 1, as_guest=True).leased:
            self._server.need(of, one)
            return False
        self._hold(one, of, asked)
        self._check_out_hosts(one)
        return True

    def write(self) -> None:
        names = self._rows.changed()
        changed: dict[str, list[Name]] = defaultdict(list)
        for name in names:
            is_host = name.table == "hosts"
            one = domain(name.key[0]) if is_host else self._domains.get(name.key[0], "")
            if one in (self._holdings if is_host else self._active):
                changed[one].append(name)
        lost = {one for one, listed in changed.items() if not self._write(one, listed)}
        self._rows.noted(names)
        self._lose(lost)

    def _write(self, one: str, names: Iterable[Name]) -> bool:
        """Whether the domain is still ours."""
        first: list[Change] = []
        last: list[Change] = []  # a page is done when what it leads to is stored
        for name in names:
            row = self._rows.read(name)
            text = orjson.dumps(row).decode() if row else None
            if name.table == "hosts":
                first.append(("hosts", name.key[0], text))
            elif self._rows.is_forgotten(name):
                first.append(("forgotten", name.field(), None))
            else:
                is_done = row and row.get("state") == "done"
                (last if is_done else first).append(("rows", name.field(), text))
        for changes in batched([*first, *last], BATCH):
            number = self._server.write(one, changes)
            if number is None:
                return False
            if one in self._active:
                self._active[one] = number
            self._beat()
        return True

    def _beat(self) -> None:
        """Say within long work that this worker is alive."""
        if self.renewal and _clock() - self._renewed > self.renewal:
            self.renew()

    def renew(self) -> None:
        asked = self._renewed = _clock()
        lost = self._server.renew(self._holdings)
        for one in self._holdings.keys() - lost:
            self._holdings[one].until = asked + self._server.place.lease
        self._lose(lost)
        self._let_go_of_guests()
        self._offset = self._measure()
        self._note(self._active)

    def lost(self) -> list[str]:
        lost, self._lost = self._lost, []
        return lost

    def look(self) -> float | None:
        return max(self._look_at - _clock(), 0.0) if self._queue else None

    def leave(self) -> None:
        if self._has_left:
            return
        self._has_left = True
        with suppress(FrontierAway, FrontierError):
            for part in self.parts():
                self.give_back(part, finished=False)
            self._server.leave()
            self.learn()
        self._server.close()

    def learn(self) -> None:
        """Note in this archive when each source is crawled next, whoever crawled it last."""
        names = [Name("sources", (name,)) for name in self._domains]
        fields = [(self._domains[name.key[0]], name.field()) for name in names]
        found = dict(zip(names, self._server.some(fields), strict=True))
        theirs = {name: orjson.loads(text) for name, text in found.items() if text}
        for name in [*theirs]:
            ours = self._rows.read(name)
            if ours and is_later(name, ours, theirs[name]):
                del theirs[name]
        self._rows.put(theirs)

    def _hold(self, one: str, user: str, asked: float) -> None:
        holding = self._holdings.setdefault(one, Holding(0.0))
        holding.until = asked + self._server.place.lease
        holding.used = asked
        holding.users.add(user)

    def _check_out(self, one: str) -> None:
        """Bring the rows of a domain into this archive.

        Where it is not known up to which change they are here already (the first time, after a kill,
        after the server has lost some), all are compared, and what this archive knows better is told.
        """
        db = self._archive.connection
        known = db.execute(
            "SELECT number FROM checkouts WHERE epoch = ? AND domain = ?", [self._server.epoch, one]
        ).fetchone()
        rows, self._active[one] = self._server.rows(one, known[0] if known else None)
        names = {source.name for source in self._sources[one]}
        theirs = {
            name: orjson.loads(text) if text else None
            for field_, text in rows.items()
            if (name := Name.of(field_)).key[0] in names
        }
        self._check_out_hosts(one, is_known=bool(known))
        if not known:
            self._tell(self._rows.of_sources(names), theirs)
        for names_ in batched(theirs, BATCH):
            self._rows.put({name: theirs[name] for name in names_})
            self._beat()
        with self._archive.transaction():  # until it is given back
            db.execute("DELETE FROM checkouts WHERE domain = ?", [one])

    def _check_out_hosts(self, one: str, *, is_known: bool = True) -> None:
        theirs = {
            Name("hosts", (site,)): orjson.loads(text)
            for site, text in self._server.hosts(one).items()
        }
        ours = self._rows.hosts(lambda site: domain(site) == one)
        if is_known:
            theirs |= {name: None for name in ours if name not in theirs}
        else:
            self._tell(ours, theirs)
        self._rows.put(theirs)

    def _tell(self, ours: Iterable[Name], theirs: dict[Name, Row | None]) -> None:
        """Take as changed what this archive knows better, and out of what others say."""
        better = []
        for name in ours:
            row = self._rows.read(name)
            if row and is_later(name, row, theirs.get(name)):
                better.append(name)
                theirs.pop(name, None)
            self._beat()
        self._rows.mark(better)

    def _let_go(self, one: str, finished: bool) -> None:
        del self._active[one]
        rests = {}
        for held, holding in [*self._holdings.items()]:
            holding.users.discard(one)
            if not holding.users:
                rests[held] = holding.rest
                del self._holdings[held]
        self._server.let_go(rests, finished=one if finished else None)

    def _let_go_of_guests(self) -> None:
        """Domains to which pages led, and do not any more: others may want them."""
        idle = _clock() - self._server.place.lease  # longer than a request takes
        guests = self._holdings.keys() - self._active.keys()
        rests = {one: self._holdings[one].rest for one in guests if self._holdings[one].used < idle}
        if rests:
            self._server.let_go(rests)
            for one in rests:
                del self._holdings[one]

    def _lose(self, domains: Iterable[str]) -> None:
        for one in domains:
            holding = self._holdings.pop(one, None)
            for user in holding.users if holding else ():
                if user in self._active:
                    self._let_go(user, finished=False)
                    self._queue.append(user)
                    self._lost += [source.name for source in self._sources[user]]

    def _note(self, domains: Iterable[str]) -> None:
        now = stamp(self.now())
        self._server.note(
            {
                one: self._rows.summary(source.name for source in self._sources[one])
                | {"worker": self._id, "time": now}
                for one in domains
            }
        )

    def _measure(self) -> timedelta:
        return self._server.now() - datetime.now(UTC)


def batched(items: Iterable[T], count: int) -> Iterator[list[T]]:
    """The items, so many at a time."""
    left = iter(items)
    while batch := list(islice(left, count)):
        yield batch


def _in_words(options: Options) -> str:
    """The options on which the workers of a crawl must agree."""
    words = {
        "--full": options.full, "--revisit": options.revisit, "--due": options.due_only,
        f"--limit {options.limit}": options.limit,
    }  # fmt: skip
    return " ".join(word for word, is_given in words.items() if is_given)


@lru_cache(10_000)  # asked for each request and row
def domain(site: str) -> str:
    """The registered domain of a site: what one worker holds."""
    return urls.registered_domain(f"https://{site}/")


def _clock() -> float:
    """Seconds that pass while the machine sleeps, too, where it can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
