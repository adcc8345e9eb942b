"""A request's JSON, read by the one strict reader."""

from __future__ import annotations

from typing import Any

from billing_sdk._strict_json import parse
from billing_sdk.errors import InvalidRequest


def read_json(body: bytes) -> Any:
    """Read a JSON document that has one meaning only, and bounds.

    Raises:
        InvalidRequest: it has none, or more than one, or is larger in some way than anybody needs.
    """
    try:
        return parse(body)
    except ValueError as error:
        raise InvalidRequest(f"the body can't be read: {error}") from None
