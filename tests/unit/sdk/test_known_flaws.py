"""Published flaws of the libraries for tokens: none is in what is installed, and none would get past our own reading.

Each entry re-enacts an advisory. A library that has the flaw would accept what is refused here, or raise something that
no caller expects.
"""

from __future__ import annotations

import ast
import hmac
import json
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from authlib.oidc.core import CodeIDToken
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from joserfc import errors as joserfc_errors, jwe, jwk, jws
from joserfc.jwk import OctKey
from jwt.exceptions import InvalidIssuerError, PyJWKClientError, PyJWTError

import billing_sdk
from billing_sdk.auth.jwk import KeySet
from billing_sdk.auth.jws import read_token
from billing_sdk.errors import InvalidToken, UnsafeAnswer
from tests.unit.sdk.kit import EC_KEY, KEY, NOW, b64, segment

with warnings.catch_warnings():
    # Authlib says that this module goes away; its flaws are looked for as long as it is installed.
    warnings.simplefilter("ignore")
    from authlib.jose import JsonWebEncryption, JsonWebKey, JsonWebSignature
    from authlib.jose.errors import JoseError as AuthlibJoseError

PUBLIC = KEY.private.public_key()
SHARED = OctKey.import_key("a" * 32)
AUTHLIB = JsonWebSignature()


def certificate() -> bytes:
    """Return a certificate of the public key."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "issuer")])
    builder = x509.CertificateBuilder(name, name, PUBLIC, 1, NOW, NOW.replace(year=NOW.year + 1))
    return builder.sign(KEY.private, SHA256()).public_bytes(Encoding.PEM)


SPKI = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
# A public key is known to everybody: whoever takes one for a shared secret takes everybody's tokens.
PUBLIC_KEY_FORMS = {
    "PEM": SPKI,
    "PEM after a byte order mark": b"\xef\xbb\xbf" + SPKI,
    "PEM of PKCS 1": PUBLIC.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
    "DER": PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    "DER of PKCS 1": PUBLIC.public_bytes(Encoding.DER, PublicFormat.PKCS1),
    "SSH": PUBLIC.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "SSH of an elliptic key": EC_KEY.private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
    "X.509": certificate(),
    "JWK": json.dumps(KEY.jwk()).encode(),
}


def with_secret(secret: bytes, **header: Any) -> str:
    """Return a token whose HMAC is right for a secret."""
    message = f"{segment({'alg': 'HS256', 'kid': 'key-1', **header})}.e30"
    return f"{message}.{b64(hmac.digest(secret, message.encode(), 'sha256'))}"


def decoded(token: str, key: Any = PUBLIC, **options: Any) -> Any:
    """Return what PyJWT makes of a token."""
    return jwt.decode(token, key, **{"algorithms": ["RS256"], **options})


def pbes2(count: int) -> str:
    """Return an encrypted token that asks for so many rounds of hashing before anything is checked."""
    header = {"alg": "PBES2-HS256+A128KW", "enc": "A128CBC-HS256", "p2s": b64(b"salt" * 4), "p2c": count}
    return ".".join([segment(header), b64(bytes(40)), b64(bytes(16)), b64(bytes(16)), b64(bytes(16))])


def bomb() -> tuple[str, Any]:
    """Return an encrypted token of two kilobytes that unpacks to two megabytes, and its key."""
    key = JsonWebKey.import_key({"kty": "oct", "k": b64(bytes(16))})
    header = {"alg": "A128KW", "enc": "A128GCM", "zip": "DEF"}
    token: bytes = JsonWebEncryption().serialize_compact(header, bytes(2_000_000), key)
    return token.decode(), key


HUGE_HEADER = f"{segment({'alg': 'HS256', 'x': 'y' * 600_000})}.e30.AAAA"
DEEP_HEADER = f"{segment(b'[' * 50_000)}.e30.AAAA"
UNENCODED = f"{segment({'alg': 'HS256', 'b64': False, 'crit': ['b64']})}.{'x' * 2_000_000}.AAAA"

Refusal = type[Exception] | tuple[type[Exception], ...]
FLAWS: dict[str, tuple[Refusal, Callable[[], Any]]] = {
    "CVE-2015-9235: the token says that it is not signed": (
        PyJWTError,
        lambda: decoded(f"{segment({'alg': 'none'})}.e30."),
    ),
    "CVE-2024-53861: an issuer is compared as a part of a text": (
        InvalidIssuerError,
        lambda: decoded(KEY.sign({"iss": "id"}), issuer="https://id.example"),
    ),
    "CVE-2026-32597: crit names what nobody here understands": (
        PyJWTError,
        lambda: decoded(KEY.sign({}, crit=["policy"], policy=1)),
    ),
    "CVE-2026-48522: keys are read from a file": (
        PyJWKClientError,
        lambda: jwt.PyJWKClient("file:///etc/hostname").fetch_data(),
    ),
    "CVE-2026-48523: the header names another algorithm than the key": (
        PyJWTError,
        lambda: decoded(KEY.sign({}, alg="RS512"), jwt.PyJWK(KEY.jwk()), algorithms=["RS512"]),
    ),
    "CVE-2026-48525: an unencoded payload": (PyJWTError, lambda: decoded(KEY.sign({}, b64=False, crit=["b64"]))),
    "GHSA-8wjv-2p76-3863: a header that is nested deep": (PyJWTError, lambda: decoded(DEEP_HEADER)),
    "a payload that is nested deep": (
        PyJWTError,
        lambda: decoded(KEY.sign(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}")),
    ),
    "a time that is no number": (PyJWTError, lambda: decoded(KEY.sign(b'{"exp":1e999}'))),
    "CVE-2026-27932: as many rounds of hashing as the token asks for": (
        joserfc_errors.JoseError,
        lambda: jwe.decrypt_compact(pbes2(2**31 - 1), SHARED, algorithms=["PBES2-HS256+A128KW", "A128CBC-HS256"]),
    ),
    "CVE-2026-49852: an empty secret": (
        ValueError,
        lambda: jws.serialize_compact({"alg": "HS256"}, b"x", OctKey.import_key(b"")),
    ),
    "CVE-2026-48990: an unencoded payload has no bound": (
        joserfc_errors.ExceededSizeError,
        lambda: jws.deserialize_compact(UNENCODED, SHARED),
    ),
    "a list of no signatures": (
        joserfc_errors.JoseError,
        lambda: jws.deserialize_json({"payload": "e30", "signatures": []}, SHARED),
    ),
    "a public key is imported as a shared secret": (ValueError, lambda: jwk.import_key(SPKI, "oct")),
    "CVE-2024-37568: a public key is taken for a shared secret": (
        ValueError,
        lambda: AUTHLIB.deserialize_compact(with_secret(SPKI), SPKI),
    ),
    "CVE-2025-59420: crit names what nobody here understands": (
        AuthlibJoseError,
        lambda: AUTHLIB.deserialize_compact(KEY.sign({}, crit=["policy"], policy=1), SPKI),
    ),
    "CVE-2025-61920: a header without bound": (ValueError, lambda: AUTHLIB.deserialize_compact(HUGE_HEADER, b"a" * 32)),
    "CVE-2025-62706: a token unpacks without bound": (
        (ValueError, zlib.error),
        lambda: JsonWebEncryption().deserialize_compact(*bomb()),
    ),
    "CVE-2026-28802: the token says that it is not signed": (
        AuthlibJoseError,
        lambda: AUTHLIB.deserialize_compact(f"{segment({'alg': 'none'})}.e30.", SPKI),
    ),
    "CVE-2026-27962: a token brings its own key": (
        (AuthlibJoseError, AttributeError, ValueError),
        lambda: AUTHLIB.deserialize_compact(KEY.sign({}, jwk=KEY.jwk()), None),
    ),
    "CVE-2026-28498: at_hash under an algorithm that is not known": (
        joserfc_errors.JoseError,
        lambda: CodeIDToken({"at_hash": "AAAA"}, {"alg": "XX999"}, params={"access_token": "token"}).validate_at_hash(),
    ),
}


@pytest.mark.attack(53, 55, 57, 59, 60, 61, 62, 65, 66, 68, 73, 76, 200)
@pytest.mark.parametrize("flaw", FLAWS)
def test_no_installed_library_has_a_flaw_that_was_published(flaw: str) -> None:
    refusal, attempt = FLAWS[flaw]
    with pytest.raises(refusal):
        attempt()


@pytest.mark.attack(54, 200)
@pytest.mark.parametrize("form", PUBLIC_KEY_FORMS)
def test_a_public_key_is_no_shared_secret_in_any_form(form: str) -> None:
    octets = PUBLIC_KEY_FORMS[form]
    token = with_secret(octets)
    with pytest.raises(PyJWTError):
        jwt.encode({}, octets, "HS256")
    with pytest.raises(PyJWTError):
        decoded(token, octets, algorithms=["HS256", "RS256"])
    with pytest.raises(InvalidToken):
        read_token(token, max_bytes=16_384)
    with pytest.raises(UnsafeAnswer):
        KeySet.read({"keys": [{"kty": "oct", "k": b64(octets), "kid": "key-1", "alg": "HS256"}]})


@pytest.mark.attack(65, 200)
def test_an_exception_does_not_repeat_a_token() -> None:
    for token in (HUGE_HEADER, "A" * 600_000):
        with pytest.raises(joserfc_errors.JoseError) as caught:
            jws.deserialize_compact(token, SHARED)
        assert len(str(caught.value)) < 1_000
        with pytest.raises(InvalidToken) as refused:
            read_token(token, max_bytes=16_384)
        assert len(repr(refused.value)) < 1_000


RECIPIENTS = json.dumps(
    {"protected": segment({"enc": "A128GCM"}), "recipients": [{"encrypted_key": "AAAA"}] * 100, "ciphertext": "AAAA"}
)
ENCRYPTED = {
    "unpacks": f"{segment({'alg': 'A128KW', 'enc': 'A128GCM', 'zip': 'DEF'})}.a.b.c.d",
    "asks for two thousand million rounds": pbes2(2**31 - 1),
    "is padded as PKCS 1 was": f"{segment({'alg': 'RSA1_5', 'enc': 'A128GCM'})}.a.b.c.d",
    "is for many recipients": RECIPIENTS,
    "hides in the place of a signed one": f"{segment({'alg': 'RSA-OAEP', 'enc': 'A128GCM'})}.e30.AAAA",
    "claims to be signed as well": KEY.sign({}, enc="A128GCM"),
    "claims to be packed as well": KEY.sign({}, zip="DEF"),
}


@pytest.mark.attack(61, 62)
@pytest.mark.parametrize("name", ENCRYPTED)
def test_what_is_encrypted_is_never_opened(name: str) -> None:
    with pytest.raises(InvalidToken):
        read_token(ENCRYPTED[name], max_bytes=262_144)


# What PyJWT itself lets pass, and what is therefore ours to refuse: each with a signature that holds.
LET_PASS = {
    "a member twice": lambda: KEY.sign(b'{"sub":"kp_1","sub":"kp_2"}'),
    "a header of more than 16 KiB": lambda: KEY.sign({}, filler="x" * 20_000),
    "an address of keys": lambda: KEY.sign({}, jku="https://evil.example/keys"),
    "an address of a certificate": lambda: KEY.sign({}, x5u="file:///etc/passwd"),
    "a certificate": lambda: KEY.sign({}, x5c=[b64(b"certificate")]),
    "a key": lambda: KEY.sign({}, jwk=KEY.jwk()),
    "a key id of a megabyte": lambda: KEY.sign({}, kid="k" * 1_000_000),
    "a key id that is a path": lambda: KEY.sign({}, kid="../../dev/null"),
    "padding": lambda: KEY.sign({}) + "=",
    "a number of 400 digits": lambda: KEY.sign(b'{"exp":' + b"9" * 400 + b"}"),
}


@pytest.mark.attack(56, 57, 58, 63, 64, 65, 66)
@pytest.mark.parametrize("name", LET_PASS)
def test_what_the_library_lets_pass_is_refused_by_the_reading_around_it(name: str) -> None:
    token = LET_PASS[name]()
    keys = KeySet.read({"keys": [KEY.jwk()]})

    def verify() -> Any:
        unverified = read_token(token, max_bytes=16_384)
        key = keys.find(unverified.kid, unverified.alg)
        if key is None:
            raise InvalidToken("no such key")
        return unverified.verify(key)

    with pytest.raises(InvalidToken):
        verify()


NEVER_IMPORTED = (
    "jose",
    "jwcrypto",
    "joserfc",
    "authlib.jose",
    "jwt.PyJWKClient",
    "jwt.jwks_client",
    "pickle",
    "requests",
)


@pytest.mark.attack(57, 81, 85, 200)
def test_no_module_uses_what_the_flaws_were_in() -> None:
    found = [
        (path.name, name)
        for path in Path(billing_sdk.__path__[0]).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in imported(node)
        if any(name == never or name.startswith(f"{never}.") for never in NEVER_IMPORTED)
    ]
    assert found == []


def imported(node: ast.AST) -> list[str]:
    """Return the dotted names that a statement imports, or that an expression takes from a module."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return [f"{node.value.id}.{node.attr}"]
    return []
