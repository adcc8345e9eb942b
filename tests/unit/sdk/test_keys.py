"""Published keys: which are used, and how they are kept while the issuer rotates, floods or falls silent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from billing_sdk import AsyncClient, Client, KeySet, read_key_set
from billing_sdk.auth.jwk import UnusableKey, VerifyingKey
from billing_sdk.errors import BillingError, IssuerMismatch, TokenError, UnknownKey, Unreachable, UnsafeAnswer
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import (
    EC_KEY,
    ISSUER,
    KEY,
    METADATA,
    NOW,
    OTHER_KEY,
    SETTINGS,
    Key,
    Monotonic,
    access_claims,
    b64,
    number,
    publish,
)

TOKEN = KEY.sign(access_claims())
ROTATED = OTHER_KEY.sign(access_claims())
# A product of two primes of the form k * M + (65537 ** a mod M), the mark of CVE-2017-15361.
ROCA_SHAPE = pow(
    65_537, 12_345, 11 * 13 * 17 * 19 * 37 * 53 * 61 * 71 * 73 * 79 * 97 * 103 * 107 * 109 * 127 * 151 * 157
)


def small_rsa(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    """Return the JWK of a key of another size."""
    return Key("small", rsa.generate_private_key(public_exponent=exponent, key_size=bits)).jwk()


@pytest.mark.parametrize(
    "entry",
    [
        KEY.jwk(use="enc"),
        KEY.jwk(key_ops=["sign"]),
        KEY.jwk(key_ops="verify"),
        KEY.jwk(alg="RS512"),
        KEY.jwk(alg="ES256"),
        KEY.jwk(alg="HS256"),
        KEY.jwk(alg=7),
        KEY.jwk(kty="EC"),
        KEY.jwk(kid=7),
        KEY.jwk(kid="k" * 257),
        KEY.jwk(d="AQAB"),
        KEY.jwk(n=""),
        KEY.jwk(n="+/=="),
        KEY.jwk(e=number(3)),
        KEY.jwk(e=number(65_538)),
        KEY.jwk(n=number(2**2_048)),
        KEY.jwk(n=number(2**8_193 + 1)),
        KEY.jwk(n=number(2**2_047 // 2 * 2 + 0)),
        small_rsa(1_024),
        {"kty": "oct", "k": "AAAA", "kid": "o", "alg": "HS256"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        EC_KEY.jwk(crv="P-384"),
        EC_KEY.jwk(x=b64(b"\x01" * 32)),
        EC_KEY.jwk(x=EC_KEY.jwk()["x"][:-2]),
        Key("p384", ec.generate_private_key(ec.SECP256R1())).jwk(alg="ES384"),
        "key",
        None,
    ],
    ids=lambda entry: str(entry)[:40],
)
def test_an_entry_that_can_not_verify_safely_is_left_out(entry: Any) -> None:
    with pytest.raises(UnusableKey):
        VerifyingKey.read(entry)
    assert len(KeySet.read({"keys": [entry, KEY.jwk()]}).keys) == 1


def test_a_key_of_the_broken_generator_is_left_out() -> None:
    step = 11 * 13 * 17 * 19 * 37 * 53 * 61 * 71 * 73 * 79 * 97 * 103 * 107 * 109 * 127 * 151 * 157
    marked = ROCA_SHAPE + step * (2**2_047 // step + 2)
    marked += step if marked % 2 == 0 else 0
    with pytest.raises(UnusableKey, match="generator"):
        VerifyingKey.read(KEY.jwk(n=number(marked)))


@pytest.mark.parametrize(
    "document",
    [
        {"keys": []},
        {"keys": {}},
        {"keys": [KEY.jwk()] * 101},
        {"keys": [{"kty": "oct", "k": "AAAA"}]},
        [],
        "text",
        None,
    ],
    ids=lambda document: str(document)[:30],
)
def test_a_set_without_a_usable_key_is_refused(document: Any) -> None:
    with pytest.raises(UnsafeAnswer):
        KeySet.read(document)


def test_two_keys_of_one_id_mean_neither() -> None:
    found = KeySet.read({"keys": [KEY.jwk(), OTHER_KEY.jwk(kid="key-1"), EC_KEY.jwk()]})
    assert found.find("key-1", "RS256") is None
    assert found.find("key-ec", "ES256") is not None
    assert found.find("key-ec", "RS256") is None


def test_a_key_set_beside_the_program_can_be_read() -> None:
    assert read_key_set(json.dumps({"keys": [KEY.jwk(alg=None)]})).find("key-1", "RS256") is not None
    with pytest.raises(UnsafeAnswer):
        read_key_set('{"keys":[],"keys":[]}')


class Clocked:
    """A client whose caches count on a clock that a test moves."""

    def __init__(self, driver: Driver) -> None:
        self.clock = Monotonic()
        self.driver = driver
        provider = driver.client._provider
        provider.__init__(driver.client.config, now=lambda: NOW, monotonic=self.clock)

    def verify(self, token: str) -> Any:
        """Verify a token that was not seen before."""
        self.driver.client._provider.verifier._verified.clear()
        return self.driver.run(lambda c: c.tokens.verify_access(token))


@pytest.fixture
def clocked(driver: Driver) -> Clocked:
    """A client with a clock."""
    return Clocked(driver)


def keys_route(issuer: respx.MockRouter) -> respx.Route:
    """Return the route of the key set, to be answered in another way."""
    return issuer.get("/.well-known/jwks")


def fetches(issuer: respx.MockRouter) -> int:
    """Return how often the key set was asked for."""
    return sum(call.request.url.path == "/.well-known/jwks" for call in issuer.calls)


def test_a_rotated_key_is_accepted_on_first_use(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    assert clocked.verify(ROTATED).sub == "kp_1"
    with pytest.raises(UnknownKey):
        clocked.verify(TOKEN)


def test_a_flood_of_made_up_keys_costs_eight_fetches_a_minute(clocked: Clocked, issuer: respx.MockRouter) -> None:
    for second in range(60):
        for i in range(20):
            with pytest.raises(UnknownKey):
                clocked.verify(KEY.sign(access_claims(), kid=f"made-up-{second}-{i}"))
        clocked.clock.advance(1)
    assert fetches(issuer) <= 8


def test_during_a_flood_a_rotated_key_is_accepted_within_ten_seconds(
    clocked: Clocked, issuer: respx.MockRouter
) -> None:
    for i in range(50):
        with pytest.raises(UnknownKey):
            clocked.verify(KEY.sign(access_claims(), kid=f"made-up-{i}"))
    publish(issuer, OTHER_KEY.jwk())
    clocked.clock.advance(10)
    assert clocked.verify(ROTATED).sub == "kp_1"


def test_known_keys_are_served_while_they_are_fetched_again(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    clocked.clock.advance(601)
    assert clocked.verify(TOKEN).sub == "kp_1"
    clocked.driver.settle()
    assert fetches(issuer) == 2
    with pytest.raises(UnknownKey):
        clocked.verify(TOKEN)


def test_known_keys_survive_an_outage_of_a_day_and_no_longer(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    keys_route(issuer).mock(httpx.Response(500))
    for _ in range(23):
        clocked.clock.advance(3_600)
        assert clocked.verify(TOKEN).sub == "kp_1"
        clocked.driver.settle()
    with pytest.raises(BillingError):
        clocked.verify(ROTATED)
    clocked.clock.advance(3_600)
    with pytest.raises(BillingError):
        clocked.verify(TOKEN)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": f"{ISSUER}/elsewhere"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"keys": []}),
        httpx.Response(200, json={"keys": [{"kty": "oct", "k": "AAAA"}]}),
        httpx.Response(200, content=b"{" + b" " * 524_288, headers={"content-type": "application/json"}),
        httpx.Response(200, content=b"x", headers={"content-type": "application/json", "content-encoding": "gzip"}),
    ],
    ids=["redirect", "html", "empty", "symmetric", "long", "compressed"],
)
def test_a_bad_set_does_not_replace_a_good_one(
    answer: httpx.Response, clocked: Clocked, issuer: respx.MockRouter
) -> None:
    clocked.verify(TOKEN)
    keys_route(issuer).mock(answer)
    clocked.clock.advance(601)
    clocked.verify(TOKEN)
    clocked.driver.settle()
    assert clocked.verify(TOKEN).sub == "kp_1"


def test_without_any_key_an_outage_is_told_and_asked_about_once_a_second(
    clocked: Clocked, issuer: respx.MockRouter
) -> None:
    keys_route(issuer).mock(side_effect=httpx.ConnectError("no"))
    for _ in range(5):
        with pytest.raises(Unreachable):
            clocked.verify(TOKEN)
    calls = fetches(issuer)
    publish(issuer)
    clocked.clock.advance(1)
    assert clocked.verify(TOKEN).sub == "kp_1"
    assert calls == 3  # one fetch and its two retries


def test_a_compromised_key_can_be_forgotten_at_once(clocked: Clocked, issuer: respx.MockRouter) -> None:
    clocked.verify(TOKEN)
    publish(issuer, OTHER_KEY.jwk())
    clocked.driver.client.tokens.purge()
    with pytest.raises(UnknownKey):
        clocked.verify(TOKEN)


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


def test_a_hundred_threads_fetch_the_keys_once_and_a_rotation_once_more(issuer: respx.MockRouter) -> None:
    client = Client(**SETTINGS)
    together = threading.Barrier(100)

    def verify(token: str) -> Callable[[int], str]:
        def run(_: int) -> str:
            together.wait(30)
            return client.tokens.verify_access(token).sub

        return run

    with client, ThreadPoolExecutor(100) as pool:
        assert set(pool.map(verify(TOKEN), range(100))) == {"kp_1"}
        assert fetches(issuer) == 1
        publish(issuer, OTHER_KEY.jwk())
        assert set(pool.map(verify(ROTATED), range(100))) == {"kp_1"}
    assert fetches(issuer) == 2


def test_one_client_serves_two_event_loops(issuer: respx.MockRouter) -> None:
    client = AsyncClient(**SETTINGS)

    async def verify() -> set[str]:
        found = await asyncio.gather(*(client.tokens.verify_access(TOKEN) for _ in range(20)), return_exceptions=True)
        assert not [error for error in found if isinstance(error, TokenError)]
        await client._transport._client().aclose()
        return {claims.sub for claims in found if not isinstance(claims, BaseException)}

    with ThreadPoolExecutor(2) as pool:
        loops = [pool.submit(asyncio.run, verify()) for _ in range(2)]
        assert [loop.result(30) for loop in loops] == [{"kp_1"}, {"kp_1"}]
    assert fetches(issuer) == 1
