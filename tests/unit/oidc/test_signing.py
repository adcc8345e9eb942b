"""A token is accepted exactly as one of our keys has signed it, and only as the kind that it is."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from billing_sdk.errors import InvalidToken
from billing_sdk.server.signing import SigningKey, at_hash, read_token

AT = datetime(2026, 11, 1, tzinfo=UTC)
KEY = SigningKey.generate(AT)
OTHER = SigningKey.generate(AT)
CLAIMS = {"sub": "kp_1", "exp": 1}
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "k"}


def segment(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed_by_hand(header: bytes | dict[str, Any], payload: bytes | dict[str, Any]) -> str:
    """Return a token whose signature holds, whatever its header says."""
    message = f"{segment(header)}.{segment(payload)}"
    signature = jwt.get_algorithm_by_name("RS256").sign(message.encode(), jwt.PyJWK(_private_jwk()).key)
    return f"{message}.{segment(signature)}"


def _private_jwk() -> dict[str, Any]:
    private = load_pem_private_key(KEY.private_pem.reveal().encode(), None)
    jwk: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(private, as_dict=True)
    return jwk | {"alg": "RS256"}


def header(**changes: Any) -> dict[str, Any]:
    return {"alg": "RS256", "kid": KEY.kid, "typ": "at+jwt", **changes}


def test_a_token_reads_as_it_was_signed() -> None:
    token = KEY.sign(CLAIMS, typ="at+jwt")
    assert read_token(token, keys=[OTHER, KEY], typ="at+jwt") == CLAIMS
    assert read_token(signed_by_hand(header(), CLAIMS), keys=[KEY], typ="at+jwt") == CLAIMS


@pytest.mark.attack(72)
@pytest.mark.parametrize("typ", ["JWT", "webhook-event+jwt", "AT+JWT"])
def test_a_token_of_one_kind_never_passes_for_another(typ: str) -> None:
    with pytest.raises(InvalidToken):
        read_token(KEY.sign(CLAIMS, typ=typ), keys=[KEY], typ="at+jwt")


@pytest.mark.attack(53)
@pytest.mark.parametrize("alg", ["none", "NoNe", "", None, ["RS256"], "HS256", "RS512"])
def test_no_other_algorithm_is_accepted(alg: Any) -> None:
    unsigned = f"{segment(header(alg=alg))}.{segment(CLAIMS)}."
    for token in (unsigned, signed_by_hand(header(alg=alg), CLAIMS)):
        with pytest.raises(InvalidToken):
            read_token(token, keys=[KEY], typ="at+jwt")


@pytest.mark.attack(54)
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_public_key_is_no_shared_secret(encoding: Encoding) -> None:
    secret = KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    message = f"{segment(header(alg='HS256'))}.{segment(CLAIMS)}"
    token = f"{message}.{segment(hmac.digest(secret, message.encode(), 'sha256'))}"
    with pytest.raises(InvalidToken):
        read_token(token, keys=[KEY], typ="at+jwt")


@pytest.mark.attack(56)
@pytest.mark.parametrize(
    "extra",
    [
        {"jwk": OTHER.public_jwk()},
        {"jku": "http://127.0.0.1/keys"},
        {"x5u": "file:///etc/passwd"},
        {"crit": ["exp"]},
        {"b64": False},
        {"kid": OTHER.kid},
        {"kid": "../../dev/null"},
        {"kid": 7},
        {"kid": None},
    ],
)
def test_a_header_brings_nothing_along(extra: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        read_token(signed_by_hand(header(**extra), CLAIMS), keys=[KEY], typ="at+jwt")


def test_a_retired_or_foreign_key_signs_nothing() -> None:
    token = OTHER.sign(CLAIMS, typ="at+jwt")
    for keys in ([], [KEY]):
        with pytest.raises(InvalidToken):
            read_token(token, keys=keys, typ="at+jwt")


@pytest.mark.attack(64)
@pytest.mark.parametrize("payload", [b'{"sub":"kp_1","sub":"kp_2"}', b"[]", b'"kp_1"', b"{", b"[" * 5_000, b"\xff"])
def test_a_payload_is_one_object_that_names_each_member_once(payload: bytes) -> None:
    with pytest.raises(InvalidToken):
        read_token(signed_by_hand(header(), payload), keys=[KEY], typ="at+jwt")


@pytest.mark.attack(63)
def test_a_token_has_one_spelling() -> None:
    token = KEY.sign(CLAIMS, typ="at+jwt")
    head, payload, signature = token.split(".")
    # The last character of 256 octets has four bits that no octet holds.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = alphabet[alphabet.index(signature[-1]) | 1]
    variants = [
        f"{token}=",
        f" {token}",
        f"{token}\n",
        f"{head}.{payload}.{signature[:-1]}{twin}",
        f"{head}.{payload}",
        f"{token}.{signature}",
        f"{head}..{signature}",
        f"{head}.{payload}.{signature[:-4]}",
        f"{head}=.{payload}.{signature}",
        "",
        ".",
        "a" * 20_000,
    ]
    for variant in variants:
        with pytest.raises(InvalidToken):
            read_token(variant, keys=[KEY], typ="at+jwt")


@pytest.mark.attack(65)
def test_a_token_is_refused_for_its_length_before_it_is_read() -> None:
    token = KEY.sign(CLAIMS | {"padding": "x" * 16_384}, typ="at+jwt")
    with pytest.raises(InvalidToken):
        read_token(token, keys=[KEY], typ="at+jwt")


@pytest.mark.attack(201)
def test_a_published_key_has_public_members_only() -> None:
    jwk = KEY.public_jwk()
    assert jwk.keys().isdisjoint(PRIVATE_MEMBERS)
    assert (jwk["kty"], jwk["use"], jwk["alg"], jwk["kid"]) == ("RSA", "sig", "RS256", KEY.kid)
    assert jwt.decode(KEY.sign({"sub": "kp_1"}, typ="at+jwt"), jwt.PyJWK(jwk), algorithms=["RS256"]) == {"sub": "kp_1"}


def test_the_private_part_is_not_shown() -> None:
    assert "PRIVATE" not in repr(KEY)


def test_the_hash_of_an_access_token_is_the_left_half_of_its_digest() -> None:
    # The example of OpenID Connect Core 1.0, appendix A.3.
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"
