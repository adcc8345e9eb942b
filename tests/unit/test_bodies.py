"""Bodies: what all of them together may take of the server's memory."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from billing_sdk.server.web.bodies import SMALL_BYTES, Bodies
from billing_sdk.server.web.guards import Guards

pytestmark = pytest.mark.attack(202)

LARGE = 100_000


class Caller:
    """One request, whose body arrives as the test says, and its answer."""

    def __init__(self, edge: Guards) -> None:
        self._arrived: asyncio.Queue[Message] = asyncio.Queue()
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.answer = b""
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "headers": [],
            "query_string": b"",
            "state": {"request_id": "req"},
        }
        self.end = asyncio.create_task(edge(scope, self._arrived.get, self._take))

    async def send(self, length: int, *, more: bool = True) -> None:
        self._arrived.put_nowait({"type": "http.request", "body": b"a" * length, "more_body": more})
        for _ in range(3):  # until it has been taken
            await asyncio.sleep(0)

    def leave(self) -> None:
        self._arrived.put_nowait({"type": "http.disconnect"})

    async def _take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        self.answer += message.get("body", b"")


async def tell_length(_scope: Scope, receive: Receive, send: Send) -> None:
    length = len((await receive())["body"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"%d" % length})


def edge() -> Guards:
    return Guards(tell_length, bodies=Bodies(most_held_bytes=2 * LARGE))


def test_what_all_bodies_take_is_bounded_and_the_small_ones_always_find_room():
    async def scenario() -> None:
        shared = edge()
        slow = [Caller(shared) for _ in range(3)]
        for caller in slow[:2]:
            await caller.send(LARGE + SMALL_BYTES)
        await slow[2].send(LARGE)
        await slow[2].send(LARGE, more=False)
        await slow[2].end
        assert (slow[2].status, slow[2].headers[b"retry-after"]) == (503, b"5")
        assert json.loads(slow[2].answer)["code"] == "server_busy"
        small = [Caller(shared) for _ in range(20)]
        for caller in small:
            await caller.send(SMALL_BYTES, more=False)
            await caller.end
        assert {(caller.status, caller.answer) for caller in small} == {(200, b"%d" % SMALL_BYTES)}
        for caller in slow[:2]:
            await caller.send(0, more=False)
            await caller.end
            assert caller.answer == b"%d" % (LARGE + SMALL_BYTES)

    asyncio.run(scenario())


@pytest.mark.parametrize("ending", ["answered", "left", "refused"])
def test_room_is_given_back_however_a_request_ends(ending):
    async def scenario() -> None:
        shared = edge()
        for _ in range(5):
            caller = Caller(shared)
            await caller.send(2 * LARGE)
            if ending == "left":
                caller.leave()
            else:
                await caller.send(2_000_000 if ending == "refused" else 0, more=False)
            await caller.end
            assert caller.status == {"answered": 200, "left": 0, "refused": 413}[ending]

    asyncio.run(scenario())
