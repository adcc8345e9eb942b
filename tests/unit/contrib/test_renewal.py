"""A session whose access token ends: renewed, ended, or found renewed by another process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from billing_sdk.auth import AccessClaims, TokenSet
from billing_sdk.contrib import MemorySessions, Session, SessionStore, SqliteSessions
from billing_sdk.contrib._who_asks import renew
from billing_sdk.errors import ExpiredToken, InvalidToken, UnknownKey
from tests.unit.contrib.making import AT, ISSUER, session, visit

LATER = AT + timedelta(hours=2)
FRESH = TokenSet("a.fresh.one", LATER, refresh_token="the next one")


class Process:
    """As much of an application in one process as a renewal needs.

    Attributes:
        during: called while the provider's answer is on its way.
        error: what the provider's answer is instead of tokens.
        unverified: what verifying the new access token fails with.
        sent: the refresh tokens that were sent.
    """

    def __init__(self, store: SessionStore, name: str = "1") -> None:
        self.sessions = store
        self.process = name
        self.session_cookie = SimpleNamespace(key_in=lambda _: "key")
        self.ahead = timedelta()
        self.client = SimpleNamespace(
            login=SimpleNamespace(refresh=SimpleNamespace(flow=self.refresh)),
            tokens=SimpleNamespace(verify_access=SimpleNamespace(flow=self.verify)),
        )
        self.snapshots = SimpleNamespace(outage=SimpleNamespace(end=lambda: None, note=lambda _: None))
        self.during: Callable[[], Any] = lambda: None
        self.answer = FRESH
        self.error: Exception | None = None
        self.unverified: Exception | None = None
        self.sent: list[str | None] = []

    def now(self) -> Any:
        return AT + self.ahead

    def refresh(self, tokens: TokenSet, *, keep: Callable[[TokenSet], None]) -> Any:
        yield from ()
        self.sent.append(tokens.refresh_token)
        self.during()
        if self.error is not None:
            raise self.error
        keep(replace(tokens, refresh_token=self.answer.refresh_token))
        if self.unverified is not None:
            raise self.unverified
        return self.answer

    def verify(self, _: str) -> Any:
        yield from ()
        return AccessClaims(ISSUER, "kp_ada", 0, 0, org_code="org_2", permissions=frozenset({"read"}))

    def renew(self, found: Session) -> Session | None:
        """Renew a session, as a request does that has read it."""
        with pytest.raises(StopIteration) as caught:
            next(renew(self, visit(), found))  # type: ignore[arg-type] # as much of it as is used
        outcome: Session | None = caught.value.value
        return outcome


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SessionStore:
    kept = MemorySessions() if request.param == "memory" else SqliteSessions(tmp_path / "sessions.db")
    kept.save("key", session())
    return kept


@pytest.mark.attack(43)
def test_a_renewed_session_is_kept_with_what_the_new_token_says(store: SessionStore) -> None:
    renewed = Process(store).renew(session())
    assert renewed is not None
    assert (renewed.tokens, renewed.org_code, renewed.permissions) == (FRESH, "org_2", frozenset({"read"}))
    assert renewed.renewal is None
    assert store.find("key", AT) == renewed


@pytest.mark.attack(43)
def test_a_process_that_comes_second_with_a_refresh_token_takes_what_the_first_has_kept(store: SessionStore) -> None:
    first = replace(session(), tokens=FRESH)
    second = Process(store)
    second.during, second.error = lambda: store.save("key", first), ExpiredToken("used")
    assert second.renew(session()) == first
    assert store.find("key", AT) == first


@pytest.mark.attack(43)
def test_a_process_that_comes_second_signs_nobody_out_while_the_first_has_no_answer_yet(store: SessionStore) -> None:
    first, second = Process(store, "1"), Process(store, "2")
    second.error = ExpiredToken("used")
    seen: list[Session | None] = []
    first.during = lambda: seen.append(second.renew(session()))
    renewed = first.renew(session())
    assert seen[0] is not None
    assert seen[0].tokens == session().tokens, "not renewed, but not signed out either"
    assert renewed is not None
    assert store.find("key", AT) == renewed


@pytest.mark.attack(43)
def test_a_session_ends_when_the_process_that_renewed_it_has_been_silent_for_too_long(store: SessionStore) -> None:
    first, second = Process(store, "1"), Process(store, "2")
    second.error = ExpiredToken("used")
    second.during = lambda: setattr(second, "ahead", timedelta(seconds=31))
    first.during = lambda: second.renew(session())
    assert first.renew(session()) is None
    assert store.find("key", AT) is None


@pytest.mark.attack(43)
def test_a_session_that_nobody_could_renew_has_ended(store: SessionStore) -> None:
    process = Process(store)
    process.error = ExpiredToken("the refresh token is no longer good")
    assert process.renew(session()) is None
    assert store.find("key", AT) is None


@pytest.mark.attack(43)
def test_a_request_that_read_the_session_before_it_was_renewed_asks_nobody(store: SessionStore) -> None:
    Process(store, "1").renew(session())
    late = Process(store, "2")
    assert late.renew(session()) == store.find("key", AT)
    assert late.sent == []


@pytest.mark.attack(43, 82)
def test_tokens_that_can_not_be_verified_yet_cost_neither_the_session_nor_the_refresh_token(
    store: SessionStore,
) -> None:
    process = Process(store)
    process.unverified = UnknownKey("the issuer may not be asked again so soon")
    waiting = process.renew(session())
    assert waiting is not None
    assert waiting.tokens == replace(session().tokens, refresh_token="the next one"), "unverified ones are not used"
    process.unverified = None
    renewed = process.renew(waiting)
    assert renewed is not None
    assert renewed.tokens == FRESH
    assert process.sent == ["a refresh token", "the next one"]


@pytest.mark.attack(45)
def test_tokens_that_are_not_acceptable_end_the_session_although_their_refresh_token_was_kept(
    store: SessionStore,
) -> None:
    process = Process(store)
    process.unverified = InvalidToken("the refreshed ID token is about somebody else")
    assert process.renew(session()) is None
    assert store.find("key", AT) is None


@pytest.mark.attack(43)
@pytest.mark.parametrize("unverified", [None, UnknownKey("not yet"), ExpiredToken("no")])
def test_a_renewal_revives_no_session_that_was_signed_out_meanwhile(
    store: SessionStore, unverified: Exception | None
) -> None:
    process = Process(store)
    process.during, process.unverified = lambda: store.drop("key"), unverified
    assert process.renew(session()) is None
    assert store.find("key", AT) is None


class SignedOutBetween(MemorySessions):
    """A store from which somebody signs out between the last look at the session and the write."""

    looks = 0

    def find(self, key: str, at: Any) -> Session | None:
        found = super().find(key, at)
        self.looks += 1
        if self.looks == 3:
            self.drop(key)
        return found


@pytest.mark.attack(43)
def test_a_renewal_revives_no_session_that_was_signed_out_between_the_look_and_the_write() -> None:
    between = SignedOutBetween()
    between.save("key", session())
    assert Process(between).renew(session()) is None
    assert between.find("key", AT) is None
    assert between.looks > 3


@pytest.mark.attack(43)
def test_a_session_that_was_signed_out_before_is_not_renewed(store: SessionStore) -> None:
    process = Process(store)
    store.drop("key")
    assert process.renew(session()) is None
    assert process.sent == []


def test_an_opaque_access_token_is_renewed_as_it_was_taken_and_permits_nothing(store: SessionStore) -> None:
    process = Process(store)
    process.answer = replace(FRESH, access_token="opaque")
    renewed = process.renew(session())
    assert renewed is not None
    assert (renewed.tokens.access_token, renewed.org_code, renewed.permissions) == ("opaque", None, frozenset())
