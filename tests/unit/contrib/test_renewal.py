"""A session whose access token ends: renewed, ended, or found renewed by another process."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from billing_sdk.auth import TokenSet
from billing_sdk.contrib import MemorySessions, Session
from billing_sdk.contrib._who_asks import renew
from billing_sdk.errors import ExpiredToken
from tests.unit.contrib.making import AT, session, visit


def application(store: MemorySessions, refresh: Any) -> Any:
    """Return as much of an application as a renewal needs."""
    return SimpleNamespace(
        client=SimpleNamespace(login=SimpleNamespace(refresh=SimpleNamespace(flow=refresh))),
        sessions=store,
        session_cookie=SimpleNamespace(name="session", key=lambda _: "key"),
        now=lambda: AT,
    )


def outcome(flow: Any) -> Session | None:
    """Return what a flow that asks nobody comes to."""
    with pytest.raises(StopIteration) as caught:
        next(flow)
    found: Session | None = caught.value.value
    return found


@pytest.mark.attack(43)
def test_a_process_that_comes_second_with_a_refresh_token_takes_what_the_first_has_kept() -> None:
    store, old = MemorySessions(), session()
    store.save("key", old)
    first = replace(old, tokens=TokenSet("fresh", AT + timedelta(hours=1), refresh_token="the next one"))

    def refresh(_: TokenSet) -> Any:
        store.save("key", first)
        raise ExpiredToken("the refresh token is no longer good")
        yield

    assert outcome(renew(application(store, refresh), visit(), old)) == first
    assert store.find("key", AT) == first


@pytest.mark.attack(43)
def test_a_session_that_nobody_could_renew_has_ended() -> None:
    store, old = MemorySessions(), session()
    store.save("key", old)

    def refresh(_: TokenSet) -> Any:
        raise ExpiredToken("the refresh token is no longer good")
        yield

    assert outcome(renew(application(store, refresh), visit(), old)) is None
    assert store.find("key", AT) is None
