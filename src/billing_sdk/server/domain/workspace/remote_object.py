"""Remote objects: what stands for things of ours at a payment processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RemoteKind = Literal["customer", "product", "price", "invoice", "payment_method", "tax_code"]
RemoteStatus = Literal["synced", "pending", "failed"]


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """One object at the account of an app.

    Attributes:
        our_id: of what it stands for here.
        remote_id: its id there; None where making it has failed.
        fingerprint: of what was sent, so that drift shows.
        error: why making it has failed, by its code and message.
        detail: what else the adapter needs to know of it.
    """

    app_id: str
    kind: RemoteKind
    our_id: str
    remote_id: str | None
    fingerprint: str = ""
    status: RemoteStatus = "synced"
    error: Mapping[str, Any] | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    synced_at: datetime | None = None
