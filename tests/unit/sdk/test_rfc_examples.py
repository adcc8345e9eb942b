"""The examples that the standards print: what they call valid verifies, what we leave out of them is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from billing_sdk.auth.claims import AccessClaims
from billing_sdk.auth.jwk import ALGORITHMS, KeySet, VerifyingKey
from billing_sdk.auth.jws import Signatures, read_token
from billing_sdk.auth.transaction import SignInTransaction
from billing_sdk.auth.verifier import ID, PLAIN_ACCESS, TYPED_ACCESS
from billing_sdk.errors import InvalidToken, UnsafeAnswer
from billing_sdk.server.signing import _thumbprint
from scripts import wycheproof
from tests.unit.sdk.kit import EC_KEY, b64, segment

PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
CLAIMS = {"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": True}
RSA = {
    "kty": "RSA",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS"
    "-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xs"
    "mtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "e": "AQAB",
}
RSA_SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZ"
    "cAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-e"
    "OkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
P256 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
P256_SIGNATURE = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
P521 = {
    "kty": "EC",
    "crv": "P-521",
    "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
    "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
}
P521_TOKEN = (
    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_"
    "7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
)
SECRET = {
    "kty": "oct",
    "alg": "HS256",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
SECRET_TOKEN = f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
ED25519_TOKEN = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iyl"
    "Gjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
UNSECURED = f"eyJhbGciOiJub25lIn0.{PAYLOAD}."
GENERAL = json.dumps(
    {
        "payload": PAYLOAD,
        "signatures": [
            {"protected": "eyJhbGciOiJSUzI1NiJ9", "header": {"kid": "2010-12-29"}, "signature": RSA_SIGNATURE},
            {"protected": "eyJhbGciOiJFUzI1NiJ9", "header": {"kid": "e9bc097a"}, "signature": P256_SIGNATURE},
        ],
    }
)
FLATTENED = json.dumps({"payload": PAYLOAD, "protected": "eyJhbGciOiJFUzI1NiJ9", "signature": P256_SIGNATURE})


@pytest.mark.attack(74, 75)
@pytest.mark.parametrize(
    ("token", "jwk"),
    [
        (f"eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{RSA_SIGNATURE}", RSA),
        (f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{P256_SIGNATURE}", P256),
    ],
    ids=["RFC 7515 A.2", "RFC 7515 A.3"],
)
def test_an_example_of_what_an_issuer_may_sign_with_verifies(token: str, jwk: dict[str, Any]) -> None:
    unverified = read_token(token, max_bytes=16_384)
    assert unverified.verify(VerifyingKey.read(jwk)) == CLAIMS
    for other in (RSA, P256):
        if other is not jwk:
            with pytest.raises(InvalidToken):
                unverified.verify(VerifyingKey.read(other))


@pytest.mark.attack(53, 54, 61)
@pytest.mark.parametrize(
    ("token", "jwk"),
    [(SECRET_TOKEN, SECRET), (P521_TOKEN, P521), (UNSECURED, RSA), (GENERAL, RSA), (FLATTENED, P256)],
    ids=["RFC 7515 A.1", "RFC 7515 A.4", "RFC 7515 A.5", "RFC 7515 A.6", "RFC 7515 A.7"],
)
def test_an_example_of_what_no_issuer_may_sign_with_is_refused(token: str, jwk: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        read_token(token, max_bytes=16_384)
    if jwk in (SECRET, P521):
        with pytest.raises(UnsafeAnswer):
            KeySet.read({"keys": [jwk]})


@pytest.mark.parametrize(
    ("token", "jwk", "alg"),
    [
        (SECRET_TOKEN, SECRET, "HS256"),
        (P521_TOKEN, {**P521, "alg": "ES512"}, "ES512"),
        (ED25519_TOKEN, ED25519, "EdDSA"),
    ],
    ids=["RFC 7515 A.1", "RFC 7515 A.4", "RFC 8037 A.4"],
)
def test_the_same_reading_verifies_other_signers_who_are_allowed_more(token: str, jwk: Any, alg: str) -> None:
    assert alg not in ALGORITHMS
    assert wycheproof.verify(token, jwk)
    with pytest.raises(InvalidToken):
        wycheproof.verify(f"{token[:-6]}AAAAAA", jwk)


@pytest.mark.attack(60)
def test_an_unencoded_payload_is_refused_whoever_signs() -> None:
    detached = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
    for token in (detached, detached.replace("..", ".$.02."), detached.replace("..", ".JC4wMg.")):
        with pytest.raises(InvalidToken):
            read_token(token, max_bytes=16_384, signatures=Signatures({"HS256"}))


def test_the_thumbprint_of_the_example_key_is_the_one_that_is_printed() -> None:
    # RFC 7638, section 3.1
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    numbers = VerifyingKey.read({"kty": "RSA", "n": modulus, "e": "AQAB"}).public_key.public_numbers()
    thumbprint = _thumbprint(RSAPublicNumbers(numbers.e, numbers.n).public_key())
    assert thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_challenge_of_the_example_verifier_is_the_one_that_is_printed() -> None:
    # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    at = datetime(2026, 11, 1, tzinfo=UTC)
    transaction = SignInTransaction(
        state="s", nonce="n", verifier=verifier, issuer="https://id.example", redirect_uri="https://a/", started_at=at
    )
    assert transaction.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.attack(72)
def test_the_example_of_an_access_token_is_read_as_one_and_as_nothing_else() -> None:
    # RFC 9068, section 2.2
    claims = {
        "iss": "https://authorization-server.example.com/",
        "sub": "5ba552d67",
        "aud": "https://rs.example.com/",
        "exp": 1_639_528_912,
        "iat": 1_618_354_090,
        "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
        "client_id": "s6BhdRkqt3",
        "scope": "openid profile reademail",
    }
    TYPED_ACCESS.require("at+JWT", claims)
    found = AccessClaims.read(claims)
    assert found.scopes == {"openid", "profile", "reademail"}
    assert found.parties == {"https://rs.example.com/", "s6BhdRkqt3"}
    for kind in (ID, PLAIN_ACCESS):
        with pytest.raises(InvalidToken):
            kind.require("at+JWT", claims)


VECTORS = {
    "testGroups": [
        {
            "public": P256,
            "tests": [
                {"tcId": 1, "result": "valid", "jws": f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{P256_SIGNATURE}"},
                {"tcId": 2, "result": "invalid", "jws": f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{b64(bytes(64))}"},
                {"tcId": 3, "result": "valid", "jws": f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{b64(bytes(64))}"},
                {"tcId": 4, "result": "valid", "jwe": f"{segment({'alg': 'RSA1_5', 'enc': 'A128GCM'})}.a.b.c.d"},
            ],
        }
    ]
}


def test_a_vector_that_is_not_judged_as_it_says_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    signed = list(wycheproof.judge_signed("own", VECTORS))
    encrypted = list(wycheproof.judge_encrypted("own", VECTORS))
    assert [verdict.agrees for verdict in signed] == [True, True, False]
    assert [verdict.accepted for verdict in encrypted] == [False]
    assert wycheproof.report(signed, encrypted, []) == 1
    assert "own 3 differs" in capsys.readouterr().out


def test_an_exception_that_is_not_ours_is_a_fault() -> None:
    document = {"testGroups": [{"public": {"keys": [7]}, "tests": [{"tcId": 1, "result": "invalid", "jws": "a.b.c"}]}]}
    (verdict,) = wycheproof.judge_signed("own", document)
    assert verdict.fault == "AttributeError"
    assert not verdict.agrees
    assert wycheproof.report([verdict], [], []) == 1


def test_a_plain_signature_is_judged_by_what_verifies_an_issuers_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    der = EC_KEY.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex()
    good, results = EC_KEY.signature(b"message").hex(), ("valid", "invalid", "acceptable", "valid")
    signatures = (good, bytes(64).hex(), good, bytes(64).hex())
    tests = [
        {"tcId": i, "msg": b"message".hex(), "sig": signature, "result": result}
        for i, (signature, result) in enumerate(zip(signatures, results, strict=True))
    ]
    found = list(wycheproof.judge_plain("own", {"testGroups": [{"publicKeyDer": der, "tests": tests}]}, "ES256"))
    assert [(verdict.number, verdict.agrees) for verdict in found] == [(0, True), (1, True), (3, False)]
    assert wycheproof.report([], [], found) == 1
    assert "number=3" in capsys.readouterr().out
