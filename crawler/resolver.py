"""Names of hosts → addresses: looked up once a crawl, so that what was checked is what is connected to.

A name that is looked up for the check and again for the connection may answer with another address
in between (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from scrapy.exceptions import CannotResolveHostError
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution
from zope.interface import implementer

from archive import urls

SECONDS = 20  # for a lookup; the resolvers of systems give up after 10 to 30


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name
        self.answering: asyncio.Task[None] | None = None  # held until it has run

    def cancel(self) -> None:
        """Nothing to cancel: it is an interface of Twisted's."""


@implementer(IHostnameResolver)
class Names:
    """The resolver of the reactor (Scrapy's TWISTED_DNS_RESOLVER): IPv4 and IPv6."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._known: dict[str, asyncio.Future[tuple[str, ...]]] = {}

    @classmethod
    def from_crawler(cls, _: Any, reactor: Any) -> Names:
        return cls(reactor)

    def install_on_reactor(self) -> None:
        self._reactor.installNameResolver(self)

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, the same each time. Raises CannotResolveHostError."""
        host = host.lower()
        if host not in self._known:
            self._known[host] = asyncio.ensure_future(_look_up(host))
        try:
            return await asyncio.shield(self._known[host])
        except (OSError, UnicodeError, TimeoutError) as error:
            self._known.pop(host, None)
            raise CannotResolveHostError(f"no such host: {host}") from error

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        receiver: Any,
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[Any] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> _Resolution:
        """Give the receiver the addresses of the host (IHostnameResolver)."""
        resolution = _Resolution(hostName)
        receiver.resolutionBegan(resolution)
        resolution.answering = asyncio.ensure_future(self._answer(receiver, hostName, portNumber))
        return resolution

    async def _answer(self, receiver: Any, host: str, port: int) -> None:
        try:
            found = await self.addresses(host)
        except CannotResolveHostError:
            found = ()
        for address in found:
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()


def are_private(addresses: Sequence[str]) -> bool:
    """Whether one of the addresses is not of the public internet: then the host is none of it."""
    return any(urls.is_private(address) for address in addresses)


async def _look_up(host: str) -> tuple[str, ...]:
    looking = asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    found = await asyncio.wait_for(looking, SECONDS)
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))
