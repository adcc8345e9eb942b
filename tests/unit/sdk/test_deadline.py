"""A blocking connection keeps its thread's deadline, from the first address of a name to the last byte."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from typing import Any

import httpcore
import pytest

from billing_sdk import Client, _deadline
from billing_sdk._deadline import DeadlineBackend, deadline
from billing_sdk.errors import Unreachable


class Silent(httpcore.NetworkBackend):
    """A network in which nobody answers: each address takes all the time that it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.given: list[tuple[str, float | None]] = []
        monkeypatch.setattr(_deadline.time, "monotonic", lambda: self.now)

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **_: Any) -> httpcore.NetworkStream:
        self.given.append((host, timeout))
        self.now += timeout or 0.0
        raise httpcore.ConnectTimeout("nobody answers")


class Dripping(httpcore.NetworkStream):
    """A connection on which each read brings one byte, a second later."""

    def __init__(self, clock: Silent) -> None:
        self.clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.clock.now += 1.0
        return b"x"


class Answering(Silent):
    """A network in which the second address answers, byte by byte."""

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **_: Any) -> httpcore.NetworkStream:
        if host == "192.0.2.1":
            raise httpcore.ConnectError("refused")
        return Dripping(self)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.attack(48)
def test_all_addresses_of_a_name_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Silent(monkeypatch)
    resolve_to(monkeypatch, "192.0.2.1", "192.0.2.2", "192.0.2.2", "192.0.2.3", "192.0.2.4")
    with deadline(network.now + 10), pytest.raises(httpcore.ConnectTimeout):
        DeadlineBackend(network).connect_tcp("id.example", 443, timeout=4.0)
    assert network.given == [("192.0.2.1", 4.0), ("192.0.2.2", 4.0), ("192.0.2.3", 2.0)]
    assert network.now == 110.0


@pytest.mark.attack(48)
def test_a_connection_that_brings_a_byte_a_second_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Answering(monkeypatch)
    resolve_to(monkeypatch, "192.0.2.1", "192.0.2.2")
    with deadline(network.now + 10):
        stream = DeadlineBackend(network).connect_tcp("id.example", 443, timeout=4.0)
        assert [stream.read(1, timeout=5.0) for _ in range(10)] == [b"x"] * 10
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(1, timeout=5.0)


class Swallowing(Dripping):
    """A connection whose other side takes each piece a second later."""

    taken = b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.clock.now += 1.0
        self.taken += buffer


@pytest.mark.attack(48)
def test_a_request_that_is_taken_piece_by_piece_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Silent(monkeypatch)
    body = bytes(range(256)) * 4_096
    for pieces, seconds in ((64, 100), (10, 10)):
        inner = Swallowing(clock)
        stream = _deadline._DeadlineStream(inner)
        with deadline(clock.now + seconds), suppress(httpcore.WriteTimeout):
            stream.write(body, timeout=5.0)
        assert inner.taken == body[: pieces * 16_384]


class Shaking(Dripping):
    """A connection whose encryption takes all the time that it is given."""

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        self.clock.given.append((server_hostname or "", timeout))
        return self


@pytest.mark.attack(48)
def test_what_is_left_bounds_the_start_of_encryption_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Silent(monkeypatch)
    stream, context = _deadline._DeadlineStream(Shaking(clock)), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with deadline(clock.now + 10):
        stream.start_tls(context, "id.example", 5.0)
        clock.now += 8
        stream.start_tls(context, "id.example", timeout=5.0)
        clock.now += 2
        with pytest.raises(httpcore.ConnectTimeout):
            stream.start_tls(context, "id.example", 5.0)
    assert clock.given == [("id.example", 5.0), ("id.example", 2.0)]


@pytest.mark.attack(48)
def test_a_name_that_is_looked_up_for_ever_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def wait(*_: Any, **__: Any) -> Any:
        over.wait(10)
        raise socket.gaierror("too late")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    network = Silent(monkeypatch)
    with deadline(network.now + 0.05), pytest.raises(httpcore.ConnectTimeout):
        DeadlineBackend(network).connect_tcp("id.example", 443, timeout=4.0)
    over.set()
    assert network.given == []


def test_an_address_needs_no_looking_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "getaddrinfo")
    network = Silent(monkeypatch)
    for address in ("192.0.2.1", "2001:db8::1"):
        with deadline(network.now + 10), pytest.raises(httpcore.ConnectTimeout):
            DeadlineBackend(network).connect_tcp(address, 443, timeout=4.0)
    assert network.given == [("192.0.2.1", 4.0), ("2001:db8::1", 4.0)]


@pytest.mark.parametrize("fault", [socket.gaierror("unknown"), UnicodeError("label too long")])
def test_a_name_without_an_address_is_out_of_reach(fault: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise fault

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    client = Client(issuer="https://id.example", client_id="a", sleep=lambda _: None)
    with client, pytest.raises(Unreachable):
        client.entitlements.list("token")
