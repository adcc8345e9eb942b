"""Passwords: Argon2id hashes (RFC 9106), and what a password has to be.

Source: NIST SP 800-63B-4, section 3.1.1.2: a length, and no rule about the kinds of characters.
"""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from billing_sdk.errors import InvalidRequest

MIN_LENGTH = 10
MAX_LENGTH = 256

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """Return what is stored of a password.

    Raises:
        InvalidRequest: it is too short or too long; the password itself is not repeated.
    """
    require_length(password)
    try:
        return _HASHER.hash(password)
    except UnicodeEncodeError:
        raise InvalidRequest("password is not text that can be encoded", parameter="password") from None


def require_length(password: str) -> None:
    """Refuse what can't become a password, before any work is done for it.

    Raises:
        InvalidRequest: it is too short or too long.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidRequest(
            f"password has fewer than {MIN_LENGTH} or more than {MAX_LENGTH} characters",
            remedy=f"Choose a password of {MIN_LENGTH} to {MAX_LENGTH} characters.",
            parameter="password",
        )


def matches(password: str, stored: str | None) -> bool:
    """Tell whether a password is the stored one; without a stored one it costs the same and is False."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        _HASHER.verify(stored or _hash_of_nothing(), password)
    except (VerificationError, UnicodeEncodeError):
        return False
    return stored is not None


@cache
def _hash_of_nothing() -> str:
    return _HASHER.hash("no account has this password")
