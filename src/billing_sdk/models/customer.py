"""Billing customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class BillingCustomer:
    """A person or an organization that can be charged."""

    id: str
    agreement_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> BillingCustomer:
        """Read the `billing_customer` of an answer."""
        document = Document(data, "answer").object("billing_customer")
        return cls(document.text("id"), document.text_or_none("agreement_id"))
