"""Who connects and sends nothing, little or too much keeps nobody else out."""

from __future__ import annotations

import asyncio
import re
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from billing_sdk.server.connections import LONGEST_HEAD_BYTES, ConnectionLimits
from billing_sdk.server.running import bind, running
from billing_sdk.server.web import health_route
from billing_sdk.server.web.admission import Admission
from billing_sdk.server.web.guards import Guards

pytestmark = pytest.mark.attack(202)

HEALTH = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
BIG = b"GET /big HTTP/1.1\r\nHost: a\r\n\r\n"
# More than the system takes for a client that does not read.
BIG_ANSWER = b"a" * 16_000_000
HALF = b"GET /health HTTP/1.1\r\nHost: a\r\n"


@contextmanager
def serving(**limits: float) -> Iterator[tuple[str, int]]:
    with bind("127.0.0.1", 0) as listener:
        address = listener.getsockname()
        app = Starlette(routes=[health_route(), Route("/big", give_much)])
        with running(app, listener, limits=ConnectionLimits(**limits)):
            yield address


async def give_much(_request: Request) -> Response:
    begun.append("/big")
    return Response(BIG_ANSWER)


begun: list[str] = []


@contextmanager
def not_reading(address: tuple[str, int], requests: bytes) -> Iterator[socket.socket]:
    """Ask, and read no more than shows that the answer has been written."""
    with socket.socket() as connection:
        connection.settimeout(30)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        connection.connect(address)
        connection.sendall(requests)
        assert connection.recv(1) == b"H"
        yield connection


def is_reset(connection: socket.socket) -> bool:
    """Wait, without reading, for the other side to break off."""
    waiting = select.poll()
    waiting.register(connection, 0)
    return bool(waiting.poll(30_000))


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
    with serving(head_seconds=60, most=20) as address, ExitStack() as opened:
        idle = [opened.enter_context(connect(address)) for _ in range(60)]
        for connection in idle[::2]:
            with suppress(ConnectionError):  # it may have made room for another already
                connection.sendall(b"POST /health HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nslow")
        with connect(address) as asking:
            asking.sendall(HEALTH)
            assert asking.recv(4_096).startswith(b"HTTP/1.1 200")
        assert closes(idle[0])


def test_a_client_that_does_not_read_its_answer_is_cut_off():
    with serving(head_seconds=60, answer_seconds=0.2) as address, not_reading(address, BIG) as deaf:
        assert is_reset(deaf)


def test_a_client_that_reads_in_time_gets_the_whole_of_each_answer():
    with serving() as address, not_reading(address, BIG * 2 + HEALTH[:-2] + b"Connection: close\r\n\r\n") as reader:
        octets = 1
        while received := reader.recv(1_000_000):
            octets += len(received)
            last = received
    assert octets > 2 * len(BIG_ANSWER)
    assert b'{"status":"pass"' in last


def test_clients_that_do_not_read_make_room_and_health_stays_green():
    with serving(head_seconds=60, answer_seconds=60, most=20) as address, ExitStack() as open_until_the_end:
        for _ in range(20):
            open_until_the_end.enter_context(not_reading(address, BIG))
        with connect(address) as asking:
            asking.sendall(HEALTH)
            assert asking.recv(4_096).startswith(b"HTTP/1.1 200")


def test_a_request_behind_an_answer_that_is_not_read_is_not_begun():
    begun.clear()
    with serving(head_seconds=60, answer_seconds=60) as address, not_reading(address, BIG * 10):
        with connect(address) as asking:
            asking.sendall(HEALTH)
            assert asking.recv(4_096).startswith(b"HTTP/1.1 200")
        assert begun == ["/big"]


def test_a_request_that_is_answered_before_its_end_does_not_go_on_for_ever():
    with serving(head_seconds=0.2) as address, connect(address) as slow:
        slow.sendall(b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nslow")
        slow.settimeout(0.01)
        for _ in range(3_000):
            try:
                if not slow.recv(4_096):
                    return
            except TimeoutError:
                continue
        raise AssertionError("the other side still waits")


BOMBS = {
    "one line that does not end": HALF + b"X: " + b"a" * 70_000,
    "nine thousand lines": HALF + b"".join(b"X-%d: a\r\n" % number for number in range(9_000)),
    "a whole head, as one write": HALF + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
    "a whole head of many lines": HALF + b"".join(b"X-%d: a\r\n" % number for number in range(4_000)) + b"\r\n",
    "blanks around a value": HALF + b"X:" + b" " * 40_000 + b"a\r\n\r\n",
    "a target": b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "behind another request": HEALTH + HALF + b"X: " + b"a" * 40_000 + b"\r\n\r\n",
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_head_of_more_than_32_kib_is_refused(bomb):
    with serving() as address, connect(address) as connection:
        answer = b""
        try:
            connection.sendall(bomb)
            while received := connection.recv(4_096):
                answer += received
        except (ConnectionResetError, BrokenPipeError):
            answer = answer or b"HTTP/1.1 431 (unread)"
        assert b"HTTP/1.1 431" in answer or bomb.startswith(HEALTH)
        assert answer.count(b"HTTP/1.1 200") == bomb.startswith(HEALTH)
        assert httpx.get(f"http://{address[0]}:{address[1]}/health", timeout=30).json()["status"] == "pass"


def test_a_head_of_32_kib_is_read():
    head = HALF + b"X: " + b"a" * (LONGEST_HEAD_BYTES - len(HALF) - 7) + b"\r\n\r\n"
    with serving() as address, connect(address) as connection:
        connection.sendall(head)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200")


def test_nonsense_behind_an_early_answer_ends_the_connection_without_an_error(caplog):
    request = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with serving() as address, connect(address) as connection:
        connection.sendall(request)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 404")
        connection.sendall(b"not a chunk\r\n")
        assert closes(connection)
    assert not [record for record in caplog.records if record.exc_info]


def received_from(connection: socket.socket) -> bytes:
    """Return everything that arrives until the other side closes."""
    octets = b""
    while chunk := connection.recv(65_536):
        octets += chunk
    return octets


def test_nonsense_behind_a_request_is_answered_after_it_and_changes_nothing_about_it():
    with serving() as address, connect(address) as connection:
        connection.sendall(HEALTH + HEALTH + b"\x00nonsense\r\n\r\n" + HEALTH)
        answers = received_from(connection)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"400"]


def test_a_request_without_a_body_that_offers_another_protocol_is_served_as_it_is():
    offer = HEALTH[:-2] + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    with serving() as address, connect(address) as connection:
        connection.sendall(offer + HEALTH[:-2] + b"Connection: close\r\n\r\n")
        assert received_from(connection).count(b"HTTP/1.1 200") == 2


def test_what_is_too_much_is_refused_at_once_with_a_time_to_come_back_and_health_stays_green():
    async def scenario() -> None:
        is_free, served = asyncio.Event(), asyncio.Semaphore(0)

        async def slow(_request: Request) -> Response:
            served.release()
            await is_free.wait()
            return Response()

        app = Starlette(
            routes=[Route("/slow", slow), health_route()],
            middleware=[Middleware(Guards, admission=Admission(most=2))],
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


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_head():
    async def option() -> int:
        accepted: asyncio.Queue[asyncio.Transport] = asyncio.Queue()
        listener = bind("127.0.0.1", 0)
        protocol = type("Accepting", (asyncio.Protocol,), {"connection_made": lambda _, way: accepted.put_nowait(way)})
        async with await asyncio.get_running_loop().create_server(protocol, sock=listener):
            with socket.create_connection(listener.getsockname(), timeout=30):
                way = await accepted.get()
                found: int = way.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                way.abort()
        return found

    assert asyncio.run(option())
