"""What every resource of this door has in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing_sdk.server.api.konnect.bodies import View
from billing_sdk.server.api.konnect.values import Instant
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage.konnect import Extras


class Resource(View):
    """A thing with an id, a name, labels and times; `deleted_at` where it was deleted."""

    id: str
    name: str
    created_at: Instant
    updated_at: Instant
    description: str | None = None
    labels: dict[str, str] | None = None
    deleted_at: Instant | None = None


def resource_of(our_id: str, extras: Extras | None, *, name: str, created_at: datetime) -> dict[str, Any]:
    """Return the members that all resources have.

    Args:
        our_id: the thing's own id.
        extras: what this door knows of it; None for a thing that was made elsewhere.
        name: what it is called, where this door knows no other name.
        created_at: when it was made.
    """
    if extras is None:
        return {"id": ulid_of(our_id), "name": name, "created_at": created_at, "updated_at": created_at}
    return {
        "id": ulid_of(our_id),
        "name": extras.name or name,
        "created_at": created_at,
        "updated_at": max(created_at, extras.updated_at),
        "description": extras.description,
        "labels": dict(extras.labels) or None,
        "deleted_at": extras.deleted_at,
    }
