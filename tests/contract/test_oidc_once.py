"""What may happen once happens once, on every database: redeeming a code, and rotating a refresh token."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import jwt
import pytest

from billing_sdk.errors import Unauthenticated
from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.identity import User
from billing_sdk.server.oidc import refresh_grant
from billing_sdk.server.oidc.code_grant import CodeGrant
from billing_sdk.server.oidc.people import find_signed_in
from billing_sdk.server.storage.tokens import TokenFamily
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.usecases.verify_access_token import authenticate
from tests.contract.oidc_client import SignIn, browser_of, error_of, post, profile, refresh
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


@pytest.fixture
def sign_in(server: RunningServer) -> Iterator[SignIn]:
    """A sign-in in the browser of somebody who is signed in at the provider."""
    with browser_of(server) as browser:
        yield SignIn(server, browser)


def _sign_out(sign_in: SignIn) -> None:
    page = sign_in.browser.get("/logout").text
    csrf_token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    headers = {"Origin": sign_in.server.base_url}
    assert sign_in.browser.post("/logout", data={"csrf_token": csrf_token}, headers=headers).status_code == 200


def _suspend_for_a_moment(sign_in: SignIn) -> None:
    engine = sign_in.server.engine
    with engine.read() as tx:
        user = tx.users.find_by_email("grace@example.com")
    assert user is not None
    for is_suspended in (True, False):
        update_user(engine, user_id=user.id, is_suspended=is_suspended)


@pytest.mark.attack(37)
def test_a_code_sent_again_ends_all_that_came_from_it(server: RunningServer, sign_in: SignIn, clock: TestClock) -> None:
    code = sign_in.arrive().parameters["code"]
    answer = sign_in.redeem(code).json()
    assert profile(server, answer["access_token"]).status_code == 200
    clock.advance(seconds=30)
    assert error_of(sign_in.redeem(code)) == "invalid_grant"
    assert profile(server, answer["access_token"]).status_code == 401
    assert error_of(refresh(server, answer["refresh_token"])) == "invalid_grant"
    assert error_of(sign_in.redeem(code)) == "invalid_grant"
    jti = jwt.decode(answer["access_token"], options={"verify_signature": False})["jti"]
    with server.engine.read() as tx:
        issued = tx.tokens.find_access_token(jti)
        assert issued is not None
        reuses = [record["action"] for record in tx.audit.of(issued.family.id)]
    assert reuses.count("authorization_code.reused") == 1  # once, however often it is sent


@pytest.mark.attack(38)
def test_of_many_that_redeem_a_code_at_once_one_succeeds(sign_in: SignIn) -> None:
    code = sign_in.arrive().parameters["code"]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sign_in.redeem(code), range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


@pytest.mark.attack(42)
def test_a_lost_answer_can_be_asked_for_again_for_ten_seconds(
    server: RunningServer, sign_in: SignIn, clock: TestClock
) -> None:
    first = sign_in.tokens()
    lost = refresh(server, first["refresh_token"]).json()
    clock.advance(seconds=10)
    again = refresh(server, first["refresh_token"]).json()
    assert again["refresh_token"] == lost["refresh_token"]
    assert refresh(server, again["refresh_token"]).status_code == 200


@pytest.mark.attack(42)
@pytest.mark.parametrize("is_successor_used", [False, True])
def test_a_refresh_token_used_twice_ends_all_that_came_from_its_sign_in(
    server: RunningServer, sign_in: SignIn, clock: TestClock, is_successor_used: bool
) -> None:
    first = sign_in.tokens()
    second = refresh(server, first["refresh_token"]).json()
    if is_successor_used:
        second = refresh(server, second["refresh_token"]).json()
    else:
        clock.advance(seconds=11)
    assert error_of(refresh(server, first["refresh_token"])) == "invalid_grant"
    assert error_of(refresh(server, second["refresh_token"])) == "invalid_grant"
    for answer in (first, second):
        assert profile(server, answer["access_token"]).status_code == 401
    jti = jwt.decode(first["access_token"], options={"verify_signature": False})["jti"]
    with server.engine.read() as tx:
        issued = tx.tokens.find_access_token(jti)
        assert issued is not None
        assert "refresh_token.misused" in [record["action"] for record in tx.audit.of(issued.family.id)]


@pytest.mark.attack(40)
def test_credentials_that_a_database_can_not_hold_prove_nothing(server: RunningServer) -> None:
    for credentials in (b"demo_app%00:x", b"demo\x00app:x", b"demo_app:%00"):
        headers = {"Authorization": f"Basic {base64.b64encode(credentials).decode()}"}
        for path in ("token", "introspect", "revoke"):
            fields = {"grant_type": "authorization_code", "token": "x"}
            assert error_of(post(server, f"/oauth2/{path}", fields, headers=headers), 401) == "invalid_client"


@pytest.mark.attack(42)
def test_refreshing_at_once_from_many_places_gives_one_successor(server: RunningServer, sign_in: SignIn) -> None:
    token = sign_in.tokens()["refresh_token"]
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: refresh(server, token), range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


def test_somebody_who_is_suspended_has_no_token(server: RunningServer, sign_in: SignIn) -> None:
    token = sign_in.tokens()["access_token"]
    caller = authenticate(server.engine, token=token, audience="account")
    assert caller.kind == "user"
    with server.engine.begin() as tx:
        tx.users.save(replace(tx.users.get(caller.user_id or ""), is_suspended=True))
    with pytest.raises(Unauthenticated):
        authenticate(server.engine, token=token, audience="account")


@pytest.mark.attack(37)
@pytest.mark.parametrize("revoke", [_sign_out, _suspend_for_a_moment])
def test_a_code_of_a_sign_in_that_was_ended_gives_nothing(sign_in: SignIn, revoke: Callable[[SignIn], None]) -> None:
    code = sign_in.arrive().parameters["code"]
    revoke(sign_in)
    assert error_of(sign_in.redeem(code)) == "invalid_grant"


@pytest.mark.attack(24)
def test_whoever_signs_out_while_a_code_is_made_leaves_none_behind(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(grant: CodeGrant) -> str:
        visitor = grant.request.visitor
        assert visitor is not None
        with grant.server.engine.begin() as tx:
            tx.sessions.end(visitor.session_digest)
        return "a code"

    monkeypatch.setattr(CodeGrant, "generate_authorization_code", overtaken)
    answer = sign_in.arrive()
    assert answer.parameters["error"] == "access_denied"
    assert "code" not in answer.parameters


@pytest.mark.attack(44)
def test_a_sign_in_that_is_ended_while_it_is_refreshed_gives_nothing(
    server: RunningServer, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sign_in.tokens()["refresh_token"]

    def overtaken(engine: Engine, family: TokenFamily) -> User:
        user = find_signed_in(engine, family)
        with engine.begin() as tx:
            tx.tokens.revoke_family(family.id, at=engine.now())
        return user

    monkeypatch.setattr(refresh_grant, "find_signed_in", overtaken)
    assert error_of(refresh(server, token)) == "invalid_grant"


def test_no_log_says_a_code_or_a_token(
    server: RunningServer, sign_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"), caplog.at_level("DEBUG", logger="httpx"):
        code = sign_in.arrive().parameters["code"]
        answer = sign_in.redeem(code).json()
        refresh(server, answer["refresh_token"])
    assert caplog.records, "nothing was logged at all, so this test looks at nothing"
    # The test's own client logs what it sends; the server shares its process.
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    secrets = (code, sign_in.verifier, server.seed.client_secret, answer["access_token"], answer["refresh_token"])
    assert not [message for message in ours for secret in secrets if secret in message]
