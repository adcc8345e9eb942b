"""Both stores keep sessions until they expire, and give each sign-in out once."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from billing_sdk.contrib import MemorySessions, SessionStore, SqliteSessions
from billing_sdk.contrib._sessions import Renewal
from tests.unit.contrib.making import AT, session, transaction


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    return MemorySessions() if request.param == "memory" else SqliteSessions(tmp_path / "sessions.db")


def test_a_session_comes_back_as_it_was_kept(store: SessionStore) -> None:
    kept = session(org_code="org_1", permissions=frozenset({"a", "b"}))
    store.save("key", kept)
    assert store.find("key", AT) == kept


def test_a_session_can_be_replaced_and_dropped(store: SessionStore) -> None:
    store.save("key", session())
    store.save("key", replace(session(), org_code="org_2"))
    found = store.find("key", AT)
    assert found is not None
    assert found.org_code == "org_2"
    store.drop("key")
    store.drop("key")
    assert store.find("key", AT) is None


@pytest.mark.attack(43)
def test_a_session_is_replaced_only_while_it_is_still_there_as_it_was(store: SessionStore) -> None:
    old, new = session(), session(org_code="org_2")
    assert not store.replace("key", old, new)
    assert store.find("key", AT) is None, "what was dropped does not come back"
    store.save("key", old)
    assert store.replace("key", old, new)
    assert not store.replace("key", old, None)
    assert store.find("key", AT) == new
    assert store.replace("key", new, None)
    assert store.find("key", AT) is None


@pytest.mark.attack(43)
def test_of_many_who_replace_a_session_at_once_one_does(store: SessionStore) -> None:
    old = session()
    store.save("key", old)
    together = threading.Barrier(8)

    def replace_it(number: int) -> bool:
        together.wait(timeout=60)
        return store.replace("key", old, session(org_code=f"org_{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(replace_it, range(8))).count(True) == 1


def test_a_renewal_that_is_under_way_is_kept_with_the_session(store: SessionStore) -> None:
    kept = replace(session(), renewal=Renewal("a process", AT))
    store.save("key", kept)
    assert store.find("key", AT) == kept


def test_an_expired_session_is_gone(store: SessionStore) -> None:
    store.save("key", session(expires_at=AT))
    assert store.find("key", AT - timedelta(seconds=1)) is not None
    assert store.find("key", AT) is None


def test_nobody_finds_a_session_under_another_key(store: SessionStore) -> None:
    store.save("key", session())
    assert store.find("KEY", AT) is None
    assert store.find("", AT) is None


@pytest.mark.attack(26)
def test_a_sign_in_is_given_out_once_and_remembered_as_taken(store: SessionStore) -> None:
    started = transaction()
    store.start_sign_in("browser", started)
    first, second = (store.take_sign_in("browser", started.state) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.is_taken, second.is_taken) == (False, True)
    assert first.transaction.verifier == started.verifier


@pytest.mark.attack(26)
@pytest.mark.parametrize("state", ["", "\u20ac", "\ud800", "\x00", "x" * 20_000])
def test_a_state_of_any_text_finds_nothing_and_stops_nothing(store: SessionStore, state: str) -> None:
    started = transaction()
    store.start_sign_in("browser", started)
    assert store.take_sign_in("browser", state) is None
    found = store.take_sign_in("browser", started.state)
    assert found is not None
    assert not found.is_taken


@pytest.mark.attack(27)
def test_a_sign_in_belongs_to_the_browser_that_started_it(store: SessionStore) -> None:
    started = transaction()
    store.start_sign_in("browser", started)
    assert store.take_sign_in("another", started.state) is None
    assert store.take_sign_in("browser", "another state") is None
    found = store.take_sign_in("browser", started.state)
    assert found is not None
    assert not found.is_taken


@pytest.mark.attack(7)
def test_eight_tabs_can_sign_in_at_once_and_a_ninth_forgets_the_first(store: SessionStore) -> None:
    started = [transaction(AT + timedelta(seconds=tab)) for tab in range(9)]
    for each in started:
        store.start_sign_in("browser", each)
    found = [store.take_sign_in("browser", each.state) for each in started]
    assert found[0] is None
    assert all(each is not None and not each.is_taken for each in found[1:])


@pytest.mark.attack(33)
def test_of_many_callers_at_once_one_gets_the_sign_in_untaken(store: SessionStore) -> None:
    started = transaction()
    store.start_sign_in("browser", started)
    together = threading.Barrier(8)

    def take() -> bool:
        together.wait(timeout=60)
        found = store.take_sign_in("browser", started.state)
        return found is not None and not found.is_taken

    with ThreadPoolExecutor(8) as pool:
        taken = [each.result() for each in [pool.submit(take) for _ in range(8)]]
    assert taken.count(True) == 1


def test_memory_is_bounded() -> None:
    store = MemorySessions(max_sessions=2, max_browsers=2)
    for number in range(3):
        store.save(f"key {number}", session())
    assert [store.find(f"key {number}", AT) is not None for number in range(3)] == [False, True, True]
    started = [transaction() for _ in range(3)]
    for number, each in enumerate(started):
        store.start_sign_in(f"browser {number}", each)
    found = [store.take_sign_in(f"browser {number}", each.state) for number, each in enumerate(started)]
    assert [each is not None for each in found] == [False, True, True]


@pytest.mark.attack(7)
def test_the_disk_is_bounded_whoever_starts_sign_ins(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "sessions.db", max_sign_ins=2)
    started = [transaction() for _ in range(4)]
    for number, each in enumerate(started):
        store.start_sign_in(f"browser {number}", each)
    found = [store.take_sign_in(f"browser {number}", each.state) for number, each in enumerate(started)]
    assert [each is not None for each in found] == [False, False, True, True]


@pytest.mark.attack(7)
def test_ten_thousand_strangers_who_start_signing_in_push_nobody_out() -> None:
    store, ours, theirs = MemorySessions(), transaction(), transaction()
    store.start_sign_in("browser", ours)
    for number in range(10_000):
        store.start_sign_in(f"stranger {number}", theirs)
    assert store.take_sign_in("browser", ours.state) is not None


def test_another_process_finds_what_was_kept_on_disk(tmp_path: Path) -> None:
    SqliteSessions(tmp_path / "sessions.db").save("key", session())
    assert SqliteSessions(tmp_path / "sessions.db").find("key", AT) == session()


def test_the_file_of_sessions_is_its_owners_alone(tmp_path: Path) -> None:
    SqliteSessions(tmp_path / "sessions.db")
    assert (tmp_path / "sessions.db").stat().st_mode & 0o077 == 0


def test_the_file_of_sessions_forgets_what_is_over(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "sessions.db")
    now = datetime.now(UTC)
    store.save("old", session(expires_at=now - timedelta(seconds=1)))
    old = transaction(AT)
    store.start_sign_in("browser", old)
    store.save("new", session(expires_at=now + timedelta(hours=1)))
    store.start_sign_in("browser", transaction(AT + timedelta(hours=2)))
    assert store.find("old", AT) is None
    assert store.take_sign_in("browser", old.state) is None


def test_a_sign_in_is_kept_under_the_hash_of_its_state(tmp_path: Path) -> None:
    store = SqliteSessions(tmp_path / "sessions.db")
    started = transaction()
    store.start_sign_in("browser", started)
    with closing(sqlite3.connect(tmp_path / "sessions.db")) as connection:
        row = connection.execute("SELECT state, browser FROM sign_ins").fetchone()
    assert row == (sha256(started.state.encode()).hexdigest(), "browser")


@pytest.mark.attack(196)
def test_a_session_never_shows_its_tokens() -> None:
    shown = repr(session())
    assert "access token" not in shown
    assert "refresh token" not in shown
