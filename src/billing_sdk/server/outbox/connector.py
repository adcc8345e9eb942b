"""Connects to hosts that somebody else has named: the only way out of this server.

A name is resolved once for each attempt. All of its addresses are judged, and the connection goes to one that was
judged, so that what the name says a moment later makes no difference (DNS rebinding). The request still carries
the name, and so does the TLS handshake: the certificate must be that of the name.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Iterable

import httpcore

from billing_sdk.server.outbox.addresses import IPAddress, may_call
from billing_sdk.server.settings import is_loopback

# Everything that a host sends counts: interim answers, headers and the framing of chunks as well as the body.
MOST_BYTES_RECEIVED = 64 * 1_024
MOST_ADDRESSES_TRIED = 4
CONNECT_SECONDS = 5.0


class AddressNotAllowed(Exception):
    """The host leads to an address that may not be called."""


class TooMuchReceived(httpcore.ReadError):
    """The host has sent more than anybody reads."""


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections to public addresses only, and to this machine where that is allowed.

    Args:
        may_call_this_machine: whether a host that is this machine by definition may be called.
        network: makes the connections.
    """

    def __init__(self, *, may_call_this_machine: bool, network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._may_call_this_machine = may_call_this_machine
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name that the base class gives it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers.

        Raises:
            AddressNotAllowed: one of its addresses may not be called.
            socket.gaierror: it has no address.
            httpcore.ConnectError: no address answers.
        """
        addresses = await resolve(host, port)
        # A public name has no business on this machine, not even where a receiver may be there.
        may_call_this_machine = self._may_call_this_machine and is_loopback(host)
        if not all(may_call(address, may_call_this_machine=may_call_this_machine) for address in addresses):
            raise AddressNotAllowed
        failure: Exception = httpcore.ConnectError("the host has no address")
        for address in addresses[:MOST_ADDRESSES_TRIED]:
            try:
                stream = await self._network.connect_tcp(
                    str(address), port, timeout or CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error  # a name may have an address of a family that is not served
            else:
                return _BoundedStream(stream)
        raise failure


class _BoundedStream(httpcore.AsyncNetworkStream):
    """A connection that ends once the host has sent too much."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._left = MOST_BYTES_RECEIVED

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as above
        if self._left <= 0:
            raise TooMuchReceived
        received = await self._stream.read(min(max_bytes, self._left), timeout)
        self._left -= len(received)
        return received

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as above
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> httpcore.AsyncNetworkStream:
        return _BoundedStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


async def resolve(host: str, port: int) -> list[IPAddress]:
    """Return every address of a host, each once.

    Raises:
        socket.gaierror: it has none.
        UnicodeError: it can't be a host's name.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    unique = dict.fromkeys(str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found)
    return [ipaddress.ip_address(text) for text in unique]
