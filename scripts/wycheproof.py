"""Run the JOSE vectors of Project Wycheproof through our own verification: `python scripts/wycheproof.py FOLDER`.

FOLDER holds json_web_signature_test.json, json_web_crypto_test.json, json_web_key_test.json,
json_web_encryption_test.json, ecdsa_secp256r1_sha256_p1363_test.json and rsa_signature_2048_sha256_test.json
(github.com/C2SP/wycheproof, testvectors_v1). They are not part of this repository.

An issuer may sign with RS256 and ES256 only. The vectors use more, so they get an allow-list of their own here; what
reads tokens and keys, and judges them, is the package's. A vector that says "valid" has to verify, any other has to be
refused as an unusable key or an invalid token; a foreign exception is a failure.
"""

from __future__ import annotations

import json
import sys
from base64 import urlsafe_b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from billing_sdk.auth.jwk import KeyReader, KeySet, UnusableKey, VerifyingKey, point_reader, read_rsa
from billing_sdk.auth.jws import OF_ISSUERS, Signatures, read_token
from billing_sdk.errors import InvalidToken, UnsafeAnswer

SIGNED_FILES: Final = ("json_web_signature_test.json", "json_web_crypto_test.json", "json_web_key_test.json")
ENCRYPTED_FILES: Final = ("json_web_encryption_test.json", "json_web_crypto_test.json")
PLAIN_FILES: Final = {
    "ecdsa_secp256r1_sha256_p1363_test.json": "ES256",
    "rsa_signature_2048_sha256_test.json": "RS256",
}
LONGEST_TOKEN: Final = 65_536
SHORTEST_SECRET_OCTETS: Final = {"HS256": 32, "HS384": 48, "HS512": 64}

# Where we differ from a vector, and why that is right.
EXCLUSIONS: Final = {
    ("json_web_signature_test.json", 346): "valid: a PS384 token although the key is labelled PS256",
    ("json_web_signature_test.json", 350): "valid: a PS384 token although the key is labelled PS256",
    ("json_web_signature_test.json", 347): "valid: an ES512 token although the key is labelled ES521, which is none",
    ("json_web_signature_test.json", 351): "valid: an ES512 token although the key is labelled ES521, which is none",
    ("json_web_signature_test.json", 367): "invalid: the same octets as 357, which is valid",
    ("json_web_signature_test.json", 370): "invalid: the same octets as 357, which is valid",
    ("json_web_signature_test.json", 372): "valid: the token has a question mark in it (RFC 7515, section 2)",
    ("json_web_signature_test.json", 373): "valid: the token has a question mark in it (RFC 7515, section 2)",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one vector."""

    file: str
    number: int
    is_valid: bool
    accepted: bool
    fault: str | None = None

    @property
    def agrees(self) -> bool:
        """Whether we say what the vector says."""
        return self.fault is None and self.accepted == self.is_valid


def main() -> int:
    """Run the files of the folder that is named and return the exit code."""
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    folder = Path(sys.argv[1])
    signed = [verdict for name in SIGNED_FILES for verdict in judge_signed(name, _read(folder / name))]
    encrypted = [verdict for name in ENCRYPTED_FILES for verdict in judge_encrypted(name, _read(folder / name))]
    plain = [verdict for name, alg in PLAIN_FILES.items() for verdict in judge_plain(name, _read(folder / name), alg)]
    return report(signed, encrypted, plain)


def report(signed: list[Verdict], encrypted: list[Verdict], plain: list[Verdict]) -> int:
    """Print what was found; 0 if all agree but exactly the exclusions, and nothing encrypted was accepted."""
    differing = {(verdict.file, verdict.number) for verdict in signed if not verdict.agrees}
    faults = [verdict for verdict in (*signed, *encrypted, *plain) if verdict.fault is not None]
    opened = [verdict for verdict in encrypted if verdict.accepted]
    misjudged = [verdict for verdict in plain if not verdict.agrees]
    for file, number in sorted(differing ^ EXCLUSIONS.keys()):
        print(f"unexpected: {file} {number} {'differs' if (file, number) in differing else 'agrees'}")
    for verdict in (*faults, *opened, *misjudged):
        print(f"wrong: {verdict}")
    print(f"{len(signed)} signed: {len(signed) - len(differing)} agree, {len(differing)} differ for a known reason")
    print(f"{len(encrypted)} encrypted: {len(encrypted) - len(opened)} refused")
    print(f"{len(plain)} signatures of an issuer's two algorithms: {len(plain) - len(misjudged)} agree")
    print(f"{len(faults)} foreign exceptions")
    return 1 if faults or opened or misjudged or differing != EXCLUSIONS.keys() else 0


def judge_signed(file: str, document: Mapping[str, Any]) -> Iterator[Verdict]:
    """Judge each signed vector of a file."""
    for group in document["testGroups"]:
        for test in group["tests"]:
            if "jws" in test:
                yield _judged(file, test, test["jws"], group.get("public") or group["private"])


def judge_encrypted(file: str, document: Mapping[str, Any]) -> Iterator[Verdict]:
    """Judge each encrypted vector of a file: nothing here decrypts, so none may pass."""
    for group in document["testGroups"]:
        for test in group["tests"]:
            if "jwe" in test:
                yield _judged(file, test, test["jwe"], group.get("public") or group["private"])


def judge_plain(file: str, document: Mapping[str, Any], alg: str) -> Iterator[Verdict]:
    """Judge the signatures of a file with what verifies an issuer's tokens, but those that may go either way."""
    for group in document["testGroups"]:
        public: Any = load_der_public_key(bytes.fromhex(group["publicKeyDer"]))
        key = VerifyingKey(None, alg, public)
        for test in group["tests"]:
            if test["result"] != "acceptable":
                fits = OF_ISSUERS.fit(bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]), key)
                yield Verdict(file, test["tcId"], test["result"] == "valid", accepted=fits)


def verify(token: Any, jwk: Mapping[str, Any]) -> bytes:
    """Return what a key, or the one key of a set that is meant, has signed.

    Raises:
        UnusableKey, UnsafeAnswer: the key is none that may verify, or there is none in the set.
        InvalidToken: it did not sign this.
    """
    entries = jwk.get("keys", [jwk])
    # Shared secrets go by a way of their own; beside published keys they count for nothing.
    if all(entry.get("kty") == "oct" for entry in entries):
        keys = KeySet(tuple(_read_secret(entry) for entry in entries))
    else:
        keys = KeySet.read({"keys": entries}, readers=READERS)
    text = token if isinstance(token, str) else json.dumps(token)
    unverified = read_token(text, max_bytes=LONGEST_TOKEN, signatures=Signatures({key.alg for key in keys.keys}))
    key = keys.find(unverified.kid, unverified.alg) if len(entries) > 1 else keys.keys[0]
    if key is None:
        raise InvalidToken("the set has no such key")
    return unverified.payload(key)


def _judged(file: str, test: Mapping[str, Any], token: Any, jwk: Mapping[str, Any]) -> Verdict:
    is_valid = test["result"] == "valid"
    try:
        verify(token, jwk)
    except (InvalidToken, UnusableKey, UnsafeAnswer):
        return Verdict(file, test["tcId"], is_valid, accepted=False)
    except Exception as error:  # noqa: BLE001 - whatever else escapes is what is looked for
        return Verdict(file, test["tcId"], is_valid, accepted=False, fault=type(error).__name__)
    return Verdict(file, test["tcId"], is_valid, accepted=True)


def _read_secret(entry: Mapping[str, Any]) -> VerifyingKey:
    published = {name: value for name, value in entry.items() if name != "k"}
    readers = {alg: KeyReader("oct", _secret_reader(entry, alg)) for alg in SHORTEST_SECRET_OCTETS}
    return VerifyingKey.read(published, readers=readers)


def _secret_reader(entry: Mapping[str, Any], alg: str) -> Any:
    def read(_: Mapping[str, Any]) -> bytes:
        text = entry.get("k")
        if not isinstance(text, str):
            raise UnusableKey("has no secret")
        secret = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if len(secret) < SHORTEST_SECRET_OCTETS[alg]:
            raise UnusableKey("is shorter than its hash")
        return secret

    return read


def _ed25519(entry: Mapping[str, Any]) -> Ed25519PublicKey:
    text = entry.get("x")
    if entry.get("crv") != "Ed25519" or not isinstance(text, str) or len(text) != 43:
        raise UnusableKey("is on another curve")
    return Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(text + "="))


READERS: Final = {
    **{alg: KeyReader("RSA", read_rsa) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")},
    "ES256": point_reader("P-256", SECP256R1()),
    "ES384": point_reader("P-384", SECP384R1()),
    "ES512": point_reader("P-521", SECP521R1()),
    "EdDSA": KeyReader("OKP", _ed25519),
}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
