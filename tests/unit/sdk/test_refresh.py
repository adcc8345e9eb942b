"""Tokens after the sign-in: refreshed once for everybody, and revoked."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import httpx
import pytest
import respx

from billing_sdk import AsyncClient, Client, TokenSet
from billing_sdk.errors import (
    BillingError,
    ExpiredToken,
    InvalidToken,
)
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import (
    CLIENT_ID,
    KEY,
    NOW,
    OTHER_KEY,
    SETTINGS,
    access_claims,
    id_claims,
    token_response,
)


def test_revoking_sends_the_token_with_the_applications_credentials(driver: Driver, issuer: respx.MockRouter) -> None:
    route = issuer.post("/oauth2/revoke").mock(httpx.Response(200))
    assert driver.run(lambda c: c.login.revoke("refresh-1")) is None
    assert dict(parse_qsl(route.calls[0].request.content.decode())) == {
        "token": "refresh-1",
        "client_id": CLIENT_ID,
        "client_secret": "shh-app",
    }


def old_tokens() -> TokenSet:
    """Return tokens whose access token is about to end."""
    access = KEY.sign(access_claims(), typ="at+jwt")
    return TokenSet(access, NOW, KEY.sign(id_claims(access, "n")), "refresh-1", "openid offline")


def test_refreshing_gives_new_tokens(driver: Driver, issuer: respx.MockRouter) -> None:
    access = KEY.sign(access_claims(jti="jti_2"), typ="at+jwt")
    answer = token_response(access_token=access, refresh_token="refresh-2")
    route = issuer.post("/oauth2/token", data__contains={"grant_type": "refresh_token"}).mock(
        httpx.Response(200, json=answer)
    )
    old = old_tokens()

    new = driver.run(lambda c: c.login.refresh(old))

    assert (new.access_token, new.refresh_token, new.id_token, new.scope) == (
        access,
        "refresh-2",
        old.id_token,
        "openid offline",
    )
    # Who comes a moment later with the old token gets the same answer, not the reuse alarm.
    assert driver.run(lambda c: c.login.refresh(old)) is new
    assert route.call_count == 1


@pytest.mark.attack(45)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), ExpiredToken),
        (httpx.Response(200, json=token_response(access_token=KEY.sign(access_claims(sub="kp_2")))), InvalidToken),
        (
            httpx.Response(200, json=token_response(id_token=KEY.sign(id_claims("opaque", "n", sub="kp_2")))),
            InvalidToken,
        ),
        (httpx.Response(200, json=token_response(id_token=KEY.sign(id_claims("opaque", "n", iss="x")))), InvalidToken),
        (httpx.Response(200, json=token_response(id_token=KEY.sign(id_claims("opaque", "n", aud="x")))), InvalidToken),
        (httpx.Response(200, json=token_response(id_token=KEY.sign(id_claims("other", "n")))), InvalidToken),
        (httpx.Response(200, json=token_response(id_token=KEY.sign(id_claims("opaque", "another")))), InvalidToken),
        (
            httpx.Response(200, json=token_response(id_token=KEY.sign(id_claims("opaque", "n", azp="app_2")))),
            InvalidToken,
        ),
        (
            httpx.Response(200, json=token_response(id_token=OTHER_KEY.sign(id_claims("opaque", "n"), kid="key-1"))),
            InvalidToken,
        ),
        (httpx.Response(200, json=token_response(access_token=KEY.sign(access_claims(azp="app_2")))), InvalidToken),
    ],
)
def test_a_refresh_that_is_refused_or_about_somebody_else_gives_nothing(
    answer: httpx.Response, error: type[BillingError], driver: Driver, issuer: respx.MockRouter
) -> None:
    issuer.post("/oauth2/token").mock(answer)
    with pytest.raises(error):
        driver.run(lambda c: c.login.refresh(old_tokens()))


def test_there_is_nothing_to_refresh_without_a_refresh_token(driver: Driver, issuer: respx.MockRouter) -> None:
    with pytest.raises(ExpiredToken):
        driver.run(lambda c: c.login.refresh(TokenSet("opaque", NOW)))


@pytest.mark.attack(45)
def test_a_refreshed_id_token_of_the_same_sign_in_is_taken(driver: Driver, issuer: respx.MockRouter) -> None:
    for claims in (id_claims("opaque", "n"), {k: v for k, v in id_claims("opaque", "n").items() if k != "nonce"}):
        id_token = KEY.sign({**claims, "iat": claims["iat"] + 5})
        issuer.post("/oauth2/token").mock(httpx.Response(200, json=token_response(id_token=id_token)))
        fresh = TokenSet("opaque", NOW, KEY.sign(id_claims("", "n")), f"refresh-{len(claims)}")
        assert driver.run(lambda c, fresh=fresh: c.login.refresh(fresh)).id_token == id_token


@pytest.mark.attack(43)
def test_two_hundred_threads_refresh_once(issuer: respx.MockRouter) -> None:
    all_are_here = threading.Barrier(200)
    route = issuer.post("/oauth2/token").mock(httpx.Response(200, json=token_response(refresh_token="refresh-2")))
    client, old = Client(**SETTINGS), old_tokens()

    def refresh(_: int) -> TokenSet:
        all_are_here.wait(30)
        return client.login.refresh(old)

    with client, ThreadPoolExecutor(200) as pool:
        found = list(pool.map(refresh, range(200)))

    assert {tokens.refresh_token for tokens in found} == {"refresh-2"}
    assert route.call_count == 1


@pytest.mark.attack(43)
def test_two_hundred_tasks_refresh_once_even_if_the_first_is_cancelled(issuer: respx.MockRouter) -> None:
    begun = asyncio.Event()
    count = 0

    async def answer(_: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        begun.set()
        if count == 1:
            await asyncio.Event().wait()  # until the one who asked is cancelled
        return httpx.Response(200, json=token_response(refresh_token="refresh-2"))

    issuer.post("/oauth2/token").mock(side_effect=answer)

    async def refresh_all() -> list[TokenSet]:
        async with AsyncClient(**SETTINGS) as client:
            old = old_tokens()
            first = asyncio.create_task(client.login.refresh(old))
            await begun.wait()
            others = [asyncio.ensure_future(client.login.refresh(old)) for _ in range(200)]
            await asyncio.sleep(0)
            first.cancel()
            return await asyncio.gather(*others)

    found = asyncio.run(refresh_all())

    assert {tokens.refresh_token for tokens in found} == {"refresh-2"}
    assert count == 2
