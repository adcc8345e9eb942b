"""What connections of this server tell besides what ASGI has a word for (ASGI specification, extensions)."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

# The whole body has arrived.
WHOLE = "billing_sdk.whole_body"
# What may be noted of the head of this request, for others of the same connection that have the same head.
NOTES = "billing_sdk.notes_of_head"


def notes_of(scope: Scope) -> dict[str, Any]:
    """Return what was noted of requests with the same method, address and headers, but for Content-Length.

    Only what follows from these may be noted. Other connections have notes of their own, which end with them.
    """
    notes: dict[str, Any] = scope.get("extensions", {}).get(NOTES, {})
    return notes
