"""What an issuer publishes: which keys may verify, and which may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
import respx
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from billing_sdk import KeySet, read_key_set
from billing_sdk.auth.jwk import UnusableKey, VerifyingKey
from billing_sdk.auth.jws import read_token
from billing_sdk.errors import InvalidToken, UnknownKey, UnsafeAnswer
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import EC_KEY, KEY, OTHER_KEY, Key, access_claims, b64, number, publish

# A product of two primes of the form k * M + (65537 ** a mod M), the mark of CVE-2017-15361.
ROCA_SHAPE = pow(
    65_537, 12_345, 11 * 13 * 17 * 19 * 37 * 53 * 61 * 71 * 73 * 79 * 97 * 103 * 107 * 109 * 127 * 151 * 157
)


def small_rsa(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    """Return the JWK of a key of another size."""
    return Key("small", rsa.generate_private_key(public_exponent=exponent, key_size=bits)).jwk()


@pytest.mark.attack(55, 76, 77, 87)
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


@pytest.mark.attack(76)
def test_a_key_of_the_broken_generator_is_left_out() -> None:
    step = 11 * 13 * 17 * 19 * 37 * 53 * 61 * 71 * 73 * 79 * 97 * 103 * 107 * 109 * 127 * 151 * 157
    marked = ROCA_SHAPE + step * (2**2_047 // step + 2)
    marked += step if marked % 2 == 0 else 0
    with pytest.raises(UnusableKey, match="generator"):
        VerifyingKey.read(KEY.jwk(n=number(marked)))


@pytest.mark.attack(87)
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


@pytest.mark.attack(55, 87)
def test_two_keys_of_one_id_mean_neither() -> None:
    found = KeySet.read({"keys": [KEY.jwk(), OTHER_KEY.jwk(kid="key-1"), EC_KEY.jwk()]})
    assert found.find("key-1", "RS256") is None
    assert found.find("key-ec", "ES256") is not None
    assert found.find("key-ec", "RS256") is None


def test_a_key_set_beside_the_program_can_be_read() -> None:
    assert read_key_set(json.dumps({"keys": [KEY.jwk(alg=None)]})).find("key-1", "RS256") is not None
    with pytest.raises(UnsafeAnswer):
        read_key_set('{"keys":[],"keys":[]}')


@pytest.mark.attack(58)
@pytest.mark.parametrize(
    "kid",
    [
        "../../dev/null",
        "key-1' OR '1'='1",
        "key-1;id",
        "$(id)",
        "KEY-1",
        " key-1",
        "key-1 ",
        "key\u20111",
        "%(kid)s{0}",
        "cle\u0301",
        "https://evil.example/keys",
        "k" * 256,
    ],
)
def test_a_key_id_is_compared_letter_by_letter_and_leads_nowhere(
    kid: str, driver: Driver, issuer: respx.MockRouter
) -> None:
    publish(issuer, KEY.jwk(), OTHER_KEY.jwk(kid="clé"))  # one letter here, a letter and an accent above
    with pytest.raises(UnknownKey) as caught:
        driver.run(lambda c: c.tokens.verify_access(KEY.sign(access_claims(), kid=kid)))
    assert kid not in repr(caught.value)
    assert {call.request.url.path for call in issuer.calls} == {
        "/.well-known/jwks",
        "/.well-known/openid-configuration",
    }


@pytest.mark.attack(58)
def test_a_key_id_with_a_nul_or_half_a_character_is_refused() -> None:
    for kid in (b'"key-1\\u0000"', b'"key-1\\ud800"', b'"\x00"', b"1", b'["key-1"]', b"{}", b"null", b"true"):
        with pytest.raises(InvalidToken):
            read_token(KEY.sign_raw(b'{"alg":"RS256","kid":' + kid + b"}", access_claims()), max_bytes=16_384)
