"""What is asked of an e-mail address and of a name, wherever somebody enters one."""

from __future__ import annotations

import re

from billing_sdk.errors import InvalidRequest

# RFC 5321, section 4.5.3.1: 64 octets before the @, 254 in all.
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)*")
MAX_EMAIL_LENGTH = 254
MAX_NAME_LENGTH = 100


def normal_email(text: str, parameter: str = "email") -> str:
    """Return an e-mail address in lower case, without space around it.

    Raises:
        InvalidRequest: it does not have the shape of one.
    """
    email = text.strip().lower()
    if len(email) > MAX_EMAIL_LENGTH or not email.isprintable() or not EMAIL.fullmatch(email):
        raise InvalidRequest(f"{parameter} is not an e-mail address", parameter=parameter)
    return email


def normal_name(text: str, parameter: str, *, is_required: bool = False) -> str:
    """Return a name without space around it.

    Raises:
        InvalidRequest: it is too long, holds control characters, or is empty where one is needed.
    """
    name = text.strip()
    if len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise InvalidRequest(
            f"{parameter} is longer than {MAX_NAME_LENGTH} characters or not printable", parameter=parameter
        )
    if is_required and not name:
        raise InvalidRequest(f"{parameter} is empty", parameter=parameter)
    return name
