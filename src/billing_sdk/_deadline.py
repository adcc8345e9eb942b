"""A deadline for blocking connections.

A timeout of a connection counts anew with every byte, so a server that drips would never be too slow. Here every read
and write of a thread gets what is left until the thread's deadline instead.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Final

import httpcore

PIECE_BYTES: Final = 16_384
_of_this_thread = threading.local()


@contextmanager
def deadline(ends_at: float) -> Iterator[None]:
    """Let no connection that this thread uses inside be busy past a moment of the monotonic clock."""
    _of_this_thread.ends_at = ends_at
    try:
        yield
    finally:
        _of_this_thread.ends_at = None


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens connections that keep their thread's deadline."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *args: Any, **options: Any
    ) -> httpcore.NetworkStream:
        """Open a connection to the first address of a host that takes one.

        Each address gets what is left: a name with many silent ones would multiply the time otherwise.
        """
        fault: Exception | None = None
        for address in _addresses(host, port, _remaining(timeout, httpcore.ConnectTimeout)):
            left = _remaining(timeout, httpcore.ConnectTimeout)
            try:
                return _DeadlineStream(self._backend.connect_tcp(address, port, left, *args, **options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault or httpcore.ConnectError("the name has no address")


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces, because below a whole buffer gets its time anew with every part that the other side takes.
        for begin in range(0, len(buffer), PIECE_BYTES):
            piece = buffer[begin : begin + PIECE_BYTES]
            self._stream.write(piece, _remaining(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _remaining(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int, timeout: float | None) -> list[str]:
    """Return the addresses of a host, in the order in which the system would try them.

    The system looks a name up for as long as it likes and can't be interrupted, so a thread waits for it instead.
    """
    if _is_literal(host):
        return [host]
    answer: Future[list[str]] = Future()
    threading.Thread(target=_look_up, args=(host, port, answer), name="billing-sdk-names", daemon=True).start()
    try:
        return answer.result(timeout)
    except TimeoutError:
        raise httpcore.ConnectTimeout("the name was not looked up in time") from None


def _look_up(host: str, port: int, answer: Future[list[str]]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        answer.set_exception(httpcore.ConnectError("the name has no address"))
    else:
        answer.set_result(list(dict.fromkeys(str(where[0]) for *_, where in found)))


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _remaining(timeout: float | None, fault: type[Exception]) -> float | None:
    ends_at: float | None = getattr(_of_this_thread, "ends_at", None)
    if ends_at is None:
        return timeout
    seconds = ends_at - time.monotonic()
    if seconds <= 0:
        raise fault("the deadline has passed")
    return seconds if timeout is None else min(timeout, seconds)
