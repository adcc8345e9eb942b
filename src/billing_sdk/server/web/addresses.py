"""Addresses: nothing in them that a database can't hold."""

from __future__ import annotations

from starlette.types import Scope

from billing_sdk.errors import InvalidRequest


def require_plain_address(scope: Scope) -> None:
    """Refuse an address with a NUL in it, before a door looks something up by it.

    PostgreSQL has no text with a NUL, and would fail where SQLite finds nothing. What is not UTF-8 has become a
    replacement character by now, which names nothing either.

    Raises:
        InvalidRequest: there is one.
    """
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise InvalidRequest("the address holds a NUL")
