"""Sealing: how secrets that the database has to keep are encrypted there, with keys that it does not hold.

AES-256-GCM (NIST SP 800-38D) with a random nonce for each value. The place of a value, such as `signing_keys/KID`, is
bound to it, so that a value that is moved to another row does not open there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from billing_sdk._secret import Secret
from billing_sdk.errors import ConfigurationError

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = "s1"
SIGNING = b"billing-sdk: addresses that are signed"
ENTRY = re.compile(r"([a-z0-9][a-z0-9-]{0,31}):([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A key and the name under which what it has sealed refers to it."""

    name: str
    octets: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> SealingKey:
        """Make a new random key."""
        return cls(name, secrets.token_bytes(KEY_BYTES))

    def write(self) -> str:
        """Return the key as settings take it: `NAME:KEY`, the key in base64url."""
        return f"{self.name}:{_encode(self.octets)}"


def read_keys(text: str) -> tuple[SealingKey, ...]:
    """Read keys that are separated by spaces, commas or lines; the first one seals, every one opens.

    Raises:
        ValueError: an entry is not `NAME:KEY` with 32 octets in base64url, or a name is there twice.
    """
    found = []
    for entry in re.split(r"[\s,]+", text.strip()):
        match = ENTRY.fullmatch(entry)
        if match is None:
            raise ValueError("an entry is not NAME:KEY with 32 octets in base64url")
        found.append(SealingKey(match[1], _decode(match[2])))
    if len({key.name for key in found}) < len(found):
        raise ValueError("two keys have the same name")
    return tuple(found)


class Sealer:
    """Seals with the first of its keys, and opens what any of them has sealed.

    Args:
        keys: one or more; an old one stays in the list until everything is sealed anew.
    """

    def __init__(self, keys: Sequence[SealingKey]) -> None:
        self._current = keys[0].name
        self._ciphers = {key.name: AESGCM(key.octets) for key in keys}
        # Each of its own use only: what seals never signs (NIST SP 800-108, section 4).
        self._signers = tuple(hmac.digest(key.octets, SIGNING, hashlib.sha256) for key in keys)

    def seal(self, secret: Secret, *, place: str) -> str:
        """Return a secret as the database may keep it.

        Args:
            secret: what to seal.
            place: table and id of the row; it opens nowhere else.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, secret.reveal().encode(), place.encode())
        return f"{VERSION}.{self._current}.{_encode(nonce + sealed)}"

    def open(self, sealed: str, *, place: str) -> Secret:
        """Return what was sealed for a place.

        Raises:
            ConfigurationError: its key is not among the settings, or it was changed or moved.
        """
        version, _, rest = sealed.partition(".")
        name, _, octets = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version != VERSION or cipher is None:
            raise ConfigurationError(
                f"{place} is sealed with the key {name[:32]!r}, which the settings do not have",
                remedy="Add it to BILLING_SERVER_SEALING_KEYS, or restore the key file that belongs to the database.",
            )
        try:
            raw = _decode(octets)
            return Secret(cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode())
        except (InvalidTag, ValueError):
            raise ConfigurationError(
                f"{place} does not open with the key {name!r}: it was changed or moved, or the key is another one",
                remedy="Restore the database from a backup, or the key that belongs to it.",
            ) from None

    def sign(self, text: str, *, purpose: str) -> str:
        """Return the signature of a text, which nobody can guess who does not have the key; the same every time.

        Args:
            text: what is signed.
            purpose: what for; it holds for nothing else.
        """
        return _signature(self._signers[0], text, purpose)

    def has_signed(self, text: str, signature: str, *, purpose: str) -> bool:
        """Tell whether any of the keys has signed a text for a purpose."""
        given = signature.encode()
        # Every key is asked, so that the time it takes says nothing.
        matches = [hmac.compare_digest(_signature(key, text, purpose).encode(), given) for key in self._signers]
        return any(matches)

    def is_current(self, sealed: str) -> bool:
        """Tell whether a value is sealed with the key that seals now."""
        return sealed.startswith(f"{VERSION}.{self._current}.")


def _signature(key: bytes, text: str, purpose: str) -> str:
    return _encode(hmac.digest(key, f"{purpose}\0{text}".encode(), hashlib.sha256))


def _encode(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    octets = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(octets) != text:  # the same octets have one spelling only
        raise ValueError("not base64url")
    return octets
