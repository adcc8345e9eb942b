"""Who connects and sends nothing, little or too much keeps nobody else out."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_sdk.server.connections import ConnectionLimits
from billing_sdk.server.running import bind, running
from billing_sdk.server.web import health_route
from billing_sdk.server.web.admission import Admission
from billing_sdk.server.web.request_id import RequestId

pytestmark = pytest.mark.attack(202)

HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
HALF = b"GET /health HTTP/1.1\r\nHost: a\r\n"


@contextmanager
def serving(**limits: float) -> Iterator[tuple[str, int]]:
    with bind("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        with running(Starlette(routes=[health_route()]), listener, limits=ConnectionLimits(**limits)):
            yield address


def closes(connection: socket.socket) -> bool:
    """Wait for the other side to close."""
    try:
        while connection.recv(4_096):
            pass
    except ConnectionResetError:
        pass
    return True


def connect(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=30)


@pytest.mark.parametrize("sent", [b"", b"G", HALF, b"\r\n"])
def test_a_connection_that_brings_no_whole_request_is_closed(sent):
    with serving(head_seconds=0.2) as address, connect(address) as idle:
        idle.sendall(sent)
        assert closes(idle)


def drip_until_closed(connection: socket.socket) -> None:
    """Send a head byte by byte, and look after each whether the other side has had enough."""
    connection.settimeout(0.01)
    for octet in b"GET /" + b"a" * 3_000:
        try:
            connection.sendall(bytes([octet]))
            if not connection.recv(1):
                return
        except TimeoutError:
            continue
        except OSError:
            return
    raise AssertionError("the other side has waited for 3,000 bytes")


def test_bytes_that_drip_in_one_by_one_prolong_nothing():
    with serving(head_seconds=0.2) as address, connect(address) as slow:
        drip_until_closed(slow)


def test_a_second_request_of_a_connection_has_the_same_deadline():
    with serving(head_seconds=3) as address, connect(address) as kept:
        kept.sendall(HEALTH)
        assert kept.recv(4_096).startswith(b"HTTP/1.1 200")
        kept.sendall(HALF)
        assert closes(kept)


def test_where_too_many_wait_the_one_that_waited_longest_makes_room_and_health_stays_green():
    with serving(head_seconds=60, most=20) as address:
        idle = [connect(address) for _ in range(60)]
        for connection in idle[::2]:
            connection.sendall(b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nslow")
        with connect(address) as asking:
            asking.sendall(HEALTH)
            assert asking.recv(4_096).startswith(b"HTTP/1.1 200")
        assert closes(idle[0])
        for connection in idle:
            connection.close()


@pytest.mark.parametrize("bomb", [b"X: " + b"a" * 70_000, b"".join(b"X-%d: a\r\n" % number for number in range(9_000))])
def test_a_head_of_more_than_32_kib_is_refused(bomb):
    with serving() as address, connect(address) as connection:
        try:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n" + bomb)
            answer = connection.recv(4_096)
        except (ConnectionResetError, BrokenPipeError):
            answer = b"HTTP/1.1 400 (unread)"
        assert answer.startswith(b"HTTP/1.1 400")
        assert httpx.get(f"http://{address[0]}:{address[1]}/health", timeout=30).json() == {"status": "pass"}


def test_what_is_too_much_is_refused_at_once_with_a_time_to_come_back_and_health_stays_green():
    async def scenario() -> None:
        is_free, served = asyncio.Event(), asyncio.Semaphore(0)

        async def slow(_request: Request) -> Response:
            served.release()
            await is_free.wait()
            return Response()

        app = Starlette(
            routes=[Route("/slow", slow), health_route()],
            middleware=[Middleware(RequestId), Middleware(Admission, most=2)],
        )
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a", timeout=30) as client:
            under_way = [asyncio.create_task(client.get("/slow")) for _ in range(2)]
            for _ in under_way:
                await served.acquire()
            refused = await client.get("/slow")
            health = await client.get("/health")
            is_free.set()
            answers = await asyncio.gather(*under_way)
            later = await client.get("/slow")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["code"] == "server_busy"
        assert [answer.status_code for answer in (health, *answers, later)] == [200] * 4

    asyncio.run(scenario())
