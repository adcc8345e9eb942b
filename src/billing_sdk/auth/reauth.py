"""An expired sign-in link that comes back with what it was asked for."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final, cast

from billing_sdk._strict_json import parse_object
from billing_sdk.auth.options import SignInOptions, encode_options
from billing_sdk.errors import InvalidRequest

LONGEST_STATE: Final = 2_048
# The text comes through the visitor's browser: take from it what a visitor could have asked for, nothing else.
_TAKEN: Final = frozenset(
    "plan_interest pricing_table_key currency org_name org_code login_hint lang".split()
    + "connection_id invitation_code prompt".split()
)
_TAKEN_FLAGS: Final = frozenset({"is_create_org", "is_invitation", "has_success_page"})


def read_reauth_state(text: str) -> SignInOptions:
    """Return the options of the expired sign-in.

    Raises:
        InvalidRequest: it is longer than 2 KiB, or not base64 of a JSON object with acceptable options.
    """
    if len(text) > LONGEST_STATE:
        raise InvalidRequest("reauth_state is too long")
    try:
        plain = text.replace("-", "+").replace("_", "/")
        found = parse_object(b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except ValueError:
        raise InvalidRequest("reauth_state is not readable") from None
    options: dict[str, Any] = {name: value for name, value in found.items() if name in _TAKEN and value != ""}
    options |= {name: found[name] in (True, "true") for name in _TAKEN_FLAGS if name in found}
    taken = cast("SignInOptions", options)
    encode_options(taken)
    return taken
