"""The issuer's metadata: believed only about the issuer itself, and never allowed to lead away from it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
import respx

from billing_sdk.errors import BillingError, IssuerMismatch, UnsafeAnswer
from tests.unit.sdk.conftest import Clocked, Driver
from tests.unit.sdk.kit import ISSUER, KEY, METADATA, access_claims, answer_always, publish

DOCUMENT = "/.well-known/openid-configuration"


@pytest.mark.attack(80, 89)
@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"issuer": ISSUER + "/"}, IssuerMismatch),
        ({"issuer": "https://evil.example"}, IssuerMismatch),
        ({"jwks_uri": "https://evil.example/jwks"}, UnsafeAnswer),
        ({"jwks_uri": "http://id.example/jwks"}, UnsafeAnswer),
        ({"token_endpoint": "https://id.example:8443/token"}, UnsafeAnswer),
        ({"authorization_endpoint": "https://id.example@evil.example/auth"}, UnsafeAnswer),
        ({"end_session_endpoint": "javascript:alert(1)"}, UnsafeAnswer),
        ({"token_endpoint": None}, UnsafeAnswer),
        ({"code_challenge_methods_supported": ["plain"]}, UnsafeAnswer),
    ],
    ids=repr,
)
def test_metadata_that_leads_away_from_the_issuer_is_refused(
    change: dict[str, Any], error: type[BillingError], driver: Driver, issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata={**METADATA, **change})
    with pytest.raises(error):
        driver.run(lambda c: c.login.login_url())


def test_metadata_stays_during_an_outage(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.driver.run(lambda c: c.login.login_url())
    issuer.get("/.well-known/openid-configuration").mock(httpx.Response(503))
    clocked.clock.advance(3_601)
    assert str(clocked.driver.run(lambda c: c.login.login_url())).startswith(METADATA["authorization_endpoint"])


@pytest.mark.attack(80)
@pytest.mark.parametrize("issuer_later", [f"{ISSUER}/", "https://evil.example", "", None], ids=repr)
def test_metadata_that_speaks_for_another_issuer_later_is_not_believed(
    issuer_later: str | None, clocked: Clocked, issuer: respx.MockRouter
) -> None:
    clocked.driver.run(lambda c: c.login.login_url())
    elsewhere = f"{ISSUER}/elsewhere"
    answer_always(issuer.get(DOCUMENT), {**METADATA, "issuer": issuer_later, "authorization_endpoint": elsewhere})
    clocked.clock.advance(3_601)
    assert str(clocked.driver.run(lambda c: c.login.login_url())).startswith(METADATA["authorization_endpoint"])


@pytest.mark.attack(80)
def test_no_token_is_verified_where_the_metadata_speaks_for_another_issuer(
    driver: Driver, issuer: respx.MockRouter
) -> None:
    publish(issuer, metadata={**METADATA, "issuer": f"{ISSUER}/"})
    with pytest.raises(IssuerMismatch):
        driver.run(lambda c: c.tokens.verify_access(KEY.sign(access_claims())))
    assert [call.request.url.path for call in issuer.calls] == [DOCUMENT]


@pytest.mark.attack(85)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("path", [DOCUMENT, "/.well-known/jwks"])
def test_a_redirect_of_what_an_issuer_publishes_is_not_followed(
    path: str, status: int, driver: Driver, issuer: respx.MockRouter
) -> None:
    elsewhere = answer_always(issuer.get("/elsewhere"), METADATA if path == DOCUMENT else {"keys": [KEY.jwk()]})
    issuer.get(path).mock(httpx.Response(status, headers={"location": f"{ISSUER}/elsewhere"}))
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.tokens.verify_access(KEY.sign(access_claims())))
    assert elsewhere.call_count == 0


@pytest.mark.attack(86)
@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>"),
        httpx.Response(200, content=b'{"issuer":', headers={"content-type": "application/json"}),
        httpx.Response(200, content=b" " * 262_145, headers={"content-type": "application/json"}),
        httpx.Response(200, json=METADATA, headers={"content-encoding": "compress"}),
        httpx.Response(200, json=[METADATA]),
        httpx.Response(200, content=b'{"issuer":"a","issuer":"b"}', headers={"content-type": "application/json"}),
    ],
    ids=["html", "cut", "long", "compressed", "list", "twice"],
)
def test_metadata_that_is_no_short_plain_document_is_refused(
    answer: httpx.Response, driver: Driver, issuer: respx.MockRouter
) -> None:
    issuer.get(DOCUMENT).mock(answer)
    with pytest.raises(UnsafeAnswer):
        driver.run(lambda c: c.login.login_url())
