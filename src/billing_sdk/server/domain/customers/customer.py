"""A customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

CustomerKind = Literal["user", "organization"]


@dataclass(frozen=True, slots=True)
class Customer:
    """A person or an organization as a payer; exactly one of `user_id` and `org_code` is set.

    Attributes:
        id: starts with `customer_`.
        clock_id: the test clock that tells this customer's time, from the first day on; real time without one.
    """

    id: str
    kind: CustomerKind
    billing_email: str
    created_at: datetime
    user_id: str | None = None
    org_code: str | None = None
    clock_id: str | None = None
