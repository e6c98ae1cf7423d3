"""Addresses of this machine and of private networks are refused, however they are spelled."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scrapy.exceptions import CannotResolveHostError

from crawler.resolver import Names, are_private
from tests.conftest import ROOT
from tests.moody_site import moody_site

# The program with names of its own: news.example and moved.example are 127.0.0.1, which counts as
# public here, but only when first asked for; everything else of 127.0.0.0/8 is private.
PATCHED = """
import socket
from archive import urls
from crawler.commands import main
real, looked_up = socket.getaddrinfo, []
def getaddrinfo(host, *rest, **more):
    if str(host).endswith(".example"):
        looked_up.append(host)
        is_first = looked_up.count(host) == 1 and host != "inside.example"
        host = "127.0.0.1" if is_first else "127.0.0.2"
    return real(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
urls.is_private = lambda address: not address.endswith("127.0.0.1") or "::" in address
main()
"""
SPELLINGS = {
    "a name": "http://inside.example:{port}/1",
    "its number": "http://127.0.0.2:{port}/1",
    "one number": "http://2130706434:{port}/1",
    "octal": "http://0177.0.0.2:{port}/1",
    "hexadecimal": "http://0x7f000002:{port}/1",
    "short": "http://127.2:{port}/1",
    "mapped": "http://[::ffff:127.0.0.2]:{port}/1",
    "with a name and password": "http://news.example@127.0.0.2:{port}/1",
}


def test_nothing_leads_to_a_private_address(tmp_path: Path) -> None:
    with moody_site() as public, moody_site("127.0.0.2") as private:
        port, inside = public.base.rpartition(":")[2], private.base.rpartition(":")[2]
        public.base = f"http://news.example:{port}"
        private.article("/1")
        public.article("/good")
        public.article("/moved", words="whales")
        public.answers["/to-moved"] = (302, {"Location": f"http://moved.example:{port}/moved"}, b"")
        for number, url in enumerate(SPELLINGS.values()):
            place = url.format(port=inside)
            public.answers[f"/{number}"] = (302, {"Location": place}, b"")
        public.answers["/robots.txt"] = (302, {"Location": f"{private.base}/robots.txt"}, b"")
        public.feed("/good", "/to-moved", *(f"/{n}" for n in range(len(SPELLINGS))))
        text = public.source().replace("allow_private = true\ndelay = 0", "delay = 0.01")
        (tmp_path / "sources.toml").write_text(text)
        command = [sys.executable, "-c", PATCHED, "crawl", "--json", "--archive", str(tmp_path)]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.stdout, done.stderr
        report = json.loads(done.stdout)["sources"]["x"]
        assert private.log == []
        # What was checked is what was connected to: a second answer would have been the private one.
        assert report["new"] == 2, report
        kinds = {fault["url"]: fault["kind"] for fault in report["failures"]}
        assert kinds == {f"{public.base}/{n}": "private-address" for n in range(len(SPELLINGS))}
        assert "allow_private" in done.stderr


def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["198.51.100.7", "127.0.0.1"]

    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    names = Names(None)

    class Receiver:
        def __init__(self) -> None:
            self.given: list[Any] = []
            self.done = asyncio.Event()

        def resolutionBegan(self, _: Any) -> None: ...  # noqa: N802

        def addressResolved(self, address: Any) -> None:  # noqa: N802
            self.given.append((address.host, address.port))

        def resolutionComplete(self) -> None:  # noqa: N802
            self.done.set()

    async def run() -> list[Any]:
        checked = await names.addresses("News.example")
        receiver = Receiver()
        names.resolveHostName(receiver, "news.example", 443)  # type: ignore[arg-type]
        await receiver.done.wait()
        assert checked == ("198.51.100.7",)
        return receiver.given

    assert asyncio.run(run()) == [("198.51.100.7", 443)]


def test_one_private_address_among_others_is_enough() -> None:
    assert are_private(["93.184.216.34", "10.0.0.1"])
    assert not are_private(["93.184.216.34", "2606:2800:220:1::1"])


def test_a_name_that_is_none_is_an_error_each_time() -> None:
    async def run() -> None:
        names = Names(None)
        for _ in range(2):
            with pytest.raises(CannotResolveHostError):
                await names.addresses("no-such-host.invalid")

    asyncio.run(run())
