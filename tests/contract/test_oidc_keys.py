"""Keys are published before they sign and after they have signed, and never show their private part."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import jwt
import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.usecases.signing_keys import current_key, rotate_key
from tests.contract.oidc_client import SignIn, browser_of, profile
from tests.serving import RunningServer, serving


@pytest.fixture
def clock() -> TestClock:
    """A clock that the test moves."""
    return TestClock(datetime(2026, 11, 1, 12, tzinfo=UTC))


@pytest.fixture
def server(database_url: str, clock: TestClock) -> Iterator[RunningServer]:
    """A running server whose time the test decides."""
    with serving(database_url, clock=clock) as running:
        yield running


def published(server: RunningServer, path: str = "jwks") -> dict[str, dict[str, str]]:
    """Return the published keys by their ids."""
    response = httpx.get(f"{server.base_url}/.well-known/{path}", timeout=60)
    assert response.status_code == 200
    return {key["kid"]: key for key in response.json()["keys"]}


def test_discovery_says_the_same_under_both_addresses(server: RunningServer) -> None:
    first, second = (
        httpx.get(f"{server.base_url}/.well-known/{path}", timeout=60)
        for path in ("openid-configuration", "oauth-authorization-server")
    )
    assert first.json() == second.json()
    assert first.json()["issuer"] == server.base_url
    assert first.headers["cache-control"] == "public, max-age=900"


@pytest.mark.attack(201)
def test_keys_are_public_and_may_be_kept_for_a_quarter_of_an_hour(server: RunningServer) -> None:
    response = httpx.get(f"{server.base_url}/.well-known/jwks", timeout=60)
    assert response.headers["cache-control"] == "public, max-age=900"
    assert published(server) == published(server, "jwks.json")
    for key in published(server).values():
        assert key.keys() == {"kty", "use", "alg", "kid", "n", "e"}


@pytest.mark.attack(201)
def test_a_rotation_never_leaves_a_token_without_its_key(server: RunningServer, clock: TestClock) -> None:
    with browser_of(server) as browser:
        sign_in = SignIn(server, browser)
        old = sign_in.tokens()["access_token"]
        old_kid = current_key(server.engine).kid

        following = rotate_key(server.engine)
        assert published(server).keys() == {old_kid, following.kid}
        assert current_key(server.engine).kid == old_kid

        clock.advance(seconds=900)  # who fetched the keys just before the next one was added asks again only now
        assert current_key(server.engine).kid == old_kid
        clock.advance(seconds=300)
        assert current_key(server.engine).kid == following.kid
        new = sign_in.tokens()["access_token"]
    assert jwt.get_unverified_header(new)["kid"] == following.kid
    for token in (old, new):
        assert profile(server, token).status_code == 200

    clock.advance(seconds=86_400 - 1_201)
    assert profile(server, old).status_code == 200
    clock.advance(hours=24, seconds=1_200)
    assert published(server).keys() == {old_kid, following.kid}
    clock.advance(seconds=1)
    assert published(server).keys() == {following.kid}


def test_a_server_that_starts_again_keeps_its_key(server: RunningServer) -> None:
    kid = current_key(server.engine).kid
    assert current_key(server.engine).kid == kid
    assert published(server).keys() == {kid}
