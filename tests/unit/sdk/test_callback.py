"""The way back from the provider: what is checked before and after the code is redeemed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
import respx

from billing_sdk import SignedIn
from billing_sdk.errors import (
    BillingError,
    ExpiredToken,
    InvalidToken,
    IssuerMismatch,
    SignInDenied,
    SignInError,
    SignInExpired,
    StateMismatch,
    UnsafeAnswer,
)
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import (
    CLIENT_ID,
    ISSUER,
    KEY,
    METADATA,
    NOW,
    OTHER_KEY,
    SECONDS,
    access_claims,
    id_claims,
    publish,
    token_response,
)


class Visit:
    """A visitor on the way back: what the address says and what the token endpoint answers can be bent."""

    def __init__(self, driver: Driver, issuer: respx.MockRouter) -> None:
        self.driver = driver
        self.issuer = issuer
        self.transaction = driver.run(lambda c: c.login.login_url(return_to="/reports")).transaction
        self.access_token = KEY.sign(access_claims(), typ="at+jwt")
        self.parameters = {"code": "code_1", "state": self.transaction.state, "iss": ISSUER}
        self.route: respx.Route | None = None

    def answer(self, id_token: str | None = None, **members: Any) -> None:
        """Let the token endpoint answer."""
        id_token = id_token or KEY.sign(id_claims(self.access_token, self.transaction.nonce))
        tokens = {"access_token": self.access_token, "id_token": id_token, "refresh_token": "refresh-1", **members}
        self.route = self.issuer.post("/oauth2/token", data__contains={"grant_type": "authorization_code"}).mock(
            httpx.Response(200, json=token_response(**tokens))
        )

    def come_back(self, query: Any = None) -> SignedIn:
        """Call the callback."""
        if self.route is None:
            self.answer()
        address = query if query is not None else f"https://app.example/billing/callback?{urlencode(self.parameters)}"
        found: SignedIn = self.driver.run(lambda c: c.login.callback(address, self.transaction))
        return found


@pytest.fixture
def visit(driver: Driver, issuer: respx.MockRouter) -> Visit:
    """A visitor who has signed in at the issuer and is about to come back."""
    return Visit(driver, issuer)


def test_a_callback_brings_verified_tokens(visit: Visit) -> None:
    signed_in = visit.come_back()

    assert (signed_in.user.sub, signed_in.user.email, signed_in.access.org_code) == ("kp_1", "ada@example.com", "org_1")
    assert (signed_in.tokens.refresh_token, signed_in.return_to) == ("refresh-1", "/reports")
    assert signed_in.tokens.expires_at == NOW + timedelta(hours=1)
    assert visit.route is not None
    (call,) = visit.route.calls
    assert dict(parse_qsl(call.request.content.decode())) == {
        "grant_type": "authorization_code",
        "code": "code_1",
        "redirect_uri": "https://app.example/billing/callback",
        "code_verifier": visit.transaction.verifier,
        "client_id": CLIENT_ID,
        "client_secret": "shh-app",
    }
    assert not [secret for secret in ("refresh-1", visit.access_token) if secret in repr(signed_in)]


@pytest.mark.parametrize("as_query", [urlencode, lambda p: f"?{urlencode(p)}", dict])
def test_a_callback_can_be_given_as_a_query_or_by_name(visit: Visit, as_query: Callable[[Any], Any]) -> None:
    assert visit.come_back(as_query(visit.parameters)).user.sub == "kp_1"


def bent(visit: Visit, **change: str | None) -> str:
    """Return the query with parameters replaced, added or left out."""
    found = {**visit.parameters, **change}
    return urlencode({name: value for name, value in found.items() if value is not None})


@pytest.mark.attack(25, 26, 28, 30, 31)
@pytest.mark.parametrize(
    ("query", "error"),
    [
        (lambda v: bent(v, state=None), StateMismatch),
        (lambda v: bent(v, state=""), StateMismatch),
        (lambda v: bent(v, state="foreign"), StateMismatch),
        (lambda v: bent(v, state=v.transaction.state + "x"), StateMismatch),
        (lambda v: bent(v, state="ä"), StateMismatch),
        (lambda v: bent(v, code=None, error="access_denied", state=None), StateMismatch),
        (lambda v: bent(v, iss=None), IssuerMismatch),
        (lambda v: bent(v, iss=ISSUER + "/"), IssuerMismatch),
        (lambda v: bent(v, iss="https://evil.example"), IssuerMismatch),
        (lambda v: bent(v, error="access_denied"), SignInError),
        (lambda v: bent(v, code=None), SignInError),
        (lambda v: bent(v, code=""), SignInError),
        (lambda v: bent(v, code=None, error="login_required"), SignInDenied),
        (lambda v: bent(v) + "&code=code_2", SignInError),
        (lambda v: bent(v) + f"&state={v.transaction.state}", SignInError),
        (lambda v: {**v.parameters, "code": ["code_1", "code_2"]}, SignInError),
        (lambda v: {**v.parameters, "state": None}, StateMismatch),
        (lambda v: {**v.parameters, "state": []}, StateMismatch),
        (lambda v: {**v.parameters, "iss": None}, IssuerMismatch),
        (lambda v: "https://app.example/billing/callback#" + bent(v), SignInError),
        (lambda v: bent(v) + "".join(f"&p{i}=1" for i in range(40)), SignInError),
        (lambda v: bent(v) + "&x=" + "y" * 40_000, SignInError),
        (lambda v: "code=%ff&" + bent(v, code=None), SignInError),
        (lambda v: "", StateMismatch),
    ],
)
def test_a_callback_that_is_not_ours_is_refused_before_any_token_request(
    visit: Visit, query: Callable[[Visit], Any], error: type[BillingError]
) -> None:
    with pytest.raises(error):
        visit.come_back(query(visit))
    assert visit.route is not None
    assert not visit.route.called


@pytest.mark.attack(30)
def test_a_refusal_of_the_provider_is_told_in_harmless_characters(visit: Visit) -> None:
    with pytest.raises(SignInDenied) as caught:
        visit.come_back(
            bent(visit, code=None, error="access_denied", error_description="<b>\r\n\x1b[31m" + "x" * 9_000)
        )
    assert caught.value.facts == {"error": "access_denied"}
    assert caught.value.detail.startswith("<b>???[31m")
    assert len(caught.value.detail) == 256


@pytest.mark.attack(1, 26)
def test_an_old_sign_in_has_expired(visit: Visit) -> None:
    visit.transaction = replace(visit.transaction, started_at=NOW - timedelta(minutes=10, seconds=1))
    with pytest.raises(SignInExpired):
        visit.come_back()


@pytest.mark.attack(8)
def test_a_sign_in_that_was_started_with_another_issuer_is_refused(visit: Visit) -> None:
    visit.transaction = replace(visit.transaction, issuer="https://other.example")
    with pytest.raises(IssuerMismatch):
        visit.come_back()


def test_the_issuer_need_not_be_sent_where_the_metadata_does_not_promise_it(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata={**METADATA, "authorization_response_iss_parameter_supported": False})
    visit = Visit(make_driver(), issuer)
    visit.answer()
    assert visit.come_back(bent(visit, iss=None)).user.sub == "kp_1"


@pytest.mark.attack(2, 29, 66, 68, 69, 70, 71, 72, 73)
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "foreign"},
        {"nonce": None},
        {"iss": ISSUER + "/"},
        {"aud": ["app_2"]},
        {"aud": [CLIENT_ID, "app_2"]},
        {"aud": []},
        {"azp": "app_2"},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"at_hash": "AAAA"},
        {"at_hash": None},
        {"exp": None},
        {"iat": None},
        {"scp": ["openid"]},
        {"event_id": "event_1"},
    ],
    ids=repr,
)
def test_an_id_token_of_another_sign_in_is_refused(visit: Visit, claims: dict[str, Any]) -> None:
    given = id_claims(visit.access_token, visit.transaction.nonce) | claims
    visit.answer(KEY.sign(given))
    with pytest.raises(InvalidToken):
        visit.come_back()


@pytest.mark.attack(67, 72, 78)
def test_an_id_token_that_has_ended_or_is_badly_signed_is_refused(visit: Visit) -> None:
    given = id_claims(visit.access_token, visit.transaction.nonce)
    for bad in (
        OTHER_KEY.sign(given, kid="key-1"),
        KEY.sign(given)[:-8] + "AAAAAAAA",
        KEY.sign({**given, "exp": given["iat"] + 1}),
        KEY.sign(given, typ="at+jwt"),
        "not-a-token",
    ):
        visit.answer(bad)
        with pytest.raises((InvalidToken, ExpiredToken)):
            visit.come_back()


def test_an_access_token_of_somebody_else_is_refused(visit: Visit) -> None:
    for other in (access_claims(sub="kp_2"), access_claims(azp="app_2")):
        visit.access_token = KEY.sign(other, typ="at+jwt")
        visit.answer()
        with pytest.raises(InvalidToken):
            visit.come_back()


def test_an_opaque_access_token_allows_nothing_by_itself(visit: Visit) -> None:
    visit.access_token = "opaque"
    signed_in = visit.come_back()
    assert (signed_in.access.sub, signed_in.access.permissions, signed_in.access.org_code) == (
        "kp_1",
        frozenset(),
        None,
    )


@pytest.mark.attack(29)
@pytest.mark.parametrize(("auth_time", "is_taken"), [(-60, True), (-360, True), (-361, False), (None, False)])
def test_a_visitor_who_had_to_sign_in_lately_has_done_so(visit: Visit, auth_time: int | None, is_taken: bool) -> None:
    visit.transaction = visit.driver.run(lambda c: c.login.login_url(max_age_seconds=300)).transaction
    visit.parameters["state"] = visit.transaction.state
    told = {} if auth_time is None else {"auth_time": SECONDS + auth_time}
    visit.answer(KEY.sign(id_claims(visit.access_token, visit.transaction.nonce, **told)))
    if is_taken:
        assert visit.come_back().user.sub == "kp_1"
    else:
        with pytest.raises(InvalidToken):
            visit.come_back()


@pytest.mark.attack(47)
@pytest.mark.parametrize(
    "members",
    [
        {"token_type": None},
        {"token_type": "mac"},
        {"expires_in": -1},
        {"expires_in": "3600"},
        {"expires_in": 1e30},
        {"expires_in": True},
        {"access_token": ""},
        {"access_token": "x" * 16_385},
        {"refresh_token": "a\nb"},
    ],
    ids=repr,
)
def test_a_hostile_token_response_is_refused(visit: Visit, members: dict[str, Any]) -> None:
    visit.answer(**members)
    with pytest.raises(UnsafeAnswer):
        visit.come_back()


JSON = {"Content-Type": "application/json"}


@pytest.mark.attack(47)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>signed in</html>"),
        httpx.Response(200, text=json.dumps(token_response())),
        httpx.Response(302, headers={"Location": "https://evil.example/"}),
        httpx.Response(307, headers={"Location": f"{ISSUER}/elsewhere"}),
        httpx.Response(200, content=b'{"access_token": "a", "token_type": "bearer", "expires_in": NaN}', headers=JSON),
        httpx.Response(
            200, content=b'{"access_token": "a", "access_token": "b", "token_type": "bearer"}', headers=JSON
        ),
        httpx.Response(
            200, content=b'{"access_token": "a", "token_type": "bearer", "expires_in": 1e9999}', headers=JSON
        ),
        httpx.Response(200, content=b"[" * 5_000 + b"]" * 5_000, headers=JSON),
        httpx.Response(200, content=b"\xff\xfe{}", headers=JSON),
        httpx.Response(200, json=[]),
        httpx.Response(200, json=None),
        httpx.Response(200, json=token_response(padding="x" * 131_072)),
        httpx.Response(200, content=b"", headers=JSON),
        httpx.Response(200, content=gzip.compress(b" " * 5_000_000), headers={**JSON, "Content-Encoding": "gzip"}),
        httpx.Response(204),
    ],
    ids=lambda answer: f"{answer.status_code} {bytes(answer.content[:24])!r}",
)
def test_an_answer_that_is_no_token_response_is_refused_and_not_followed(visit: Visit, answer: httpx.Response) -> None:
    # Built anew for each colour: a response can be read once.
    raw = httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(sent_body(answer)))
    visit.route = visit.issuer.post("/oauth2/token").mock(raw)
    with pytest.raises(UnsafeAnswer):
        visit.come_back()
    assert visit.route.call_count == 1


def sent_body(answer: httpx.Response) -> bytes:
    """Return the body as it travels."""
    plain: bytes = answer.content
    return gzip.compress(plain) if answer.headers.get("content-encoding") == "gzip" else plain


def test_a_token_response_may_leave_out_its_lifetime(visit: Visit) -> None:
    visit.answer(expires_in=None, token_type="BEARER")
    assert visit.come_back().tokens.expires_at == NOW + timedelta(minutes=5)


def test_a_code_that_was_used_before_ends_the_sign_in(visit: Visit) -> None:
    visit.route = visit.issuer.post("/oauth2/token").mock(
        httpx.Response(400, json={"error": "invalid_grant", "error_description": "used"})
    )
    with pytest.raises(SignInError) as caught:
        visit.come_back()
    assert caught.value.facts == {"error": "invalid_grant"}
