"""The RP-Initiated Logout OP plan: who is signed out, and which address is followed afterwards."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import httpx
import jwt
import pytest

from tests.contract.conformance.relying_party import (
    AFTER_LOGOUT,
    RelyingParty,
    module,
    provider_under_test,
    relying_party,
)
from tests.serving import RunningServer

pytestmark = pytest.mark.attack(52)

STATE = "a-random-state"


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


def sent_back(response: httpx.Response) -> dict[str, str]:
    """Return what the address after signing out is sent."""
    assert response.status_code == 303
    address, _, query = response.headers["location"].partition("?")
    assert address == AFTER_LOGOUT
    return dict(parse_qsl(query, strict_parsing=True)) if query else {}


def expect_a_page(response: httpx.Response, *, says: str = "Signed out") -> None:
    """Check that a page is shown, and nothing is followed."""
    assert response.status_code == 200
    assert "location" not in response.headers
    assert says in response.text


def expect_a_question_first(suite: RelyingParty, **parameters: str) -> None:
    """Check that the person is asked before anything happens, and sent nowhere even after having confirmed."""
    expect_a_page(suite.browser.get("/logout", params=parameters), says="Sign out?")
    assert suite.is_signed_in
    expect_a_page(suite.log_out(**parameters))
    assert not suite.is_signed_in


@module("oidcc-rp-initiated-logout")
def test_whoever_is_named_by_an_id_token_is_signed_out_and_sent_back(suite: RelyingParty, name: str) -> None:
    hint = suite.tokens()["id_token"]
    parameters = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER_LOGOUT, "state": STATE}
    assert sent_back(suite.log_out(**parameters)) == {"state": STATE}
    assert suite.refusal(suite.ask(prompt="none")) == "login_required"


@module("oidcc-rp-initiated-logout-no-state")
def test_without_a_state_there_is_none_in_the_answer(suite: RelyingParty, name: str) -> None:
    hint = suite.tokens()["id_token"]
    assert sent_back(suite.log_out(id_token_hint=hint, post_logout_redirect_uri=AFTER_LOGOUT)) == {}
    assert suite.refusal(suite.ask(prompt="none")) == "login_required"


@module("oidcc-rp-initiated-logout-bad-post-logout-redirect-uri")
def test_an_address_that_is_not_registered_is_not_followed(suite: RelyingParty, name: str) -> None:
    hint = suite.tokens()["id_token"]
    bad = f"{AFTER_LOGOUT}/Tq7xEg2w"
    expect_a_page(suite.log_out(id_token_hint=hint, post_logout_redirect_uri=bad, state=STATE))


@module("oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri")
def test_an_address_is_followed_only_character_by_character(suite: RelyingParty, name: str) -> None:
    hint = suite.tokens()["id_token"]
    bad = f"{AFTER_LOGOUT}?foo=bar"
    expect_a_page(suite.log_out(id_token_hint=hint, post_logout_redirect_uri=bad, state=STATE))


@module("oidcc-rp-initiated-logout-modified-id-token-hint")
def test_a_hint_without_a_signature_proves_nothing(suite: RelyingParty, name: str) -> None:
    _, payload, _ = suite.tokens()["id_token"].split(".")
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    parameters = {"post_logout_redirect_uri": AFTER_LOGOUT, "state": STATE}
    expect_a_question_first(suite, id_token_hint=f"{header}.{payload}.", **parameters)


@module("oidcc-rp-initiated-logout-bad-id-token-hint")
def test_a_hint_that_somebody_else_has_signed_proves_nothing(suite: RelyingParty, name: str) -> None:
    claims = jwt.decode(suite.tokens()["id_token"], options={"verify_signature": False})
    fake = jwt.encode(claims, "a secret of the suite, 32 characters long", algorithm="HS256")
    expect_a_question_first(suite, id_token_hint=fake, post_logout_redirect_uri=AFTER_LOGOUT, state=STATE)


@module("oidcc-rp-initiated-logout-no-id-token-hint")
def test_an_address_alone_is_not_followed(suite: RelyingParty, name: str) -> None:
    expect_a_question_first(suite, post_logout_redirect_uri=AFTER_LOGOUT, state=STATE)


@module("oidcc-rp-initiated-logout-no-params")
def test_a_person_can_sign_out_without_any_application(suite: RelyingParty, name: str) -> None:
    expect_a_question_first(suite)


@module("oidcc-rp-initiated-logout-only-state")
def test_a_state_alone_leads_nowhere(suite: RelyingParty, name: str) -> None:
    expect_a_question_first(suite, state=STATE)


@module("oidcc-rp-initiated-logout-no-post-logout-redirect-uri")
def test_without_an_address_a_page_says_that_it_is_done(suite: RelyingParty, name: str) -> None:
    hint = suite.tokens()["id_token"]
    expect_a_page(suite.log_out(id_token_hint=hint, state=STATE))
    assert not suite.is_signed_in
