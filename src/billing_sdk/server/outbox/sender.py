"""Sends one letter over HTTP, within bounds that the receiver can't stretch."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx

from billing_sdk._version import __version__
from billing_sdk.server.outbox.addresses import IPAddress, may_call
from billing_sdk.server.outbox.letter import Answer, Letter

MOST_BYTES_READ = 64 * 1_024
MOST_BYTES_KEPT = 1_024
MOST_ADDRESSES_TRIED = 4
RETRY_AFTER_STATUSES = frozenset({429, 503})


class Sender:
    """Posts letters; one for an event loop, to be used as its context manager.

    Args:
        deadline_seconds: for a whole attempt, from the name's resolution to the end of the answer.
        may_call_this_machine: whether loopback addresses are fine.
    """

    def __init__(self, *, deadline_seconds: float, may_call_this_machine: bool) -> None:
        self._deadline_seconds = deadline_seconds
        self._may_call_this_machine = may_call_this_machine
        self._http = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - one deadline for the whole attempt instead; these restart with every byte
            trust_env=False,  # no proxy and no .netrc comes between
            follow_redirects=False,
            # Connections are made to an address, so a kept one could serve another name at the same address.
            limits=httpx.Limits(max_keepalive_connections=0),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, letter: Letter) -> Answer:
        """Make one attempt and say how it went; whatever the network does is an answer, not an error."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._post(letter)
        except TimeoutError:
            return Answer(None, f"no full answer within {self._deadline_seconds:g} seconds")
        except (socket.gaierror, UnicodeError):
            return Answer(None, "the host name does not resolve")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return Answer(None, f"no answer: {type(error).__name__}")

    async def _post(self, letter: Letter) -> Answer:
        url = httpx.URL(letter.url)
        addresses = await _resolve(url)
        if not all(may_call(address, may_call_this_machine=self._may_call_this_machine) for address in addresses):
            return Answer(None, "the host leads to an address that may not be called")
        for address in addresses[:-1]:
            try:
                return await self._post_to(address, url, letter)
            except httpx.ConnectError:
                continue  # a name may have an address of a family that is not served
        return await self._post_to(addresses[-1], url, letter)

    async def _post_to(self, address: IPAddress, url: httpx.URL, letter: Letter) -> Answer:
        request = self._http.build_request(
            "POST",
            url.copy_with(host=str(address)),
            content=letter.body.encode(),
            headers={
                "host": url.netloc.decode(),
                "content-type": "application/jwt",
                "webhook-id": letter.delivery.id,
                "user-agent": f"billing-sdk/{__version__}",
                "accept-encoding": "identity",
            },
            # The certificate must be that of the name, not of the address.
            extensions={"sni_hostname": url.raw_host.decode()},
        )
        response = await self._http.send(request, stream=True)
        try:
            return Answer(response.status_code, await _read_start(response), _retry_after_seconds(response))
        finally:
            await response.aclose()


async def _resolve(url: httpx.URL) -> list[IPAddress]:
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    unique = dict.fromkeys(str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found)
    return [ipaddress.ip_address(text) for text in unique][:MOST_ADDRESSES_TRIED]


async def _read_start(response: httpx.Response) -> str:
    """Read no more than is harmless, and keep what a person may want to see of it, without control characters."""
    start = bytearray()
    count = 0
    async for chunk in response.aiter_raw():
        count += len(chunk)
        start += chunk[: MOST_BYTES_KEPT - len(start)]
        if count >= MOST_BYTES_READ:
            break
    text = start.decode("utf-8", errors="replace")
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _retry_after_seconds(response: httpx.Response) -> int:
    text = response.headers.get("retry-after", "")
    is_seconds = text.isascii() and text.isdecimal() and len(text) <= 6
    return int(text) if is_seconds and response.status_code in RETRY_AFTER_STATUSES else 0
