"""Remote objects: what stands for things of ours at a payment processor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# A plan stands for itself there: its row says whether its products and prices are in line.
RemoteKind = Literal["customer", "plan", "product", "price", "invoice", "payment_method", "tax_code"]
# What is not priced, the processor has no words for; it is billed like anything else.
RemoteStatus = Literal["synced", "pending", "failed", "not_priced"]


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
