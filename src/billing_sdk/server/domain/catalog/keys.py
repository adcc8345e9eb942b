"""Keys: what code calls a feature, plan, group or table."""

from __future__ import annotations

import re

from billing_sdk.errors import InvalidRequest

LONGEST_KEY = 255
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
TAX_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}", re.ASCII)


def checked_key(text: str, parameter: str = "key") -> str:
    """Return a key: 1 to 255 letters, digits, `_`, `.` and `-`, a letter or digit first.

    Raises:
        InvalidRequest: it is anything else.
    """
    if len(text) > LONGEST_KEY or not KEY.fullmatch(text):
        raise InvalidRequest(
            f"{parameter} {text[:64]!r} is not made of letters, digits, '_', '.' and '-'", parameter=parameter
        )
    return text


def checked_tax_code(text: str, parameter: str = "tax_code") -> str:
    """Return what a tax code is called: 1 to 100 small letters, digits, `_`, `.` and `-`, a letter or digit first.

    Raises:
        InvalidRequest: it is anything else.
    """
    if not TAX_CODE.fullmatch(text):
        raise InvalidRequest(
            f"{parameter} {text[:64]!r} is not made of small letters, digits, '_', '.' and '-'", parameter=parameter
        )
    return text
