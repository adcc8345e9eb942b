"""Codes, refresh tokens and client credentials: each gives what was granted, once, to whom it was granted."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.identity import Application
from billing_sdk.server.ids import digest_of
from billing_sdk.server.signing import at_hash
from tests.contract.oidc_client import (
    SignIn,
    browser_of,
    credentials,
    error_of,
    machine_credentials,
    post,
    profile,
    refresh,
)
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def clock() -> TestClock:
    """A clock that the tests move."""
    return TestClock(datetime(2026, 11, 1, 12, tzinfo=UTC))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, clock: TestClock) -> Iterator[RunningServer]:
    """One server; each test signs in anew."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('oidc')}/billing.db", clock=clock) as running:
        yield running


@pytest.fixture
def sign_in(server: RunningServer) -> Iterator[SignIn]:
    """A sign-in in the browser of somebody who is signed in at the provider."""
    with browser_of(server) as browser:
        yield SignIn(server, browser)


def part(token: str, index: int) -> dict[str, Any]:
    """Return the header or the claims of a token, unverified."""
    segment = token.split(".")[index]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    return read


def add_client(server: RunningServer, client_id: str, *, is_confidential: bool) -> dict[str, str | None]:
    """Register one more application, and return the fields by which it proves who it is."""
    secret = "a secret of its own" if is_confidential else None
    application = Application(client_id, "Another", "web", (server.redirect_uri,), is_confidential=is_confidential)
    with server.engine.begin() as tx:
        tx.applications.save(application, secret_digest=digest_of(secret) if secret else None)
    return {"client_id": client_id, "client_secret": secret}


def basic(credentials: bytes) -> str:
    """Return the header of HTTP Basic for credentials as they are, well formed or not."""
    return f"Basic {base64.b64encode(credentials).decode()}"


def machine(server: RunningServer, **changes: str | None) -> httpx.Response:
    """Ask for a token as the demo machine."""
    audience = server.engine.settings.management_audience[0]
    fields = {"grant_type": "client_credentials", "audience": audience, **machine_credentials(server), **changes}
    return post(server, "/oauth2/token", fields)


def test_a_code_gives_the_tokens_that_were_granted(server: RunningServer, sign_in: SignIn, clock: TestClock) -> None:
    response = sign_in.redeem(sign_in.arrive().parameters["code"])
    answer = response.json()
    assert response.headers["cache-control"] == "no-store"
    assert answer.keys() == {"access_token", "id_token", "refresh_token", "token_type", "expires_in", "scope"}
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 86_400)
    assert answer["scope"] == "openid profile email offline"

    access, identity = part(answer["access_token"], 1), part(answer["id_token"], 1)
    now = int(clock.now().timestamp())
    assert part(answer["access_token"], 0)["typ"] == "at+jwt"
    assert access["iss"] == server.base_url
    assert (access["azp"], access["aud"]) == (server.seed.client_id, [])
    assert (access["iat"], access["exp"]) == (now, now + 86_400)
    assert access["sub"].startswith("kp_")
    assert access["org_code"].startswith("org_")
    assert access["scp"] == answer["scope"].split()
    assert isinstance(access["permissions"], list)
    assert access["feature_flags"] == {}

    assert part(answer["id_token"], 0)["typ"] == "JWT"
    assert identity["aud"] == [server.seed.client_id]
    assert (identity["iat"], identity["exp"]) == (now, now + 3_600)
    assert (identity["nonce"], identity["auth_time"]) == ("a-nonce", now)
    assert identity["at_hash"] == at_hash(answer["access_token"])
    assert (identity["sub"], identity["email"]) == (access["sub"], "grace@example.com")
    assert access["org_code"] in identity["org_codes"]
    assert {"id", "name"} == identity["organizations"][0].keys()


def test_only_what_was_asked_for_is_granted(sign_in: SignIn) -> None:
    plain = sign_in.tokens(scope="openid")
    assert plain.keys() == {"access_token", "id_token", "token_type", "expires_in", "scope"}
    assert "email" not in part(plain["id_token"], 1)
    assert "id_token" not in sign_in.tokens(scope="profile")
    assert "refresh_token" not in sign_in.tokens(scope="openid offline_access")
    assert sign_in.tokens(scope="openid offline_access root")["scope"] == "openid"


@pytest.mark.attack(39)
@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": None},
        {"redirect_uri": "http://127.0.0.1:3000/callback/"},
        {"code_verifier": None},
        {"code_verifier": "a" * 42},
        {"code_verifier": "a" * 129},
        {"code_verifier": "a" * 43},
        {"code_verifier": "ä" * 43},
    ],
)
def test_a_code_that_somebody_else_holds_is_burnt(sign_in: SignIn, changes: dict[str, str | None]) -> None:
    code = sign_in.arrive().parameters["code"]
    assert error_of(sign_in.redeem(code, **changes)) == "invalid_grant"
    assert error_of(sign_in.redeem(code)) == "invalid_grant"


@pytest.mark.attack(39)
def test_a_code_lasts_a_minute(sign_in: SignIn, clock: TestClock) -> None:
    code = sign_in.arrive().parameters["code"]
    clock.advance(seconds=60)
    assert error_of(sign_in.redeem(code)) == "invalid_grant"
    assert error_of(sign_in.redeem("no-such-code")) == "invalid_grant"
    without_code = {"grant_type": "authorization_code", **credentials(sign_in.server)}
    assert error_of(post(sign_in.server, "/oauth2/token", without_code)) == "invalid_request"


@pytest.mark.attack(40)
@pytest.mark.parametrize(
    "changes",
    [
        {"client_secret": "wrong"},
        {"client_secret": ""},
        {"client_secret": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": None, "client_secret": None},
    ],
)
def test_a_client_proves_who_it_is(server: RunningServer, sign_in: SignIn, changes: dict[str, str | None]) -> None:
    code = sign_in.arrive().parameters["code"]
    response = sign_in.redeem(code, **changes)
    assert error_of(response, 401) == "invalid_client"
    assert response.headers["www-authenticate"].startswith("Basic ")
    assert sign_in.redeem(code).status_code == 200


@pytest.mark.attack(40)
def test_a_client_uses_one_way_to_prove_who_it_is(server: RunningServer, sign_in: SignIn) -> None:
    known = credentials(server)
    basic = tuple(known.values())
    fields = {
        "grant_type": "authorization_code",
        "redirect_uri": server.redirect_uri,
        "code_verifier": sign_in.verifier,
        "code": sign_in.arrive().parameters["code"],
    }
    both = post(server, "/oauth2/token", fields | known, auth=basic)
    assert error_of(both, 401) == "invalid_client"
    other = post(server, "/oauth2/token", fields | {"client_id": server.seed.m2m_client_id}, auth=basic)
    assert error_of(other, 401) == "invalid_client"
    in_address = post(server, f"/oauth2/token?client_id={basic[0]}&client_secret={basic[1]}", fields)
    assert error_of(in_address, 401) == "invalid_client"
    encoded = (quote(basic[0], safe=""), quote(basic[1], safe=""))
    assert post(server, "/oauth2/token", fields, auth=encoded).status_code == 200


@pytest.mark.attack(40)
@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic bm9ib2R5",
        "Digest x",
        basic(b"%:"),
        basic(b"\xff\xff"),  # not UTF-8
        basic(b"demo%FFapp:x"),
        basic(b"demo%00app:x"),  # PostgreSQL has no such text
        basic(b"demo\x00app:x"),
        basic(b"demo_app:%"),
        basic(b"demo_app:\x00"),
        basic(b"demo:app:x"),  # a colon in an id is encoded
        basic("d\u00e9mo_app:x".encode()),
        basic(b":"),
        basic(b"demo_app:"),
        basic(b"demo_app:" + b"x" * 10_000),
        basic(b"x" * 10_000 + b":x"),
        f"{basic(b'demo_app:x')}, {basic(b'demo_app:y')}",
        f"Bearer {'x' * 43}",
    ],
)
def test_a_malformed_header_proves_nothing(server: RunningServer, header: str) -> None:
    fields: dict[str, str | None] = {"grant_type": "client_credentials"}
    response = post(server, "/oauth2/token", fields, headers={"Authorization": header})
    assert error_of(response, 401) == "invalid_client"


@pytest.mark.attack(40)
@pytest.mark.attack(40)
def test_a_client_with_two_credentials_in_the_header_is_refused(server: RunningServer, sign_in: SignIn) -> None:
    fields = {"grant_type": "refresh_token", "refresh_token": sign_in.tokens()["refresh_token"]}
    seed = server.seed
    right = base64.b64encode(f"{seed.client_id}:{seed.client_secret}".encode()).decode()
    twice = [("Authorization", f"Basic {right}")] * 2
    assert error_of(post(server, "/oauth2/token", fields, headers=twice)) == "invalid_request"
    assert post(server, "/oauth2/token", fields, headers=twice[:1]).status_code == 200


def test_tokens_are_asked_for_by_a_form_that_names_each_field_once(server: RunningServer) -> None:
    url = f"{server.base_url}/oauth2/token"
    assert httpx.get(url, timeout=60).status_code == 405
    assert error_of(httpx.post(url, json=machine_credentials(server), timeout=60)) == "invalid_request"
    assert error_of(httpx.post(url, data={"grant_type": ["a", "b"]}, timeout=60)) == "invalid_request"
    assert error_of(httpx.post(url, timeout=60)) == "invalid_request"
    assert error_of(httpx.post(url, data=machine_credentials(server), timeout=60)) == "invalid_request"


@pytest.mark.attack(51)
@pytest.mark.parametrize(
    "grant_type",
    [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        'a"\\ä',
    ],
)
def test_other_grants_are_not_supported(server: RunningServer, grant_type: str) -> None:
    fields = {"grant_type": grant_type, "username": "ada@example.com", "password": "x", **credentials(server)}
    assert error_of(post(server, "/oauth2/token", fields)) == "unsupported_grant_type"


def test_a_refresh_token_has_a_successor(server: RunningServer, sign_in: SignIn, clock: TestClock) -> None:
    first = sign_in.tokens()
    clock.advance(hours=1)
    second = refresh(server, first["refresh_token"]).json()
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    old, new = part(first["id_token"], 1), part(second["id_token"], 1)
    assert [new[name] for name in ("iss", "sub", "aud", "auth_time")] == [
        old[name] for name in ("iss", "sub", "aud", "auth_time")
    ]
    assert "nonce" not in new
    assert profile(server, second["access_token"]).json()["email"] == "grace@example.com"
    assert refresh(server, second["refresh_token"]).status_code == 200


@pytest.mark.attack(44)
def test_a_refresh_narrows_and_never_widens(server: RunningServer, sign_in: SignIn) -> None:
    first = sign_in.tokens(scope="openid email offline")
    assert error_of(refresh(server, first["refresh_token"], scope="openid profile")) == "invalid_scope"
    narrow = refresh(server, first["refresh_token"], scope="email").json()
    assert narrow["scope"] == "email"
    assert "id_token" not in narrow
    assert refresh(server, narrow["refresh_token"]).json()["scope"] == "openid email offline"


@pytest.mark.attack(44)
def test_a_refresh_token_in_foreign_hands_ends_its_family(server: RunningServer, sign_in: SignIn) -> None:
    answer = sign_in.tokens()
    foreign = add_client(server, "foreign", is_confidential=True)
    assert error_of(refresh(server, answer["refresh_token"], **foreign)) == "invalid_grant"
    assert profile(server, answer["access_token"]).status_code == 401
    assert error_of(refresh(server, answer["refresh_token"])) == "invalid_grant"


@pytest.mark.attack(44)
def test_a_refresh_needs_a_refresh_token(server: RunningServer, sign_in: SignIn) -> None:
    token = sign_in.tokens()["refresh_token"]
    assert error_of(refresh(server, token, **machine_credentials(server))) == "unauthorized_client"
    assert error_of(refresh(server, token, refresh_token=None)) == "invalid_request"
    assert error_of(refresh(server, "no-such-token")) == "invalid_grant"
    assert refresh(server, token).status_code == 200


@pytest.mark.attack(39)
def test_a_code_is_for_its_own_client(server: RunningServer, sign_in: SignIn) -> None:
    code = sign_in.arrive().parameters["code"]
    assert error_of(sign_in.redeem(code, **add_client(server, "thief", is_confidential=True))) == "invalid_grant"
    assert error_of(sign_in.redeem(code)) == "invalid_grant"


def test_a_public_client_has_no_secret_and_proves_itself_by_pkce(server: RunningServer, sign_in: SignIn) -> None:
    public = add_client(server, "public", is_confidential=False)
    code = sign_in.arrive(client_id="public").parameters["code"]
    assert error_of(sign_in.redeem(code, client_id="public", client_secret="guess"), 401) == "invalid_client"
    answer = sign_in.redeem(code, **public).json()
    assert refresh(server, answer["refresh_token"], **public).status_code == 200
    code = sign_in.arrive(client_id="public").parameters["code"]
    assert error_of(sign_in.redeem(code, **public, code_verifier=None)) == "invalid_grant"


@pytest.mark.attack(44)
def test_a_refresh_token_ends_with_its_life_and_its_membership(
    server: RunningServer, sign_in: SignIn, clock: TestClock
) -> None:
    answer = sign_in.tokens()
    claims = part(answer["access_token"], 1)
    with server.engine.begin() as tx:
        tx.organizations.remove_member(claims["org_code"], claims["sub"])
    assert error_of(refresh(server, answer["refresh_token"])) == "invalid_grant"
    with server.engine.begin() as tx:
        tx.organizations.add_member(claims["org_code"], claims["sub"], at=clock.now())
    clock.advance(seconds=1_296_000)
    assert error_of(refresh(server, answer["refresh_token"])) == "invalid_grant"


def test_a_machine_gets_a_token_for_the_management_api(server: RunningServer) -> None:
    answer = machine(server).json()
    claims = part(answer["access_token"], 1)
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert claims["aud"] == [f"{server.base_url}/api"]
    assert (claims["gty"], claims["v"]) == (["client_credentials"], "2")
    assert claims["scope"].split() == claims["scp"]
    assert "sub" not in claims


def test_the_audience_may_be_spelled_with_https(server: RunningServer) -> None:
    audience = server.base_url.replace("http:", "https:") + "/api"
    assert part(machine(server, audience=audience).json()["access_token"], 1)["aud"] == [audience]


@pytest.mark.attack(46)
@pytest.mark.parametrize("scope", ["", " ", "*", "openid", "offline", "delete:everything", "read:users root"])
def test_a_machine_gets_no_scope_that_it_was_not_given(server: RunningServer, scope: str) -> None:
    assert error_of(machine(server, scope=scope)) == "invalid_scope"


@pytest.mark.attack(46)
@pytest.mark.parametrize("audience", ["", "https://elsewhere.example/api", "http://127.0.0.1/api"])
def test_a_machine_gets_no_token_for_another_api(server: RunningServer, audience: str) -> None:
    assert error_of(machine(server, audience=audience)) == "invalid_target"


@pytest.mark.attack(46)
def test_a_machine_gets_exactly_the_scopes_that_it_names(server: RunningServer) -> None:
    assert machine(server, scope="read:users").json()["scope"] == "read:users"


def test_people_and_machines_do_not_use_each_others_grants(server: RunningServer) -> None:
    assert error_of(machine(server, **credentials(server))) == "unauthorized_client"


def test_what_nobody_can_use_any_more_is_forgotten(server: RunningServer, sign_in: SignIn, clock: TestClock) -> None:
    token = sign_in.tokens()["access_token"]
    jti = part(token, 1)["jti"]
    clock.advance(days=1)
    assert machine(server).status_code == 200
    with server.engine.read() as tx:
        assert tx.tokens.find_access_token(jti) is None
    assert profile(server, token).status_code == 401
