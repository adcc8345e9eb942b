"""What was asked of the simulator, in its order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request to the API.

    Attributes:
        number: from 1.
        params: as they were decoded.
        key: of the header `Idempotency-Key`.
        account: of the header `Stripe-Account`.
        status: of the answer, None where the connection was closed without one.
        is_replayed: whether an idempotency key gave the answer.
        fault: what the script had done to it.
    """

    number: int
    method: str
    path: str
    params: dict[str, Any] = field(repr=False)
    key: str | None
    account: str | None
    request_id: str
    status: int | None = None
    error: dict[str, Any] | None = None
    is_replayed: bool = False
    fault: str | None = None

    @property
    def name(self) -> str:
        """Return method and path, without the ids: `POST /v1/invoices/*/pay`."""
        parts = ["*" if "_" in part and part[-1:].isalnum() and _is_id(part) else part for part in self.path.split("/")]
        return f"{self.method} {'/'.join(parts)}"


def _is_id(part: str) -> bool:
    return len(part.rpartition("_")[2]) >= 12
