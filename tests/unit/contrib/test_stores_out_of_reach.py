"""A store that does not answer: visitors are asked to come again, and no error of the database gets out."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from billing_sdk.contrib import SqliteSessions
from billing_sdk.contrib._who_asks import keep_refresh_token
from billing_sdk.errors import Unreachable
from billing_sdk.webhooks import MemorySeen, SqliteSeen
from tests.unit.contrib.doors import FlaskDoor, StarletteDoor, World
from tests.unit.contrib.making import AT, session, transaction
from tests.unit.contrib.test_gate_attacks import add
from tests.unit.contrib.test_webhook_reception import Reception

Door = FlaskDoor | StarletteDoor


class Silent:
    """A store that answers nothing."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any) -> Any:
            raise Unreachable(f"{name} does not answer")

        return fail


class Forgetful(MemorySeen):
    """Claims events, and then answers nothing more."""

    def confirm(self, event_id: str) -> None:
        raise Unreachable("the store does not answer")

    def release(self, event_id: str, attempt: int) -> None:
        raise Unreachable("the store does not answer")


@pytest.fixture(params=[FlaskDoor, StarletteDoor], ids=["flask", "starlette"])
def door(request: pytest.FixtureRequest) -> Door:
    door: Door = request.param(World())
    return door


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[SqliteSessions]:
    """A file in which somebody else writes and does not come to an end."""
    kept = SqliteSessions(tmp_path / "kept.db", timeout_seconds=0)
    kept.save("key", session())
    with closing(sqlite3.connect(tmp_path / "kept.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        yield kept


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[SqliteSeen]:
    """The same for events."""
    kept = SqliteSeen(tmp_path / "kept.db", timeout_seconds=0)
    with closing(sqlite3.connect(tmp_path / "kept.db")) as other, closing(kept):
        other.execute("BEGIN IMMEDIATE")
        yield kept


@pytest.mark.attack(26)
@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.save("key", session()),
        lambda store: store.replace("key", session(), None),
        lambda store: store.drop("key"),
        lambda store: store.start_sign_in("browser", transaction()),
        lambda store: store.take_sign_in("browser", "state"),
    ],
)
def test_a_file_of_sessions_in_which_somebody_writes_for_too_long_is_out_of_reach(
    sessions: SqliteSessions, write: Callable[[SqliteSessions], Any]
) -> None:
    with pytest.raises(Unreachable):
        write(sessions)
    assert sessions.find("key", AT) == session(), "reading waits for nobody, and nobody was signed out"


@pytest.mark.attack(94)
@pytest.mark.parametrize(
    "write", [lambda s: s.claim("event"), lambda s: s.confirm("event"), lambda s: s.release("event", 1)]
)
def test_a_file_of_events_in_which_somebody_writes_for_too_long_is_out_of_reach(
    seen: SqliteSeen, write: Callable[[SqliteSeen], Any]
) -> None:
    with pytest.raises(Unreachable):
        write(seen)


@pytest.mark.parametrize(
    "content", ["[" * 100_000, "{}", "[]", "no JSON", '{"user": {"id": 1}, "user": {}}', "NaN", ""]
)
def test_a_row_that_can_not_be_read_is_no_session_and_no_sign_in(tmp_path: Path, content: str) -> None:
    store, started = SqliteSessions(tmp_path / "kept.db"), transaction()
    store.save("key", session())
    store.start_sign_in("browser", started)
    with closing(sqlite3.connect(tmp_path / "kept.db")) as other, other:
        other.execute("UPDATE sessions SET content = ?", (content,))
        other.execute("UPDATE sign_ins SET content = ?", (content,))
    assert store.find("key", AT) is None
    assert store.take_sign_in("browser", started.state) is None
    assert not store.replace("key", session(), None)


@pytest.mark.attack(26)
@pytest.mark.parametrize(("path", "method"), [("/billing/callback?state=x&code=y", "GET"), ("/billing/logout", "POST")])
def test_a_route_that_needs_sessions_asks_to_come_again_while_they_are_out_of_reach(
    door: Door, path: str, method: str
) -> None:
    browser = door.billing.application.browser_cookie.issue()[1].partition(";")[0]
    door.billing._application = replace(door.billing.application, sessions=Silent())
    headers = {"cookie": f"{door.cookie}; {browser}", "sec-fetch-site": "same-origin"}
    status, body, sent = door.ask(path, method=method, headers=headers)
    assert (status, "unreachable" in body) == (503, True)
    assert int(sent["retry-after"]) > 0


def test_no_gate_opens_while_sessions_are_out_of_reach(door: Door) -> None:
    add(door, "/reports", door.billing.requires("reports"))
    assert door.ask("/reports", is_ada=True)[0] == 200
    door.world.ran.clear()
    door.billing._application = replace(door.billing.application, sessions=Silent())
    assert door.ask("/reports", is_ada=True)[0] == 503
    assert door.ask("/billing/portal", is_ada=True)[0] == 503
    assert door.world.ran == []


def test_a_refresh_token_that_can_not_be_stored_stops_no_renewal() -> None:
    application: Any = SimpleNamespace(sessions=Silent(), now=lambda: AT)
    keep_refresh_token(application, "key", session().tokens)


@pytest.mark.attack(94)
def test_an_event_that_can_not_be_claimed_is_asked_for_again(door: Door) -> None:
    reception = Reception(door)
    reception.remember_in(Silent())  # type: ignore[arg-type] # it has every method
    assert reception.post() == 503
    assert reception.events == []


@pytest.mark.attack(94)
def test_an_event_that_was_handled_is_not_asked_for_again_though_that_can_not_be_remembered(door: Door) -> None:
    reception = Reception(door)
    reception.remember_in(Forgetful())
    assert reception.post() == 200
    assert len(reception.events) == 1


@pytest.mark.attack(94)
def test_an_event_whose_handler_fails_is_asked_for_again_though_it_can_not_be_given_back(door: Door) -> None:
    reception = Reception(door, raises=RuntimeError("the handler fails"))
    reception.remember_in(Forgetful())
    assert reception.post() == 500
