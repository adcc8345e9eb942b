"""Access tokens: accepted only if everything about them is right, and never another kind in their place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import respx

from billing_sdk import IdClaims
from billing_sdk.auth.claims import AccessClaims
from billing_sdk.auth.jwk import VerifyingKey
from billing_sdk.auth.jws import read_token
from billing_sdk.auth.verifier import Verified, VerifiedCache
from billing_sdk.errors import BillingError, ExpiredToken, InvalidToken, InvalidWebhook, TokenError, UnknownKey
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import (
    CLIENT_ID,
    EC_KEY,
    ISSUER,
    KEY,
    OTHER_KEY,
    SECONDS,
    access_claims,
    event_claims,
    id_claims,
    publish,
    segment,
)

GOOD = access_claims()


def duplicated(name: str, value: Any) -> bytes:
    """Return the claims with one of them there twice."""
    return json.dumps(GOOD)[:-1].encode() + f',"{name}":{json.dumps(value)}}}'.encode()


def verify(driver: Driver, token: Any, **options: Any) -> AccessClaims:
    """Verify an access token in the driver's colour."""
    found: AccessClaims = driver.run(lambda c: c.tokens.verify_access(token, **options))
    return found


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT", "JWT", None])
def test_an_access_token_is_accepted_under_each_name_of_its_type(
    typ: str | None, driver: Driver, issuer: respx.MockRouter
) -> None:
    found = verify(driver, KEY.sign(GOOD, typ=typ))
    assert (found.sub, found.owner) == ("kp_1", (ISSUER, "kp_1", "org_1"))
    assert found.scopes == {"openid"}


@pytest.mark.attack(55)
def test_an_elliptic_key_is_accepted_for_its_own_algorithm(driver: Driver, issuer: respx.MockRouter) -> None:
    publish(issuer, KEY.jwk(), EC_KEY.jwk())
    assert verify(driver, EC_KEY.sign(GOOD)).sub == "kp_1"
    with pytest.raises(TokenError):
        verify(driver, EC_KEY.sign(GOOD, alg="RS256"))


@pytest.mark.attack(58)
def test_a_token_without_a_key_id_is_accepted_only_if_there_is_one_key(
    driver: Driver, issuer: respx.MockRouter
) -> None:
    assert verify(driver, KEY.sign(GOOD, kid=None)).sub == "kp_1"
    publish(issuer, KEY.jwk(), OTHER_KEY.jwk())
    driver.client.keys.purge()
    with pytest.raises(UnknownKey):
        verify(driver, KEY.sign(GOOD, kid=None))


@pytest.mark.attack(53, 54, 55, 56, 57, 58, 59, 60, 62, 72)
@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "NoNe"},
        {"alg": ""},
        {"alg": None},
        {"alg": ["RS256"]},
        {"alg": "HS256"},
        {"alg": "RS512"},
        {"alg": "PS256"},
        {"jwk": KEY.jwk()},
        {"jku": "https://evil.example/keys"},
        {"x5u": "file:///etc/passwd"},
        {"x5c": []},
        {"crit": []},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
        {"kid": ""},
        {"kid": 7},
        {"kid": "k" * 257},
        {"typ": 7},
        {"typ": "webhook-event+jwt"},
        {"typ": "logout+jwt"},
        {"typ": "dpop+jwt"},
    ],
    ids=lambda header: "jwk" if "jwk" in header else repr(header),  # a key is made anew in each run
)
def test_a_header_that_a_billing_decision_should_not_rest_on_is_refused(
    header: dict[str, Any], driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidToken):
        verify(driver, KEY.sign(GOOD, **header))


@pytest.mark.attack(53, 60, 61, 63, 65)
@pytest.mark.parametrize(
    "bend",
    [
        lambda h, p, s: f"{h}.{p}.",
        lambda h, p, s: f"{h}..{s}",
        lambda h, p, s: f".{p}.{s}",
        lambda h, p, s: f"{h}.{p}",
        lambda h, p, s: f"{h}.{p}.{s}.{s}",
        lambda h, p, s: f"{h}.{p}.{s}.{s}.{s}",
        lambda h, p, s: f"{h}.{p}.{s}==",
        lambda h, p, s: f"{h}.{p}.{s}\n",
        lambda h, p, s: f" {h}.{p}.{s}",
        lambda h, p, s: f"{h}.{p}.+{s[1:]}",
        lambda h, p, s: f"{h}.{p}.{s[:-1]}",
        lambda h, p, s: f"{h}.{p}.{s[:-1]}{'B' if s[-1] != 'B' else 'C'}",
        lambda h, p, s: f"{h}.{segment(access_claims(sub='kp_2'))}.{s}",
        lambda h, p, s: json.dumps({"protected": h, "payload": p, "signature": s}),
        lambda h, p, s: "x" * 16_385,
        lambda h, p, s: "ä.ä.ä",
        lambda h, p, s: "",
        lambda h, p, s: "\ud800.a.b",
    ],
)
def test_a_token_that_is_not_three_plain_segments_is_refused(
    bend: Any, driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidToken):
        verify(driver, bend(*KEY.sign(GOOD).split(".")))


@pytest.mark.attack(63)
def test_a_token_has_one_spelling(driver: Driver, issuer: respx.MockRouter) -> None:
    token = KEY.sign(GOOD)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The last character of 256 octets has four bits that no octet holds.
    for unused in (1, 2, 8, 15):
        twin = token[:-1] + alphabet[alphabet.index(token[-1]) | unused]
        with pytest.raises(InvalidToken, match="canonical"):
            verify(driver, twin)


@pytest.mark.attack(61)
@pytest.mark.parametrize("more", [".AAAA", ".", ".AAAA.AAAA", "..", ".e30" * 100])
def test_a_token_with_more_than_three_segments_is_not_even_looked_into(more: str) -> None:
    with pytest.raises(InvalidToken, match="three segments"):
        read_token(KEY.sign(GOOD) + more, max_bytes=16_384)


@pytest.mark.attack(64, 65, 66, 79)
@pytest.mark.parametrize(
    "payload",
    [
        duplicated("sub", "kp_2"),
        duplicated("org_code", "org_2"),
        b"[]",
        b"null",
        b"",
        b"{",
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode(),
        json.dumps(GOOD).encode("utf-16"),
        b'{"sub":"\xc0\xaf"}',
        json.dumps({**GOOD, "deep": json.loads("[" * 40 + "]" * 40)}).encode(),
        b'{"deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        json.dumps(GOOD).encode()[:-1] + b',"n":' + b"9" * 4_000 + b"}",
        json.dumps(GOOD).encode()[:-1] + b',"n":1e999}',
        json.dumps(GOOD).encode()[:-1] + b',"n":NaN}',
        json.dumps({**GOOD, "half": "\ud800"}).encode(),
    ],
    ids=lambda payload: repr(payload[-20:]),
)
def test_a_payload_with_two_meanings_or_no_bound_is_refused(
    payload: bytes, driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidToken):
        verify(driver, KEY.sign(payload))


@pytest.mark.attack(64)
def test_a_header_with_a_member_twice_is_refused(driver: Driver, issuer: respx.MockRouter) -> None:
    with pytest.raises(InvalidToken):
        verify(driver, KEY.sign_raw(b'{"alg":"none","alg":"RS256","kid":"key-1"}', GOOD))


@pytest.mark.attack(66)
@pytest.mark.parametrize("name", ["exp", "iat"])
@pytest.mark.parametrize(
    "value", [None, "9999999999", SECONDS + 0.5, float(SECONDS + 20), True, [1], -1, 2**53 + 1, {}], ids=repr
)
def test_a_time_that_is_not_whole_seconds_is_refused(
    name: str, value: Any, driver: Driver, issuer: respx.MockRouter
) -> None:
    with pytest.raises(InvalidToken):
        verify(driver, KEY.sign({**GOOD, name: value}))


@pytest.mark.attack(66, 67, 68, 69, 70)
@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"exp": SECONDS}, ExpiredToken),
        ({"exp": SECONDS - 1}, ExpiredToken),
        ({"iat": SECONDS + 61, "exp": SECONDS + 100}, InvalidToken),
        ({"nbf": SECONDS + 61}, InvalidToken),
        ({"nbf": "soon"}, InvalidToken),
        ({"exp": SECONDS - 20}, InvalidToken),
        ({"iss": ISSUER + "/"}, InvalidToken),
        ({"iss": [ISSUER]}, InvalidToken),
        ({"iss": None}, InvalidToken),
        ({"sub": None}, InvalidToken),
        ({"sub": ""}, InvalidToken),
        ({"sub": "s" * 256}, InvalidToken),
        ({"sub": "s" * 255}, None),
        ({"sub": ["kp_1"]}, InvalidToken),
        ({"exp": SECONDS - 10 + 86_401}, InvalidToken),
        ({"exp": SECONDS - 10 + 86_400}, None),
        ({"aud": [1]}, InvalidToken),
        ({"permissions": "all"}, None),
        ({"permissions": {"a": 1}}, InvalidToken),
        ({"org_code": 7}, InvalidToken),
        ({"iat": SECONDS + 60, "exp": SECONDS + 100}, None),
        ({"nbf": SECONDS + 60}, None),
    ],
    ids=repr,
)
def test_claims_are_checked_to_the_second_and_to_the_byte(
    claims: dict[str, Any], error: type[BillingError] | None, driver: Driver, issuer: respx.MockRouter
) -> None:
    token = KEY.sign({**GOOD, **claims})
    if error is None:
        assert verify(driver, token).iss == ISSUER
        return
    with pytest.raises(error):
        verify(driver, token)


@pytest.mark.attack(72)
def test_no_other_kind_of_token_is_taken_for_an_access_token(driver: Driver, issuer: respx.MockRouter) -> None:
    others = [
        KEY.sign(id_claims("x", "nonce")),
        KEY.sign(id_claims("x", "nonce", scp=["openid"])),
        KEY.sign({**GOOD, "aud": [CLIENT_ID]}),
        KEY.sign({**GOOD, "auth_time": SECONDS}),
        KEY.sign(event_claims(), typ="webhook-event+jwt"),
        KEY.sign({**event_claims(), **GOOD}),
        KEY.sign({**event_claims(), **GOOD}, typ="at+jwt"),
    ]
    for other in others:
        with pytest.raises(InvalidToken):
            verify(driver, other)


@pytest.mark.attack(72)
def test_a_machine_token_speaks_for_nobody(driver: Driver, issuer: respx.MockRouter) -> None:
    claims = {name: value for name, value in GOOD.items() if name not in ("sub", "org_code")}
    with pytest.raises(InvalidToken):
        verify(driver, KEY.sign({**claims, "gty": ["client_credentials"]}))


@pytest.mark.attack(69)
def test_an_audience_that_is_asked_for_has_to_be_there(driver: Driver, issuer: respx.MockRouter) -> None:
    token = KEY.sign({**GOOD, "aud": ["https://api.example"]})
    assert verify(driver, token, audience="https://api.example").audience == ("https://api.example",)
    with pytest.raises(InvalidToken):
        verify(driver, token, audience="https://api.example/")
    with pytest.raises(InvalidToken):
        verify(driver, KEY.sign(GOOD), audience="https://api.example")


@pytest.mark.attack(78)
def test_the_key_of_another_issuer_verifies_nothing(driver: Driver, issuer: respx.MockRouter) -> None:
    with pytest.raises(InvalidToken):
        verify(driver, OTHER_KEY.sign(GOOD, kid="key-1"))


def test_a_verified_token_is_forgotten_when_it_ends_and_when_there_are_too_many() -> None:
    cache = VerifiedCache(capacity=2)
    key = VerifyingKey.read(KEY.jwk())
    for name in (b"a", b"b", b"c"):
        cache.put(name, Verified(AccessClaims(ISSUER, "kp_1", exp=100, iat=1), key))
        cache.get(b"a", at=1)
    assert [name for name in (b"a", b"b", b"c") if cache.get(name, at=99)] == [b"a", b"c"]
    assert cache.get(b"a", at=100) is None
    assert cache.get(b"a", at=1) is None


@pytest.mark.attack(72)
def test_what_was_verified_for_one_use_is_not_known_for_another(driver: Driver, issuer: respx.MockRouter) -> None:
    token = KEY.sign({**GOOD, "aud": ["https://api.example"]}, typ="at+jwt")
    verify(driver, token, audience="https://api.example")
    with pytest.raises(InvalidToken):
        verify(driver, token, audience="https://other.example")
    with pytest.raises(InvalidToken):
        driver.run(lambda c: c.run(c._provider.verifier.identity(token, client_id=CLIENT_ID)))
    with pytest.raises(InvalidWebhook):
        driver.run(lambda c: c.webhooks.verify(token))


@pytest.mark.attack(67)
def test_how_long_a_token_may_be_made_for_is_a_setting(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter
) -> None:
    token = KEY.sign({**GOOD, "exp": SECONDS + 7 * 86_400})
    assert verify(make_driver(longest_token_seconds=8 * 86_400), token).sub == "kp_1"
    with pytest.raises(InvalidToken, match="longest_token_seconds"):
        verify(make_driver(), token)


@pytest.mark.attack(65)
def test_a_token_is_refused_for_its_length_before_anything_is_done_with_it(
    driver: Driver, issuer: respx.MockRouter, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(driver, KEY.sign(GOOD))

    def reached(*_: Any) -> Any:
        pytest.fail("it was looked into")

    monkeypatch.setattr("billing_sdk.auth.verifier.sha256", reached)
    monkeypatch.setattr("billing_sdk.auth.jws._document", reached)
    for token in ("x" * 16_385, f"{'A' * 20_000_000}.e30.AAAA", KEY.sign({**GOOD, "x": "y" * 5_000_000})):
        with pytest.raises(InvalidToken):
            verify(driver, token)
    with pytest.raises(InvalidWebhook):
        driver.run(lambda c: c.webhooks.verify(b"x" * 262_145))


def test_an_error_never_repeats_the_token(driver: Driver, issuer: respx.MockRouter) -> None:
    token = KEY.sign({**GOOD, "iss": "https://evil.example"})
    with pytest.raises(InvalidToken) as caught:
        verify(driver, token)
    chain: BaseException | None = caught.value
    while chain is not None:
        assert token not in repr(chain)
        assert "evil" not in repr(chain)
        chain = chain.__cause__


def test_single_claims_are_bounded() -> None:
    with pytest.raises(InvalidToken):
        IdClaims.read({**id_claims("x", "n"), "name": "x" * 4_097})


@pytest.mark.attack(81)
def test_a_tampered_token_makes_no_second_fetch_of_keys(driver: Driver, issuer: respx.MockRouter) -> None:
    verify(driver, KEY.sign(GOOD))
    before = len(issuer.calls)
    for _ in range(20):
        with pytest.raises(InvalidToken):
            verify(driver, KEY.sign(GOOD)[:-4] + "AAAA")
    assert len(issuer.calls) == before


TRIAL_ENDS = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (
            {"has_trial_period": True, "trial_expires_on": "2026-12-01T00:00:00Z"},
            (True, datetime(2026, 12, 1, tzinfo=UTC)),
        ),
        ({"has_trial_period": "true", "trial_expires_on": "soon"}, (False, None)),
        ({"trial_expires_on": 7}, (False, None)),
        ({}, (False, None)),
    ],
)
def test_a_trial_is_told_where_the_provider_tells_it(raw: dict[str, Any], told: Any) -> None:
    claims = AccessClaims(ISSUER, "kp_1", exp=100, iat=1, raw=raw)
    assert (claims.has_trial_period, claims.trial_expires_on) == told
