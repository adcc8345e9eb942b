"""Tokens can be looked at and taken back by their own client, and signing out ends what a session has begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import urlencode

import httpx
import jwt
import pytest

from billing_sdk.errors import Unauthenticated
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.usecases.signing_keys import current_key
from billing_sdk.server.usecases.verify_access_token import authenticate
from billing_sdk.testing.visitor import Visitor
from tests.contract.oidc_client import (
    SESSION_COOKIE,
    SignIn,
    answer_of,
    browser_of,
    credentials,
    machine_credentials,
    post,
    profile,
    refresh,
)
from tests.serving import RunningServer, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server; each test signs in anew."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('oidc')}/billing.db") as running:
        yield running


@pytest.fixture
def sign_in(server: RunningServer) -> Iterator[SignIn]:
    """A sign-in in the browser of somebody who is signed in at the provider."""
    with browser_of(server) as browser:
        yield SignIn(server, browser)


def machine_token(server: RunningServer) -> str:
    fields = {"grant_type": "client_credentials", **machine_credentials(server)}
    token: str = post(server, "/oauth2/token", fields).json()["access_token"]
    return token


def about(server: RunningServer, token: str, **options: object) -> dict[str, object]:
    """Return what the demo application is told about a token."""
    response = post(server, "/oauth2/introspect", {"token": token, **credentials(server)}, **options)
    assert response.status_code == 200, response.text
    known: dict[str, object] = response.json()
    return known


def allow_logout_to(server: RunningServer, address: str) -> None:
    """Register an address to return to after signing out."""
    with server.engine.begin() as tx:
        application = tx.applications.get(server.seed.client_id)
        tx.applications.save(replace(application, logout_redirect_uris=(address,)))


# The profile


def test_the_profile_tells_what_the_scope_allows(server: RunningServer, sign_in: SignIn) -> None:
    whole = profile(server, sign_in.tokens()["access_token"]).json()
    assert whole["id"] == whole["sub"]
    assert (whole["email"], whole["preferred_username"]) == ("grace@example.com", "grace@example.com")
    assert isinstance(whole["updated_at"], int)
    little = profile(server, sign_in.tokens(scope="openid")["access_token"]).json()
    assert little.keys() == {"id", "sub", "org_codes", "organizations"}


@pytest.mark.attack(135)
def test_the_profile_needs_a_persons_token_in_the_header(server: RunningServer, sign_in: SignIn) -> None:
    token = sign_in.tokens()["access_token"]
    path = f"{server.base_url}/oauth2/v2/user_profile"
    anonymous = httpx.get(path, timeout=60)
    assert anonymous.status_code == 401
    assert anonymous.headers["www-authenticate"].startswith("Bearer")
    assert 'error="invalid_token"' in profile(server, f"{token}x").headers["www-authenticate"]
    assert httpx.get(path, params={"access_token": token}, timeout=60).status_code == 400
    twice = [("Authorization", f"Bearer {token}")] * 2
    assert httpx.get(path, headers=twice, timeout=60).status_code == 400
    assert profile(server, machine_token(server)).status_code == 403


# Access tokens


@pytest.mark.attack(53)
@pytest.mark.attack(54)
@pytest.mark.attack(72)
def test_only_an_access_token_of_ours_is_accepted(server: RunningServer, sign_in: SignIn) -> None:
    answer = sign_in.tokens()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    key = current_key(server.engine)
    headers = {"kid": key.kid, "typ": "at+jwt"}
    forged = [
        jwt.encode(claims, None, algorithm="none", headers=headers),
        jwt.encode(claims, "a secret of more than 32 characters", algorithm="HS256", headers=headers),
        SigningKey.generate(server.engine.now()).sign(claims, typ="at+jwt"),
        key.sign({**claims, "jti": "token_never_issued"}, typ="at+jwt"),
        key.sign({**claims, "iss": f"{claims['iss']}/"}, typ="at+jwt"),
        key.sign({**claims, "exp": claims["iat"]}, typ="at+jwt"),
        key.sign(claims, typ="JWT"),
        answer["id_token"],
        answer["refresh_token"],
        "",
        "a.b.c",
        "ä" * 100,
    ]
    for token in forged:
        with pytest.raises(Unauthenticated):
            authenticate(server.engine, token=token, audience="account")


def test_the_management_api_takes_only_tokens_that_are_meant_for_it(server: RunningServer, sign_in: SignIn) -> None:
    person = sign_in.tokens()["access_token"]
    with pytest.raises(Unauthenticated):
        authenticate(server.engine, token=person, audience="management")
    machine = authenticate(server.engine, token=machine_token(server), audience="management")
    assert (machine.kind, machine.client_id, machine.user_id) == ("machine", server.seed.m2m_client_id, None)


# Introspection and revocation


def test_a_client_learns_about_its_own_tokens(server: RunningServer, sign_in: SignIn) -> None:
    answer = sign_in.tokens()
    known = about(server, answer["access_token"], headers={})
    assert known["active"] is True
    assert known["client_id"] == server.seed.client_id
    assert {"aud", "exp", "iat", "scope", "sub"} <= known.keys()
    assert about(server, answer["refresh_token"])["active"] is True
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert post(server, "/oauth2/introspect", {"token": answer["access_token"]}, headers=bearer).json() == known


@pytest.mark.attack(50)
def test_nobody_learns_about_a_foreign_token(server: RunningServer, sign_in: SignIn) -> None:
    token = sign_in.tokens()["access_token"]
    for foreign in (machine_token(server), "no-such-token", ""):
        assert about(server, foreign) == {"active": False}
    assert post(server, "/oauth2/introspect", {"token": token, **machine_credentials(server)}).json() == {
        "active": False
    }
    for fields in ({"token": token}, {"token": token, "client_id": server.seed.client_id}):
        refused = post(server, "/oauth2/introspect", dict(fields))
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    forged = post(server, "/oauth2/introspect", {"token": token}, headers={"Authorization": "Bearer x.y.z"})
    assert forged.status_code == 401
    assert post(server, "/oauth2/introspect", dict(credentials(server))).status_code == 400


def test_a_revoked_access_token_is_not_accepted(server: RunningServer, sign_in: SignIn) -> None:
    answer = sign_in.tokens()
    fields = {"token": answer["access_token"], "token_type_hint": "anything", **credentials(server)}
    assert post(server, "/oauth2/revoke", fields).status_code == 200
    assert profile(server, answer["access_token"]).status_code == 401
    assert about(server, answer["access_token"]) == {"active": False}
    assert refresh(server, answer["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_takes_its_access_tokens_along(server: RunningServer, sign_in: SignIn) -> None:
    answer = sign_in.tokens()
    assert post(server, "/oauth2/revoke", {"token": answer["refresh_token"], **credentials(server)}).status_code == 200
    assert profile(server, answer["access_token"]).status_code == 401
    assert refresh(server, answer["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.attack(50)
def test_nobody_revokes_a_foreign_token(server: RunningServer, sign_in: SignIn) -> None:
    answer = sign_in.tokens()
    for token in (answer["access_token"], answer["refresh_token"], "no-such-token"):
        response = post(server, "/oauth2/revoke", {"token": token, **machine_credentials(server)})
        assert (response.status_code, response.json()) == (200, {})
    assert post(server, "/oauth2/revoke", {"token": answer["access_token"]}).status_code == 401
    assert post(server, "/oauth2/revoke", dict(credentials(server))).status_code == 400
    assert profile(server, answer["access_token"]).status_code == 200
    assert refresh(server, answer["refresh_token"]).status_code == 200


# Signing out


def is_signed_in(sign_in: SignIn) -> bool:
    return "code" in answer_of(sign_in.ask(prompt="none")).parameters


def test_an_application_signs_its_own_person_out(server: RunningServer, sign_in: SignIn) -> None:
    address = "http://127.0.0.1:3000/bye"
    allow_logout_to(server, address)
    answer = sign_in.tokens()
    parameters = {
        "id_token_hint": answer["id_token"],
        "post_logout_redirect_uri": address,
        "state": "s",
    }
    response = sign_in.browser.get("/logout", params=parameters)
    assert (response.status_code, response.headers["location"]) == (303, f"{address}?state=s")
    assert any(cookie.startswith(f'{SESSION_COOKIE}=""') for cookie in response.headers.get_list("set-cookie"))
    assert profile(server, answer["access_token"]).status_code == 401
    assert refresh(server, answer["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.attack(52)
@pytest.mark.parametrize("name", ["redirect", "redirect_uri", "post_logout_redirect_uri"])
def test_an_application_that_only_names_itself_has_its_person_asked_and_sent_back(
    server: RunningServer, sign_in: SignIn, name: str
) -> None:
    address = "http://127.0.0.1:3000/bye"
    allow_logout_to(server, address)
    with Visitor() as visitor:
        visitor.http.cookies.update(sign_in.browser.cookies)
        page = visitor.open(
            f"{server.base_url}/logout?{urlencode({'client_id': server.seed.client_id, name: address})}"
        )
        assert "Sign out?" in page.text
        assert is_signed_in(sign_in)
        with pytest.raises(httpx.ConnectError) as left:  # nobody listens at the application's address
            visitor.submit("Sign out")
    assert str(left.value.request.url) == address
    assert not is_signed_in(sign_in)


@pytest.mark.attack(52)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"redirect": "http://127.0.0.1:3000/bye"},
        {"client_id": "nobody", "redirect": "http://127.0.0.1:3000/bye"},
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "{client_id}", "redirect": "http://127.0.0.1:3000/bye"},
        {"client_id": "{client_id}", "redirect": "http://127.0.0.1:3000/bye?x=1"},
        {"id_token_hint": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJrcF8xIn0.", "redirect": "https://evil.example/"},
        {"state": '"><script>alert(1)</script>'},
    ],
)
def test_a_link_alone_signs_nobody_out(server: RunningServer, sign_in: SignIn, parameters: dict[str, str]) -> None:
    allow_logout_to(server, "http://127.0.0.1:3000/bye")
    known = {name: value.format(client_id=server.seed.client_id) for name, value in parameters.items()}
    response = sign_in.browser.get("/logout", params=known)
    assert response.status_code == 200
    assert "Sign out?" in response.text
    assert "<script>" not in response.text
    assert is_signed_in(sign_in)


@pytest.mark.attack(52)
def test_an_id_token_of_one_application_proves_nothing_for_another(server: RunningServer, sign_in: SignIn) -> None:
    hint = sign_in.tokens()["id_token"]
    parameters = {"id_token_hint": hint, "client_id": server.seed.m2m_client_id}
    assert "Sign out?" in sign_in.browser.get("/logout", params=parameters).text
    assert is_signed_in(sign_in)


@pytest.mark.attack(52)
def test_an_id_token_of_somebody_else_signs_nobody_out(server: RunningServer, sign_in: SignIn) -> None:
    with browser_of(server, "ada@example.com") as other:
        parameters = {"id_token_hint": sign_in.tokens()["id_token"]}
        assert "Sign out?" in other.get("/logout", params=parameters).text
        assert other.cookies[SESSION_COOKIE]


@pytest.mark.attack(52)
def test_an_address_that_is_not_registered_is_not_followed(server: RunningServer, sign_in: SignIn) -> None:
    parameters = {"id_token_hint": sign_in.tokens()["id_token"], "redirect": "https://evil.example/"}
    response = sign_in.browser.get("/logout", params=parameters)
    assert response.status_code == 200
    assert "Signed out" in response.text
    assert "evil" not in unescape(response.text)


@pytest.mark.attack(52)
def test_a_person_confirms_on_our_own_page(server: RunningServer, sign_in: SignIn) -> None:
    assert sign_in.browser.post("/logout", data={}).status_code in (403, 415)
    assert sign_in.browser.post("/logout", data={"csrf_token": "x"}).status_code == 403
    assert is_signed_in(sign_in)
    with Visitor() as visitor:
        visitor.http.cookies.update(sign_in.browser.cookies)
        visitor.open(f"{server.base_url}/logout")
        assert visitor.submit("Sign out").title == "Signed out"
    assert not is_signed_in(sign_in)


def test_whoever_is_not_signed_in_is_signed_out_already(server: RunningServer) -> None:
    response = httpx.get(f"{server.base_url}/logout", timeout=60)
    assert response.status_code == 200
    assert "Signed out" in response.text
