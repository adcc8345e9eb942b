"""Published keys: which of them may verify, and for which algorithm (RFC 7517, RFC 7518)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurve,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from billing_sdk._strict_json import parse_object
from billing_sdk.errors import UnsafeAnswer

MOST_KEYS: Final = 100
LONGEST_SET: Final = 512 * 1024
SMALLEST_RSA_BITS: Final = 2_048
LARGEST_RSA_BITS: Final = 8_192

_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]{1,2048}", re.ASCII)
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
# Keys of a widely used smart-card library lie in a tiny subgroup modulo each of these (CVE-2017-15361, "ROCA").
_ROCA_PRIMES: Final = (*(11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157),)
_ROCA_REMAINDERS: Final = {
    prime: frozenset(pow(65_537, exponent, prime) for exponent in range(prime)) for prime in _ROCA_PRIMES
}


class UnusableKey(ValueError):
    """An entry of a key set that can't verify anything here."""


class KeyReader(NamedTuple):
    """How the keys of an algorithm are published: their `kty`, and what makes a public key of the members."""

    kty: str
    read: Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public key, bound to the one algorithm that it was published for."""

    kid: str | None
    alg: str
    public_key: RSAPublicKey | EllipticCurvePublicKey = field(repr=False)

    @classmethod
    def read(cls, entry: Any, *, readers: Mapping[str, KeyReader] | None = None) -> VerifyingKey:
        """Read one entry of a key set.

        Args:
            entry: a JSON Web Key.
            readers: by algorithm; those of an issuer are RS256 and ES256.

        Raises:
            UnusableKey: it is not a public signing key for one of the algorithms, of safe size and form.
        """
        readers = ALGORITHMS if readers is None else readers
        if not isinstance(entry, Mapping):
            raise UnusableKey("not an object")
        if _PRIVATE_MEMBERS & entry.keys():
            raise UnusableKey("has members of a private or shared key")
        kty, alg = entry.get("kty"), entry.get("alg")
        if alg is None:
            alg = next((name for name, reader in readers.items() if reader.kty == kty), None)
        if not isinstance(alg, str) or alg not in readers or readers[alg].kty != kty:
            raise UnusableKey("has another algorithm or type")
        if entry.get("use", "sig") != "sig" or not _may_verify(entry.get("key_ops", ["verify"])):
            raise UnusableKey("is not for verifying")
        kid = entry.get("kid")
        if kid is not None and (not isinstance(kid, str) or not 0 < len(kid) <= 256):
            raise UnusableKey("has an id that is not a short text")
        return cls(kid, alg, readers[alg].read(entry))


@dataclass(frozen=True, slots=True)
class KeySet:
    """The usable keys that an issuer publishes."""

    keys: tuple[VerifyingKey, ...]

    @classmethod
    def read(cls, data: Any, *, readers: Mapping[str, KeyReader] | None = None) -> KeySet:
        """Read a key set; an entry that can't be used is left out.

        Args:
            data: a JSON Web Key Set.
            readers: by algorithm; those of an issuer are RS256 and ES256.

        Raises:
            UnsafeAnswer: it is not a key set, has more than 100 entries, or not one that can be used.
        """
        entries = data.get("keys") if isinstance(data, Mapping) else None
        if not isinstance(entries, list) or len(entries) > MOST_KEYS:
            raise UnsafeAnswer("the key set is not a list of at most 100 keys")
        usable = tuple(key for entry in entries if (key := _usable(entry, readers)) is not None)
        if not usable:
            raise UnsafeAnswer("the key set has no key that can be used")
        return cls(usable)

    def find(self, kid: str | None, alg: str) -> VerifyingKey | None:
        """Return the one key that a header means; None when there is none, or more than one."""
        if kid is None:
            return self.keys[0] if len(self.keys) == 1 and self.keys[0].alg == alg else None
        found = [key for key in self.keys if key.kid == kid]
        return found[0] if len(found) == 1 and found[0].alg == alg else None


def read_key_set(document: str | bytes) -> KeySet:
    """Read a key set from text that is kept beside the program, for verifying without a network.

    Raises:
        UnsafeAnswer: it is not JSON or not a key set.
    """
    try:
        return KeySet.read(parse_object(document))
    except ValueError as error:
        raise UnsafeAnswer("the key set is not acceptable JSON") from error


def _usable(entry: Any, readers: Mapping[str, KeyReader] | None) -> VerifyingKey | None:
    try:
        return VerifyingKey.read(entry, readers=readers)
    except UnusableKey:
        return None


def _may_verify(operations: Any) -> bool:
    return isinstance(operations, list) and "verify" in operations


def read_rsa(entry: Mapping[str, Any]) -> RSAPublicKey:
    """Return an RSA key of safe size and form (RFC 7518, section 6.3); raises `UnusableKey` for any other."""
    modulus, exponent = _number(entry, "n"), _number(entry, "e")
    if not SMALLEST_RSA_BITS <= modulus.bit_length() <= LARGEST_RSA_BITS:
        raise UnusableKey("is not of 2,048 to 8,192 bits")
    if not 65_537 <= exponent < 2**32 or exponent % 2 == 0 or modulus % 2 == 0:
        raise UnusableKey("has an unsafe exponent or modulus")
    if all(modulus % prime in _ROCA_REMAINDERS[prime] for prime in _ROCA_PRIMES):
        raise UnusableKey("was made by a generator that is broken")
    try:
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError as error:
        raise UnusableKey("is not an RSA key") from error


def point_reader(crv: str, curve: EllipticCurve) -> KeyReader:
    """Return what reads the keys of one curve (RFC 7518, section 6.2); coordinates have their full length."""
    octets = (curve.key_size + 7) // 8
    length = (octets * 8 + 5) // 6

    def read(entry: Mapping[str, Any]) -> EllipticCurvePublicKey:
        if entry.get("crv") != crv:
            raise UnusableKey("is on another curve")
        if not all(isinstance(entry.get(name), str) and len(entry[name]) == length for name in ("x", "y")):
            raise UnusableKey("has coordinates of another length")
        try:
            return EllipticCurvePublicNumbers(_number(entry, "x"), _number(entry, "y"), curve).public_key()
        except ValueError as error:
            raise UnusableKey("is not a point of the curve") from error

    return KeyReader("EC", read)


def _number(entry: Mapping[str, Any], name: str) -> int:
    text = entry.get(name)
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise UnusableKey(f"has no {name}")
    return int.from_bytes(urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


# What the issuer of tokens may sign with; a shared secret is none of it, whoever publishes one.
ALGORITHMS: Final = {"RS256": KeyReader("RSA", read_rsa), "ES256": point_reader("P-256", SECP256R1())}
