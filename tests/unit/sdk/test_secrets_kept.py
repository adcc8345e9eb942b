"""Tokens, and what protects a sign-in, are shown by nothing: no text of a value, no pickle, no error."""

from __future__ import annotations

import copy
import pickle
import traceback
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import respx

from billing_sdk import AccessClaims, IdClaims, SignedIn, SignInTransaction, TokenSet
from billing_sdk.auth.callback import Callback
from billing_sdk.auth.transaction import AuthUrl
from billing_sdk.contrib._sessions import Session, SignedInUser, StartedSignIn
from billing_sdk.errors import BillingError, SecretNotPickled
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import CLIENT_ID, ISSUER, KEY, NOW, access_claims, answer_always, id_claims, token_response

TOKENS = TokenSet("access-secret", NOW, "id-secret", "refresh-secret", "openid")
STARTED = SignInTransaction("state-secret", "nonce-secret", "verifier-secret", "https://a.example", ISSUER, NOW)
SIGNED_IN = SignedIn(
    TOKENS,
    IdClaims(ISSUER, "kp_1", (CLIENT_ID,), 2, 1, raw={"nonce": "nonce-secret"}),
    AccessClaims(ISSUER, "kp_1", 2, 1, raw={"jti": "jti-secret"}),
)
SESSION = Session(SignedInUser("kp_1"), ISSUER, None, frozenset(), TOKENS, NOW + timedelta(hours=1))
HOLDERS = [
    TOKENS,
    STARTED,
    SIGNED_IN,
    SESSION,
    StartedSignIn(STARTED),
    AuthUrl("https://id.example/?state=state-secret", STARTED),
    Callback({"code": "code-secret", "state": "state-secret"}),
]


@pytest.mark.attack(1, 32)
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
def test_no_value_shows_the_secret_that_it_holds(holder: Any) -> None:
    texts = [repr(holder), f"{holder!r:>10}", repr([holder]), repr({"x": holder})]
    if not isinstance(holder, AuthUrl):  # whose text is the address itself
        texts.append(str(holder))
    assert not [text for text in texts if "-secret" in text]


@pytest.mark.attack(1, 32)
@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_value_that_holds_a_secret_can_be_pickled(holder: Any, protocol: int) -> None:
    with pytest.raises(SecretNotPickled) as caught:
        pickle.dumps(holder, protocol)
    assert "-secret" not in str(caught.value)


def test_a_copy_of_a_secret_is_the_secret_itself() -> None:
    for holder in (TOKENS, STARTED):
        assert copy.copy(holder) is holder
        assert copy.deepcopy([holder])[0] is holder


def told(error: BaseException) -> str:
    """Return everything that a log could show of an error: its whole chain, its facts, and its document."""
    facts = repr(error.problem()) if isinstance(error, BillingError) else ""
    return "".join(traceback.format_exception(error)) + repr(error) + facts


@pytest.mark.attack(30, 47)
@pytest.mark.parametrize(
    "answer",
    [
        lambda sent: httpx.Response(400, json={"error": "invalid_request", "error_description": f"bad: {sent}"}),
        lambda sent: httpx.Response(401, json={"error": "invalid_client", "error_description": sent, "hint": [sent]}),
        lambda sent: httpx.Response(400, json={"error": sent, "error_description": sent}),
        lambda sent: httpx.Response(400, json={"error": "x", "error_description": urlencode({"body": sent})}),
        lambda sent: httpx.Response(422, json={"code": "x", "title": sent, "detail": sent, sent: {"a": [sent]}}),
        lambda sent: httpx.Response(500, json={"errors": [{"code": "X", "message": sent, "sent": sent}]}),
        lambda sent: httpx.Response(200, json=token_response(access_token=sent + "\n")),
        lambda sent: httpx.Response(200, json=token_response(access_token="a", id_token=sent)),
        lambda sent: httpx.Response(200, text=sent),
        lambda sent: httpx.Response(302, headers={"Location": f"https://evil.example/?{urlencode({'x': sent})}"}),
    ],
)
def test_an_answer_that_repeats_the_request_puts_no_secret_into_the_error(
    answer: Any, driver: Driver, issuer: respx.MockRouter
) -> None:
    started = driver.run(lambda c: c.login.login_url()).transaction
    secrets = ("code-very-secret", started.verifier, "shh-app", started.nonce)
    issuer.post("/oauth2/token").mock(side_effect=lambda _: answer(" ".join(secrets)))
    query = urlencode({"code": "code-very-secret", "state": started.state, "iss": ISSUER})
    with pytest.raises(BillingError) as caught:
        driver.run(lambda c: c.login.callback(query, started))
    shown = told(caught.value)
    # The nonce was not sent in this request; an answer that knows it has it from the provider's own address.
    assert not [secret for secret in secrets[:3] if secret in shown]


@pytest.mark.attack(30)
@pytest.mark.parametrize("spoil", ["state", "iss", "code"])
def test_a_callback_that_is_refused_puts_nothing_of_itself_into_the_error(
    spoil: str, driver: Driver, issuer: respx.MockRouter
) -> None:
    started = driver.run(lambda c: c.login.login_url()).transaction
    sent = {"code": "code-very-secret", "state": started.state, "iss": ISSUER, spoil: "spoilt-value"}
    answer_always(issuer.post("/oauth2/token"), {"error": "invalid_grant"}, status=400)
    with pytest.raises(BillingError) as caught:
        driver.run(lambda c: c.login.callback(urlencode(sent), started))
    shown = told(caught.value)
    assert not [text for text in (started.state, started.verifier, "spoilt-value", "very-secret") if text in shown]


@pytest.mark.attack(45)
def test_a_token_that_is_refused_is_not_in_the_error(driver: Driver, issuer: respx.MockRouter) -> None:
    access = KEY.sign(access_claims(sub="kp_2"), typ="at+jwt")
    old = TokenSet("opaque", NOW, KEY.sign(id_claims("", "n")), "refresh-very-secret")
    answer_always(issuer.post("/oauth2/token"), token_response(access_token=access, refresh_token="next-very-secret"))
    with pytest.raises(BillingError) as caught:
        driver.run(lambda c: c.login.refresh(old))
    shown = told(caught.value)
    assert not [text for text in (access, "very-secret", old.id_token or "") if text in shown]
