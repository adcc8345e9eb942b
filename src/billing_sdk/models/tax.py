"""Tax codes and tax rates (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class TaxCode:
    """A kind of what is sold, which some places tax at a rate of its own."""

    code: str
    name: str

    @classmethod
    def read(cls, data: Any) -> TaxCode:
        """Read one tax code."""
        document = Document(data, "tax code")
        return cls(code=document.text("code"), name=document.text_or_none("name") or "")


@dataclass(frozen=True, slots=True)
class TaxRate:
    """What a place takes of what is sold there; it never changes, but for its end.

    Attributes:
        country: ISO 3166-1 alpha-2.
        percent: 0 to 100.
        name: what invoices call it.
        region: the part of the country that it holds in; None for all of it.
        tax_code: what it is for; None for all that has no rate of its own there.
        replaces_country: the region charges it in place of the country's rates, and not in addition.
        valid_from: since when it holds; None for always.
        valid_until: the instant from which it holds no more.
    """

    id: str
    country: str
    percent: Decimal
    name: str = "VAT"
    region: str | None = None
    tax_code: str | None = None
    replaces_country: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> TaxRate:
        """Read one rate."""
        document = Document(data, "tax rate")
        return cls(
            id=document.text("id"),
            country=document.text("country"),
            percent=document.exact_or_none("percent") or Decimal(0),
            name=document.text_or_none("name") or "",
            region=document.text_or_none("region"),
            tax_code=document.text_or_none("tax_code"),
            replaces_country=document.flag("replaces_country"),
            valid_from=document.instant_or_none("valid_from"),
            valid_until=document.instant_or_none("valid_until"),
        )
