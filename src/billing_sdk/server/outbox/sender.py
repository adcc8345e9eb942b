"""Sends one letter over HTTP, within bounds that the receiver can't stretch."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import urlsplit

import httpcore
import httpx

from billing_sdk._version import __version__
from billing_sdk.server.outbox.connector import AddressNotAllowed, GuardedNetwork, TooMuchReceived
from billing_sdk.server.outbox.letter import Answer, Letter

MOST_BYTES_KEPT = 1_024
RETRY_AFTER_STATUSES = frozenset({429, 503})


class Sender:
    """Posts letters, each over a connection of its own.

    Redirects are not followed, and there is no way to skip the check of a certificate.

    Args:
        deadline_seconds: for a whole attempt, from the name's resolution to the end of the answer.
        may_call_this_machine: whether loopback addresses are fine.
        network: makes the connections to addresses that were judged.
    """

    def __init__(
        self,
        *,
        deadline_seconds: float,
        may_call_this_machine: bool,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._network = GuardedNetwork(may_call_this_machine=may_call_this_machine, network=network)

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """How certificates are checked: against the public authorities, and nothing turns that off."""
        return httpx.create_ssl_context(trust_env=False)

    async def send(self, letter: Letter) -> Answer:
        """Make one attempt and say how it went; whatever happens is an answer, not an error."""
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._post(letter)
        except TimeoutError:
            return Answer(None, f"no full answer within {self._deadline_seconds:g} seconds")
        except AddressNotAllowed:
            return Answer(None, "the host leads to an address that may not be called")
        except (socket.gaierror, UnicodeError):
            return Answer(None, "the host name does not resolve")
        except Exception as error:  # noqa: BLE001 - an attempt without an outcome would be made again for ever
            return Answer(None, f"no answer: {type(error).__name__}")

    async def _post(self, letter: Letter) -> Answer:
        parts = urlsplit(letter.url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        url = httpcore.URL(scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=target)
        headers: dict[bytes | str, bytes | str] = {
            "host": parts.netloc,
            "webhook-id": letter.delivery.id,
            "user-agent": f"billing-sdk/{__version__}",
            "accept-encoding": "identity",
            "connection": "close",
        }
        headers.update(letter.headers)
        tls = self.tls if parts.scheme == "https" else None
        connection = httpcore.AsyncHTTPConnection(url.origin, ssl_context=tls, network_backend=self._network)
        async with (
            connection,
            connection.stream("POST", url, headers=headers, content=letter.body.encode()) as response,
        ):
            return Answer(response.status, await _read_start(response), _retry_after_seconds(response))


async def _read_start(response: httpcore.Response) -> str:
    """Read no more than is harmless, and keep what a person may want to see of it, without control characters."""
    start = bytearray()
    try:
        async for chunk in response.aiter_stream():
            start += chunk[: MOST_BYTES_KEPT - len(start)]
    except TooMuchReceived:
        pass  # the status counts; nobody needs the rest
    return _in_bytes(_printable(start.decode("utf-8", errors="replace")), MOST_BYTES_KEPT)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _in_bytes(text: str, most: int) -> str:
    """Return the start of a text that takes no more than so many bytes; a replaced byte takes three."""
    return text.encode()[:most].decode(errors="ignore")


def _retry_after_seconds(response: httpcore.Response) -> int:
    text = _header(response.headers, b"retry-after")
    is_seconds = text.isascii() and text.isdecimal() and len(text) <= 6
    return int(text) if is_seconds and response.status in RETRY_AFTER_STATUSES else 0


def _header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")
