"""The server that workers share: who may ask which domain, and what is known of each.

Redis and Valkey run a script as one step, so that two workers never hold one domain. All times are the
server's. Keys, behind the prefix of the frontier:

    workers          sorted set: worker → until when it is alive (milliseconds)
    names            hash: worker → host and process, for people
    crawl            how the crawl under way is to be done; its workers must agree
    finished         set: the domains with which the crawl under way is through
    lease:DOMAIN     worker that holds it; expires
    needs:DOMAIN     set: other domains that its pages led to, and that another worker held: both are
                     leased together then
    rows:DOMAIN      hash: [table, key…] → row, both JSON
    changes:DOMAIN   sorted set: the same fields by the number of their last change
    hosts:DOMAIN     hash: site → row, of those that refused
    domains          hash: domain → how much is done and waits, and who said so when

A worker is named by its archive's id, so that one that is started again still holds what it held. What
a worker writes after another has taken over its domain is refused: it may have slept.
"""

from __future__ import annotations

import json
import os
import socket
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from archive.errors import UserError
from archive.terminal import EXIT_NOT_WRITABLE
from crawler.shared.place import Place
from crawler.shared.scripts import JOIN, LET_GO, RENEW, TAKE, WRITE

if TYPE_CHECKING:
    from redis import Redis
    from redis.commands.core import Script

# Tries of a server that does not answer, within a quarter of a lease: it may be started anew.
TRIES = 10

Kind = Literal["rows", "hosts", "forgotten"]
Change = tuple[Kind, str, str | None]  # kind, field, value (null: it is gone)


class FrontierError(UserError):
    """The shared frontier cannot be used as it was asked for."""


class FrontierAway(UserError):
    """The shared frontier does not answer, or takes nothing."""

    exit_code = EXIT_NOT_WRITABLE


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of trying to lease domains: each one leased with all that were leased with it."""

    leased: Mapping[str, Sequence[str]]
    finished: frozenset[str]
    workers: int  # that are alive


class Server:
    """A connection to the server of a shared frontier. Raises FrontierError, FrontierAway."""

    def __init__(self, place: Place, worker: str) -> None:
        self.place = place
        self._worker = worker
        first, self._redis = connect(place, tries=0), connect(place, TRIES)
        with self._told():
            first.ping()  # what is wrong with the address is told at once
            self._scripts = {
                name: self._redis.register_script(code)
                for name, code in (
                    ("join", JOIN), ("take", TAKE), ("renew", RENEW), ("write", WRITE),
                    ("let_go", LET_GO),
                )
            }  # fmt: skip
            server = self._redis.info()
        self._run_id = server["run_id"]
        self.warnings = _warnings(server)
        self.epoch = ""  # once it has joined

    def now(self) -> datetime:
        """The server's time."""
        with self._told():
            seconds, microseconds = self._redis.time()
        return datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)

    def join(self, options: str) -> None:
        """Take part in the crawl under way, or begin one where no other worker is alive.

        Raises FrontierError where that crawl is done otherwise, or a copy of this archive takes part.
        """
        name = f"{socket.gethostname()} {os.getpid()}"
        with self._told():
            self._redis.set(self._key("id"), uuid.uuid4().hex, nx=True)
            # Another frontier or server, or this server started anew: it may have lost changes.
            self.epoch = f"{self._redis.get(self._key('id'))!s} {self._run_id}"
            answer = self._run("join", options, name)
            if answer[0] == "copy" and not _has_died(answer[1]):
                raise FrontierError(
                    f"a copy of this archive is crawling on {answer[1].split()[0]}, with the same id: "
                    "give each worker an archive of its own, begun in an empty folder"
                )
            if answer[0] == "copy":
                self._redis.zrem(self._key("workers"), self._worker)
                answer = self._run("join", options, name)
        if answer[0] == "other":
            raise FrontierError(
                f"the crawl under way on this frontier is one with {answer[1] or 'no options'}: "
                "start this one with the same options, or when that has ended"
            )

    def leave(self) -> None:
        """Take no part in the crawl any more."""
        with self._told():
            self._redis.zrem(self._key("workers"), self._worker)

    def take(self, domains: Iterable[str], count: int, *, as_guest: bool = False) -> Taken:
        """Lease up to so many of the domains, each with those that it needs, or not at all.

        `as_guest`: whether the crawl is through with it or not.
        """
        with self._told():
            workers, *answers = self._run("take", count, int(as_guest), *domains)
        leased = {a[0]: a[2:] for a in answers if a[1] == "leased"}
        return Taken(leased, frozenset(a[0] for a in answers if a[1] == "finished"), workers)

    def need(self, domain: str, other: str) -> None:
        """Let a domain be leased only together with another to which its pages lead."""
        with self._told():
            self._redis.sadd(self._key("needs", domain), other)

    def renew(self, domains: Iterable[str]) -> set[str]:
        """Hold the domains for another lease; those that are lost to other workers."""
        with self._told():
            return set(self._run("renew", *domains))

    def let_go(self, rests: Mapping[str, float], *, finished: str | None = None) -> None:
        """End the leases of domains; each rests for so many seconds before another worker asks it.

        `finished`: the domain with which the crawl under way is through.
        """
        given = [x for domain, rest in rests.items() for x in (domain, round(rest * 1000))]
        with self._told():
            self._run("let_go", finished or "", *given)

    def rows(self, domain: str, since: int | None) -> tuple[dict[str, str | None], int]:
        """The domain's rows that changed after that number, and the latest number.

        Null for one that is gone. All of them where no number is known.
        """
        rows, changes = self._key("rows", domain), self._key("changes", domain)
        with self._told():
            latest = cast("list[tuple[str, float]]", self._redis.zrevrange(changes, 0, 0, True))
            number = int(latest[0][1]) if latest else 0
            if since is None:
                return dict(self._redis.hscan_iter(rows, count=1000)), number
            fields = cast("list[str]", self._redis.zrangebyscore(changes, f"({since}", "+inf"))
            values = cast("list[str | None]", self._redis.hmget(rows, fields) if fields else [])
            return dict(zip(fields, values, strict=True)), number

    def some(self, fields: Iterable[tuple[str, str]]) -> list[str | None]:
        """Single rows by domain and field, leased or not; null for those that are not there."""
        with self._told(), self._redis.pipeline(transaction=False) as asked:
            for domain, field in fields:
                asked.hget(self._key("rows", domain), field)
            return cast("list[str | None]", asked.execute())

    def hosts(self, domain: str) -> dict[str, str]:
        """The domain's sites that refused."""
        with self._told():
            return cast("dict[str, str]", self._redis.hgetall(self._key("hosts", domain)))

    def write(self, domain: str, changes: Iterable[Change]) -> int | None:
        """Store changes of a domain, all or none.

        The number of the last one; null where another worker holds the domain: nothing is stored then.
        """
        given = [text for kind, field, value in changes for text in (kind, field, value or "")]
        with self._told():
            number = int(self._run("write", domain, *given))
        return None if number < 0 else number

    def note(self, summaries: Mapping[str, Mapping[str, object]]) -> None:
        """Keep how much of domains is done and waits, for those who ask."""
        if summaries:
            with self._told():
                self._redis.hset(
                    self._key("domains"), mapping={d: json.dumps(s) for d, s in summaries.items()}
                )

    def summaries(self) -> dict[str, dict[str, Any]]:
        """What was noted of domains."""
        with self._told():
            found = cast("dict[str, str]", self._redis.hgetall(self._key("domains")))
        return {domain: json.loads(text) for domain, text in found.items()}

    def workers(self) -> dict[str, tuple[str, float]]:
        """Host and process of each worker that is alive, and for how many seconds it is held so."""
        now = self.now().timestamp()
        with self._told():
            alive = cast(
                "list[tuple[str, float]]",
                self._redis.zrangebyscore(
                    self._key("workers"), now * 1000, "+inf", withscores=True
                ),
            )
            names = cast("dict[str, str]", self._redis.hgetall(self._key("names")))
        return {who: (names.get(who, "?"), until / 1000 - now) for who, until in alive}

    def holders(self, domains: Sequence[str]) -> dict[str, str]:
        """The worker that holds each of the domains that are held."""
        with self._told():
            keys = [self._key("lease", domain) for domain in domains]
            found = cast("list[str | None]", self._redis.mget(keys) if keys else [])
        pairs = zip(domains, found, strict=True)
        return {d: who for d, who in pairs if who and not who.startswith("rest ")}

    def finished(self) -> set[str]:
        """The domains with which the crawl under way, or the last one, is through."""
        with self._told():
            return cast("set[str]", self._redis.smembers(self._key("finished")))

    def close(self) -> None:
        """Close the connection."""
        self._redis.close()

    def _key(self, *parts: str) -> str:
        return ":".join((self.place.prefix, *parts))

    def _run(self, name: str, *arguments: object) -> Any:
        script: Script = self._scripts[name]
        lease = round(self.place.lease * 1000)
        given = cast("list[str]", [self.place.prefix, self._worker, lease, *arguments])
        return script(args=given)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the client as ours: a line that says what is wrong and what to do."""
        import redis

        try:
            yield
        except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
            raise FrontierError(
                f"the frontier at {self.place} does not let us in: {error}: name user and password "
                "in its address, best in the environment: "
                "NEWSARCHIVE_FRONTIER=redis://USER:PASSWORD@HOST"
            ) from error
        except redis.RedisError as error:
            raise FrontierAway(
                f"the frontier at {self.place} does not answer: {_reason(error)}; nothing is lost: "
                "start the crawl again when it does"
            ) from error


def connect(place: Place, tries: int) -> Redis:
    """A client, which connects when it is first used. Raises FrontierError: no client is installed."""
    try:
        import redis
        from redis.backoff import ConstantBackoff
        from redis.retry import Retry
    except ImportError as error:
        raise FrontierError(
            "a shared frontier needs redis-py: pip install 'newsletter-archive[redis]'"
        ) from error
    return redis.Redis.from_url(
        place.url,
        decode_responses=True,
        retry=Retry(ConstantBackoff(place.lease / 4 / TRIES), tries),
        socket_timeout=max(place.lease / 12, 1.0),
        socket_connect_timeout=max(place.lease / 12, 1.0),
    )


def _has_died(name: str) -> bool:
    """Whether a worker is known to be dead: its host is this one, and has no such process."""
    host, _, process = name.partition(" ")
    if host != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return int(process) == os.getpid()


def _warnings(info: Mapping[str, Any]) -> list[str]:
    """What in the server's settings can cost something."""
    found = []
    if not info.get("aof_enabled"):
        found.append(
            "its server writes no log (appendonly no): what it has not saved when it stops is made up "
            "for by the workers' archives, and pages are fetched again"
        )
    if info.get("maxmemory") and info.get("maxmemory_policy") != "noeviction":
        found.append(
            f"its server drops keys when memory runs out (maxmemory-policy "
            f"{info['maxmemory_policy']}): set noeviction"
        )
    return found


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
