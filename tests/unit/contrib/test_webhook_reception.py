"""The endpoint that takes webhooks in: once, never lost, whatever else reads the request, and with any handler."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import httpx
import pytest
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk import Event, KeySet, MemorySeen, SeenStore, SqliteSeen, WebhookPolicy
from billing_sdk._operation import Flow
from billing_sdk.contrib._receive import Receiver
from billing_sdk.webhooks import LONGEST_BODY, verify
from billing_sdk.webhooks.seen import LEASE_SECONDS
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World
from tests.unit.sdk.kit import ISSUER, KEY, NOW, Monotonic, event_claims

KEYS = KeySet.read({"keys": [KEY.jwk()]})
BODY = KEY.sign(event_claims(), typ="JWT")
JWT = {"content-type": "application/jwt"}
PATH = "/billing/webhooks"


class LocalKeys:
    """Verifies with a key that is at hand."""

    class verify:  # noqa: N801 - stands where an operation is
        """The operation."""

        @staticmethod
        def flow(body: bytes) -> Flow[Event]:
            """Return the event."""
            yield from ()
            return verify(body, KEYS, NOW, policy=WebhookPolicy(ISSUER))


@dataclass(slots=True)
class Reception:
    """An application in one framework that notes what its handler gets."""

    door: FlaskDoor | StarletteDoor
    events: list[Event] = field(default_factory=list)
    raises: BaseException | None = None

    def __post_init__(self) -> None:
        self.door.billing.application.client.webhooks = LocalKeys()  # type: ignore[assignment]
        if isinstance(self.door, FlaskDoor):
            self.door.billing.on("*")(self.note)
        else:

            async def note(event: Event) -> None:
                self.note(event)

            self.door.billing.on("*")(note)

    def note(self, event: Event) -> None:
        """Handle an event."""
        self.events.append(event)
        if self.raises is not None:
            raise self.raises

    def remember_in(self, seen: SeenStore) -> None:
        """Use another store."""
        self.door.billing.receiver = Receiver(self.door.billing.application, seen)

    def post(self, body: str | bytes = BODY, **headers: str) -> int:
        """Deliver a body, and return the status."""
        sent = {**JWT, **{name.replace("_", "-"): value for name, value in headers.items()}}
        content = body.encode() if isinstance(body, str) else body
        if isinstance(self.door, FlaskDoor):
            with self.door.app.test_client() as client:
                return client.post(PATH, data=content, headers=sent).status_code
        return asyncio.run(self._post(content, sent))

    async def _post(self, body: bytes, headers: dict[str, str]) -> int:
        transport = httpx.ASGITransport(self.door.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as client:
            return (await client.post(PATH, content=body, headers=headers)).status_code


@pytest.fixture(params=[FlaskDoor, StarletteDoor], ids=["flask", "starlette"])
def reception(request: pytest.FixtureRequest) -> Reception:
    return Reception(request.param(World()))


@pytest.fixture(params=["memory", "sqlite"])
def seen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SeenStore, Monotonic]]:
    """Each store, on a clock that a test moves."""
    clock = Monotonic()
    with closing(SqliteSeen(tmp_path / "seen.db", now=clock)) as durable:
        yield (MemorySeen(monotonic=clock) if request.param == "memory" else durable), clock


@pytest.mark.attack(93)
def test_a_hundred_deliveries_of_one_event_have_one_effect(
    reception: Reception, seen: tuple[SeenStore, Monotonic]
) -> None:
    reception.remember_in(seen[0])
    for number in range(100):
        assert reception.post(webhook_id=f"another {number}", webhook_timestamp=str(number)) == 200
    assert len(reception.events) == 1
    assert reception.door.billing.counts["webhook_repeated"] == 99


@pytest.mark.attack(93)
def test_deliveries_at_the_same_moment_have_one_effect(seen: tuple[SeenStore, Monotonic]) -> None:
    reception = Reception(FlaskDoor(World()))
    reception.remember_in(seen[0])
    together = threading.Barrier(16)

    def deliver(_: int) -> int:
        together.wait(60)
        return reception.post()

    with ThreadPoolExecutor(16) as pool:
        statuses = set(pool.map(deliver, range(16)))
    assert statuses <= {200, 409}
    assert len(reception.events) == 1
    assert reception.post() == 200


@pytest.mark.attack(94)
def test_a_process_that_dies_in_a_handler_loses_no_event(tmp_path: Path) -> None:
    clock = Monotonic()
    reception = Reception(FlaskDoor(World()))
    with closing(SqliteSeen(tmp_path / "seen.db", now=clock)) as durable:
        reception.remember_in(durable)
        reception.door.billing.on("*")(lambda _: os._exit(9) if os.getpid() != parent else None)
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            reception.post()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
        assert reception.post() == 409, "whoever had it may still be at work"
        clock.advance(LEASE_SECONDS)
        assert reception.post() == 200
        assert reception.post() == 200
    assert len(reception.events) == 1


@pytest.mark.attack(101)
def test_a_handler_that_keeps_failing_is_asked_again_and_its_attempts_are_counted(
    reception: Reception, seen: tuple[SeenStore, Monotonic], caplog: pytest.LogCaptureFixture
) -> None:
    reception.remember_in(seen[0])
    reception.raises = RuntimeError("it fails")
    with caplog.at_level(logging.ERROR, logger="billing_sdk.contrib"):
        assert [reception.post() for _ in range(3)] == [500, 500, 500]
    assert [record.getMessage().split(" at ")[0] for record in caplog.records] == [
        "attempt 1",
        "attempt 2",
        "attempt 3",
    ]
    assert reception.door.billing.counts["webhook_failed"] == 3
    reception.raises = None
    assert reception.post() == 200
    assert reception.door.billing.counts["webhook_handled"] == 1


@pytest.mark.attack(94, 101)
@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_an_interrupt_gives_the_event_back_and_is_not_swallowed(raised: type[BaseException]) -> None:
    reception = Reception(FlaskDoor(World()))
    reception.raises = raised()
    with pytest.raises(raised):
        reception.post()
    reception.raises = None
    assert reception.post() == 200
    assert len(reception.events) == 2


@pytest.mark.attack(100)
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"x" * (LONGEST_BODY + 1), 413),
        ({}, b"x" * 10_000_000, 413),
        ({"content_type": "application/json"}, BODY, 415),
        ({"content_type": "multipart/form-data; boundary=x"}, BODY, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, BODY, 415),
        ({"content_type": ""}, BODY, 415),
        ({"content_type": "application/jwt, text/html"}, BODY, 415),
        ({"content_encoding": "gzip"}, BODY, 415),
        ({"content_encoding": "br, identity"}, BODY, 415),
        ({"content_type": "Application/JWT; charset=utf-8"}, BODY, 200),
        ({"content_type": "text/plain"}, BODY, 200),
        ({"content_encoding": "identity"}, BODY, 200),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_of_another_size_kind_or_encoding_is_refused(
    reception: Reception, headers: dict[str, str], body: str | bytes, status: int
) -> None:
    assert reception.post(body, **headers) == status
    assert len(reception.events) == (status == 200)


@pytest.mark.attack(100)
def test_a_long_body_is_given_up_long_before_its_end() -> None:
    taken = 0

    class Endless:
        """A body of a gibibyte that notes how much of it was read."""

        def read(self, size: int = -1) -> bytes:
            nonlocal taken
            taken += size
            return b"x" * size

    door = FlaskDoor(World())
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": PATH,
        "SERVER_NAME": "app.example",
        "SERVER_PORT": "443",
        "CONTENT_TYPE": "application/jwt",
        "wsgi.url_scheme": "https",
        "wsgi.input": Endless(),
        "wsgi.input_terminated": True,
    }
    statuses: list[str] = []
    list(door.app.wsgi_app(environ, lambda status, _: statuses.append(status)))
    assert statuses[0].startswith("413")
    assert taken <= 4 * LONGEST_BODY


def reads_the_form(app: flask.Flask) -> None:
    def read() -> None:
        assert not flask.request.form
        assert not flask.request.files

    app.before_request(read)


def reads_json(app: flask.Flask) -> None:
    app.before_request(lambda: flask.request.get_json(silent=True) and None)


def reads_the_body(app: flask.Flask) -> None:
    app.before_request(lambda: flask.request.get_data() and None)


def opens_the_session(app: flask.Flask) -> None:
    app.secret_key = "a secret of the tests"
    app.before_request(lambda: flask.session.update(seen=True))


def checks_forms(app: flask.Flask) -> None:
    def check() -> None:
        if flask.request.method == "POST" and flask.request.blueprint != "billing_sdk":
            flask.abort(400) if not flask.request.form.get("csrf_token") else None

    app.before_request(check)
    app.add_url_rule("/form", "form", lambda: "taken", methods=["POST"])


@pytest.mark.attack(103)
@pytest.mark.parametrize(
    "habit",
    [reads_the_form, reads_json, reads_the_body, opens_the_session, checks_forms],
    ids=lambda habit: habit.__name__,
)
def test_in_flask_the_raw_body_is_there_whatever_was_done_before(habit: Callable[[flask.Flask], None]) -> None:
    reception = Reception(FlaskDoor(World()))
    habit(reception.door.app)  # type: ignore[arg-type]
    assert reception.post() == 200
    assert [event.id for event in reception.events] == ["event_1"]
    assert reception.post("not a token") == 400
    assert reception.door.billing.counts["webhook_refused"] == 1


async def reading_the_body(request: Request, call_next: Any) -> Response:
    await request.body()
    answer: Response = await call_next(request)
    return answer


async def reading_the_form(request: Request, call_next: Any) -> Response:
    await request.form()
    answer: Response = await call_next(request)
    return answer


async def reading_nothing(request: Request, call_next: Any) -> Response:
    request.state.seen = True
    answer: Response = await call_next(request)
    return answer


@pytest.mark.attack(103)
@pytest.mark.parametrize(
    ("middleware", "options"),
    [
        (BaseHTTPMiddleware, {"dispatch": reading_the_body}),
        (BaseHTTPMiddleware, {"dispatch": reading_the_form}),
        (BaseHTTPMiddleware, {"dispatch": reading_nothing}),
        (SessionMiddleware, {"secret_key": "a secret of the tests"}),
        (CORSMiddleware, {"allow_origins": ["*"]}),
        (GZipMiddleware, {}),
    ],
    ids=lambda value: getattr(value, "__name__", None) or str([getattr(v, "__name__", v) for v in value.values()]),
)
def test_in_starlette_the_raw_body_is_there_whatever_was_done_before(middleware: Any, options: dict[str, Any]) -> None:
    reception = Reception(StarletteDoor(World()))
    reception.door.app.add_middleware(middleware, **options)  # type: ignore[union-attr]
    assert reception.post() == 200
    assert [event.id for event in reception.events] == ["event_1"]


class EatsTheBodyInWsgi:
    """A middleware that reads the body and does not put it back."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ["wsgi.input"].read()
        return self._app(environ, start_response)


class EatsTheBodyInAsgi:
    """The same in ASGI."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await receive()

        async def nothing() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        await self._app(scope, nothing, send)


@pytest.mark.attack(103)
def test_a_body_that_somebody_else_has_eaten_is_refused_and_so_sent_again(reception: Reception) -> None:
    if isinstance(reception.door, FlaskDoor):
        reception.door.app.wsgi_app = EatsTheBodyInWsgi(reception.door.app.wsgi_app)  # type: ignore[method-assign]
    else:
        reception.door.app.add_middleware(EatsTheBodyInAsgi)
    assert reception.post() == 400
    assert reception.events == []
