"""Subject keys: what an application calls a customer in its events."""

from __future__ import annotations

import re

from billing_sdk.errors import InvalidRequest

LONGEST_KEY = 255
MOST_KEYS = 100
# What ids of ours look like: nobody is to go by a name that somebody else is given later.
OURS = re.compile(r"(agreement|customer|kp)_[0-9a-f]{32}|org_[0-9a-f]{11}", re.ASCII)


def checked_subject_key(key: str) -> str:
    """Return a key that a customer can go by: 1 to 255 printable characters, and no id of ours.

    Raises:
        InvalidRequest: it is anything else.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidRequest(f"a subject key has 1 to {LONGEST_KEY} printable characters", parameter="key")
    if OURS.fullmatch(key):
        raise InvalidRequest(
            f"{key[:64]!r} is an id of an agreement, a customer, a person or an organization",
            parameter="key",
            remedy="Events can name it as it is; give keys for other names.",
        )
    return key
