"""Whatever we accept, two other libraries accept as well, and read in the same way; the reverse need not hold."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from hypothesis import given, settings, strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import KeySet as JoserfcKeySet

from billing_sdk.auth.jwk import KeySet
from billing_sdk.auth.jws import read_token
from billing_sdk.errors import InvalidToken
from tests.unit.sdk.kit import EC_KEY, KEY, b64, segment

KEYS = (KEY, EC_KEY)
OURS = KeySet.read({"keys": [key.jwk() for key in KEYS]})
THEIRS = JoserfcKeySet.import_key_set({"keys": [key.jwk() for key in KEYS]})
ALGORITHMS = ["RS256", "ES256"]

HEADERS = st.fixed_dictionaries(
    {"alg": st.sampled_from([*ALGORITHMS, "RS512", "PS256", "HS256", "none", "rs256", ""])},
    optional={
        "kid": st.sampled_from(["key-1", "key-ec", "key-2", ""]),
        "typ": st.sampled_from(["JWT", "at+jwt", ""]),
        "crit": st.just(["exp"]),
        "b64": st.booleans(),
        "cty": st.just("JWT"),
        "jku": st.just("https://evil.example/"),
    },
)
CLAIMS = st.dictionaries(
    st.sampled_from(["sub", "iss", "scp", "n"]),
    st.none() | st.booleans() | st.integers(0, 2**53) | st.text(max_size=5) | st.lists(st.integers(0, 9), max_size=2),
    max_size=3,
)
# Most often the token stays as it is: an attack on the signature alone would leave little to compare.
BENDS = st.sampled_from([None] * 6 + ["cut", "swap", "pad", "twin", "space", "empty", "upper"])


def bent(token: str, how: str | None) -> str:
    """Return a token after somebody has worked on it."""
    head, payload, signature = token.split(".")
    changed = {
        None: token,
        "cut": token[:-3],
        "swap": f"{payload}.{head}.{signature}",
        "pad": f"{token}==",
        "twin": token[:-1] + chr(ord(token[-1]) ^ 1),
        "space": f"{head} .{payload}.{signature}",
        "empty": f"{head}.{payload}.",
        "upper": f"{head}.{payload.upper()}.{signature}",
    }
    return changed[how]


def accepted(token: str) -> dict[str, Any] | None:
    """Return what we read; None where we refuse."""
    try:
        unverified = read_token(token, max_bytes=16_384)
        key = OURS.find(unverified.kid, unverified.alg)
        return None if key is None else unverified.verify(key)
    except InvalidToken:
        return None


@pytest.mark.attack(53, 55, 59, 60, 63)
@settings(max_examples=100, deadline=None)
@given(header=HEADERS, claims=CLAIMS, signer=st.sampled_from(KEYS), how=BENDS)
def test_what_we_accept_others_accept_and_read_alike(
    header: dict[str, Any], claims: dict[str, Any], signer: Any, how: str | None
) -> None:
    token = bent(signer.sign_raw(header, claims), how)
    found = accepted(token)
    if found is None:
        return
    key = next(key for key in KEYS if key.kid == header["kid"])
    options = {"verify_sub": False, "verify_iss": False}
    assert jwt.decode(token, key.private.public_key(), algorithms=ALGORITHMS, options=options) == found == claims
    assert b64(joserfc_jws.deserialize_compact(token, THEIRS, algorithms=ALGORITHMS).payload) == segment(claims)


def test_the_comparison_sees_tokens_that_are_accepted() -> None:
    for key in KEYS:
        assert accepted(key.sign({"sub": "kp_1"})) == {"sub": "kp_1"}
        assert accepted(bent(key.sign({"sub": "kp_1"}), "twin")) is None
