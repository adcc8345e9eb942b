"""The modules of the Basic OP plan that vary the authorization request, or send a code twice."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.conformance.relying_party import (
    REDIRECT_URI,
    RelyingParty,
    module,
    move,
    provider_under_test,
    relying_party,
)
from tests.contract.oidc_client import challenge_of
from tests.serving import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for all modules."""
    with provider_under_test(tmp_path_factory.mktemp("suite")) as running:
        yield running


@pytest.fixture
def suite(server: RunningServer) -> Iterator[RelyingParty]:
    """The suite, with a tester who is signed in."""
    with relying_party(server) as opened:
        yield opened


@pytest.fixture
def stranger(server: RunningServer) -> Iterator[RelyingParty]:
    """The suite, with a tester whom the provider does not know yet."""
    with relying_party(server, is_signed_in=False) as opened:
        yield opened


def unsigned(claims: dict[str, str]) -> str:
    """Return a request object that nobody has signed."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def is_page_of_refusal(response: httpx.Response) -> bool:
    """Tell whether the person reads why, and is sent nowhere."""
    is_page = response.headers["content-type"].startswith("text/html")
    return response.status_code == 400 and is_page and "location" not in response.headers


@module("oidcc-response-type-missing")
def test_a_request_without_a_response_type_is_refused(suite: RelyingParty, name: str) -> None:
    assert suite.refusal(suite.ask(response_type=None)) == "unsupported_response_type"


@module("oidcc-display-page")
def test_a_page_may_be_asked_for(stranger: RelyingParty, name: str) -> None:
    assert stranger.tokens(display="page")
    assert stranger.sign_ins == 1


@module("oidcc-display-popup")
def test_a_popup_may_be_asked_for(stranger: RelyingParty, name: str) -> None:
    assert stranger.tokens(display="popup")
    assert stranger.sign_ins == 1


@module("oidcc-prompt-login")
def test_a_person_can_be_made_to_sign_in_again(suite: RelyingParty, server: RunningServer, name: str) -> None:
    first = suite.tokens()
    move(server, seconds=1)
    second = suite.tokens(prompt="login")
    assert suite.sign_ins == 1
    assert second["claims"]["sub"] == first["claims"]["sub"]
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"] + 1


@module("oidcc-prompt-none-not-logged-in")
def test_nobody_is_not_asked_to_sign_in(stranger: RelyingParty, name: str) -> None:
    assert stranger.refusal(stranger.ask(prompt="none")) == "login_required"
    assert stranger.sign_ins == 0


@module("oidcc-prompt-none-logged-in")
def test_whoever_is_signed_in_is_not_asked_again(suite: RelyingParty, server: RunningServer, name: str) -> None:
    first = suite.tokens()
    move(server, seconds=1)
    response = suite.ask(prompt="none")
    assert response.headers["location"].startswith(REDIRECT_URI)
    second = suite.read_tokens(suite.redeem(suite.callback(response)["code"]))
    for claim in ("sub", "auth_time"):
        assert second["claims"][claim] == first["claims"][claim]


@module("oidcc-max-age-1")
def test_a_sign_in_that_is_too_old_is_done_again(suite: RelyingParty, server: RunningServer, name: str) -> None:
    first = suite.tokens()
    move(server, seconds=2)
    second = suite.tokens(max_age="1")
    assert suite.sign_ins == 1
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"] + 2 == second["claims"]["iat"]


@module("oidcc-max-age-10000")
def test_a_sign_in_that_is_recent_enough_is_kept(suite: RelyingParty, server: RunningServer, name: str) -> None:
    first = suite.tokens(max_age="15000")
    move(server, seconds=1)
    second = suite.tokens(max_age="10000")
    assert suite.sign_ins == 0
    assert second["claims"]["auth_time"] == first["claims"]["auth_time"]


@module("oidcc-ensure-request-with-unknown-parameter-succeeds")
def test_an_unknown_parameter_has_no_effect(suite: RelyingParty, name: str) -> None:
    assert suite.code(extra="foobar")


@module("oidcc-id-token-hint")
def test_a_person_who_was_hinted_at_is_not_asked(suite: RelyingParty, server: RunningServer, name: str) -> None:
    first = suite.tokens()
    move(server, seconds=1)
    second = suite.tokens(prompt="none", id_token_hint=first["id_token"])
    for claim in ("sub", "auth_time"):
        assert second["claims"][claim] == first["claims"][claim]


@module("oidcc-login-hint")
def test_a_login_hint_fills_the_form_in(stranger: RelyingParty, name: str) -> None:
    page = stranger.ask(login_hint="grace@example.com")
    while page.is_redirect:
        page = stranger.browser.get(page.headers["location"])
    assert 'value="grace@example.com"' in page.text
    assert stranger.callback(page)["code"]


@module("oidcc-ui-locales")
def test_a_language_may_be_wished_for(suite: RelyingParty, name: str) -> None:
    assert suite.code(ui_locales="se")


@module("oidcc-claims-locales")
def test_a_language_of_claims_may_be_wished_for(suite: RelyingParty, name: str) -> None:
    assert suite.code(claims_locales="se")


@pytest.mark.attack(37)
@module("oidcc-codereuse")
def test_a_code_works_once(suite: RelyingParty, name: str) -> None:
    code = suite.code()
    suite.read_tokens(suite.redeem(code))
    suite.expect_invalid_grant(suite.redeem(code))


@pytest.mark.attack(37)
@module("oidcc-codereuse-30seconds")
def test_a_code_that_is_sent_again_ends_its_access_token(suite: RelyingParty, server: RunningServer, name: str) -> None:
    code = suite.code(scope="openid offline")
    answer = suite.read_tokens(suite.redeem(code))
    suite.userinfo(answer)
    move(server, seconds=30)
    suite.expect_invalid_grant(suite.redeem(code))
    suite.userinfo(answer, status=401)
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    suite.expect_invalid_grant(suite.token_request(**refresh))


@pytest.mark.attack(10)
@module("oidcc-ensure-registered-redirect-uri")
def test_an_address_that_is_not_registered_is_not_followed(suite: RelyingParty, name: str) -> None:
    assert is_page_of_refusal(suite.ask(redirect_uri=f"{REDIRECT_URI}/Tq7xEg2w"))


@module("oidcc-ensure-post-request-succeeds")
def test_a_request_may_be_posted(stranger: RelyingParty, name: str) -> None:
    stranger.read_tokens(stranger.redeem(stranger.code("POST")))


@pytest.mark.attack(16)
@module("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")
def test_a_request_elsewhere_is_refused_as_such(suite: RelyingParty, name: str) -> None:
    offered = suite.browser.get("/.well-known/openid-configuration").json()
    assert offered["request_uri_parameter_supported"] is False
    assert suite.refusal(suite.ask(request_uri="https://suite.example/object")) == "request_uri_not_supported"


@pytest.mark.attack(16)
@module("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported")
def test_a_request_object_is_refused_as_such(suite: RelyingParty, name: str) -> None:
    offered = suite.browser.get("/.well-known/openid-configuration").json()
    assert offered["request_parameter_supported"] is False
    inside = unsigned({"scope": "openid email", "state": "another", "redirect_uri": "https://evil.example/"})
    assert suite.refusal(suite.ask(request=inside)) == "request_not_supported"


@pytest.mark.attack(16)
@module("oidcc-ensure-request-object-with-redirect-uri")
def test_the_address_in_a_request_object_is_not_used(suite: RelyingParty, name: str) -> None:
    inside = unsigned({"redirect_uri": REDIRECT_URI, "response_type": "code", "client_id": suite.client_id})
    assert is_page_of_refusal(suite.ask(redirect_uri=f"{REDIRECT_URI}/bad", request=inside))
    assert is_page_of_refusal(suite.ask(redirect_uri=None, request=inside))


@pytest.mark.attack(13)
@module("oidcc-ensure-request-with-valid-pkce-succeeds")
def test_a_challenge_is_answered_by_its_verifier_only(suite: RelyingParty, name: str) -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    challenge = {"code_challenge": challenge_of(verifier), "code_challenge_method": "S256"}
    suite.read_tokens(suite.redeem(suite.code(**challenge), code_verifier=verifier))
    suite.expect_invalid_grant(suite.redeem(suite.code(**challenge)))
    suite.expect_invalid_grant(suite.redeem(suite.code(**challenge), code_verifier=verifier[::-1]))
