"""Signatures that were put together by hand: only the one form that the standard describes is one."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from billing_sdk.auth.jwk import VerifyingKey
from billing_sdk.auth.jws import read_token
from billing_sdk.errors import InvalidToken
from tests.unit.sdk.kit import EC_KEY, KEY, b64, segment


@pytest.mark.attack(74)
@pytest.mark.parametrize(
    "signature",
    [
        bytes(64),
        b"\x00" * 32 + b"\x01" * 32,
        bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") * 2,
        b"\xff" * 64,
        EC_KEY.signature(b"message")[:63],
        EC_KEY.signature(b"message") + b"\x00",
        bytes(1),
        b"\x30\x06\x02\x01\x00\x02\x01\x00",
    ],
    ids=["zeros", "r is zero", "r and s are the order", "above the order", "short", "long", "one octet", "DER"],
)
def test_an_elliptic_signature_is_two_numbers_below_the_order_and_nothing_else(signature: bytes) -> None:
    header = segment({"alg": "ES256", "kid": "key-ec"})
    unverified = read_token(f"{header}.e30.{b64(signature)}", max_bytes=16_384)
    with pytest.raises(InvalidToken):
        unverified.verify(VerifyingKey.read(EC_KEY.jwk()))


@pytest.mark.attack(74)
def test_an_elliptic_signature_in_der_is_refused_although_it_is_right() -> None:
    message = f"{segment({'alg': 'ES256', 'kid': 'key-ec'})}.e30"
    der = EC_KEY.private.sign(message.encode(), ECDSA(SHA256()))
    with pytest.raises(InvalidToken):
        read_token(f"{message}.{b64(der)}", max_bytes=16_384).verify(VerifyingKey.read(EC_KEY.jwk()))


# The digest of SHA-256 as PKCS 1 wraps it (RFC 8017, section 9.2, note 1).
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


def padded(message: bytes, bend: Callable[[bytes, int], bytes]) -> bytes:
    """Return the signature of a block that was put together by hand."""
    numbers = KEY.private.private_numbers()
    size = KEY.private.key_size // 8
    digest = sha256(message).digest()
    block = int.from_bytes(bend(DIGEST_INFO + digest, size), "big")
    return pow(block, numbers.d, numbers.public_numbers.n).to_bytes(size, "big")


def block(info: bytes, size: int, *, kind: bytes = b"\x00\x01", fill: bytes = b"\xff", gap: bytes = b"\x00") -> bytes:
    """Return a block of PKCS 1."""
    return kind + fill * (size - len(kind) - len(gap) - len(info)) + gap + info


@pytest.mark.attack(75)
@pytest.mark.parametrize(
    "bend",
    [
        lambda info, size: block(info, size - 64) + bytes(64),
        lambda info, size: block(info, size, kind=b"\x00\x02"),
        lambda info, size: block(info, size, fill=b"\x00"),
        lambda info, size: block(info, size, gap=b"\xff"),
        lambda info, size: block(info[19:], size),
        lambda info, size: block(info[:13] + info[15:], size),
        lambda info, size: block(b"\x30\x31" + info[2:-1] + bytes([info[-1] ^ 1]), size),
    ],
    ids=["rubbish after", "kind 2", "zeros", "no gap", "no algorithm", "no null", "another digest"],
)
def test_a_padding_that_is_not_exactly_the_one_of_the_standard_is_refused(bend: Any) -> None:
    key = VerifyingKey.read(KEY.jwk())
    message = f"{segment({'alg': 'RS256', 'kid': 'key-1'})}.e30"
    right = f"{message}.{b64(padded(message.encode(), block))}"
    assert read_token(right, max_bytes=16_384).verify(key) == {}
    wrong = f"{message}.{b64(padded(message.encode(), bend))}"
    with pytest.raises(InvalidToken):
        read_token(wrong, max_bytes=16_384).verify(key)
