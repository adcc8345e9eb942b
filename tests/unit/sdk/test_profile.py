"""Who signed in, as the userinfo endpoint tells: about the person of the ID token, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import respx

from billing_sdk import TokenSet
from billing_sdk.errors import InvalidRequest, InvalidToken, Unauthenticated, UnsafeAnswer
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import ISSUER, KEY, METADATA, NOW, access_claims, answer_always, id_claims, publish

ADA = {"id": "kp_1", "sub": "kp_1", "email": "ada@example.com", "email_verified": True, "given_name": "Ada", "x": 1}
PATH = "/oauth2/v2/user_profile"


def tokens() -> TokenSet:
    """Return the tokens of a sign-in of Ada."""
    access = KEY.sign(access_claims(), typ="at+jwt")
    return TokenSet(access, NOW, KEY.sign(id_claims(access, "n")))


def test_a_profile_is_read_with_the_access_token(driver: Driver, issuer: respx.MockRouter) -> None:
    route = answer_always(issuer.get(PATH), ADA)
    of_ada = tokens()
    found = driver.run(lambda c: c.login.profile(of_ada))
    assert (found.sub, found.email, found.is_email_verified, found.given_name) == ("kp_1", ADA["email"], True, "Ada")
    assert (found.name, found.raw["x"]) == (None, 1)
    assert route.calls[0].request.headers["authorization"] == f"Bearer {of_ada.access_token}"


@pytest.mark.attack(29, 70)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({**ADA, "sub": "kp_2"}, InvalidToken),
        ({**ADA, "sub": "KP_1"}, InvalidToken),
        ({**ADA, "sub": ""}, UnsafeAnswer),
        ({**ADA, "sub": None}, UnsafeAnswer),
        ({**ADA, "sub": ["kp_1"]}, UnsafeAnswer),
        ({**ADA, "email_verified": "true"}, UnsafeAnswer),
    ],
    ids=repr,
)
def test_a_profile_of_somebody_else_is_refused(
    answer: dict[str, Any], error: type[Exception], driver: Driver, issuer: respx.MockRouter
) -> None:
    answer_always(issuer.get(PATH), answer)
    with pytest.raises(error):
        driver.run(lambda c: c.login.profile(tokens()))


@pytest.mark.attack(29)
def test_a_profile_is_compared_with_the_access_token_where_no_id_token_came(
    driver: Driver, issuer: respx.MockRouter
) -> None:
    answer_always(issuer.get(PATH), {**ADA, "sub": "kp_2"})
    with pytest.raises(InvalidToken):
        driver.run(lambda c: c.login.profile(TokenSet(tokens().access_token, NOW)))


def test_nothing_is_asked_where_nothing_says_whom_it_has_to_be_about(driver: Driver, issuer: respx.MockRouter) -> None:
    route = answer_always(issuer.get(PATH), ADA)
    with pytest.raises(InvalidRequest):
        driver.run(lambda c: c.login.profile(TokenSet("opaque", NOW)))
    assert not route.called


def test_an_access_token_that_is_no_longer_good_is_told(driver: Driver, issuer: respx.MockRouter) -> None:
    issuer.get(PATH).mock(httpx.Response(401, json={"error": "invalid_token"}))
    with pytest.raises((Unauthenticated, InvalidToken)):
        driver.run(lambda c: c.login.profile(tokens()))


def test_an_issuer_without_the_endpoint_is_told(make_driver: Callable[..., Driver], issuer: respx.MockRouter) -> None:
    publish(issuer, metadata={name: value for name, value in METADATA.items() if name != "userinfo_endpoint"})
    with pytest.raises(InvalidRequest, match="userinfo"):
        make_driver(issuer=ISSUER).run(lambda c: c.login.profile(tokens()))
