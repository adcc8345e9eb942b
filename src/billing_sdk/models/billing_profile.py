"""How customers are billed, and where they are (extension of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address.

    Attributes:
        country: two capitals, such as `DE` (ISO 3166-1).
        region: state or province, such as `CA`.
        lines: street and number, and what else stands above the city.
    """

    country: str
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    lines: tuple[str, ...] = ()

    @classmethod
    def read(cls, document: Document | None) -> Address | None:
        """Read an address, if there is one."""
        if document is None:
            return None
        return cls(
            country=document.text("country"),
            region=document.text_or_none("region"),
            city=document.text_or_none("city"),
            postal_code=document.text_or_none("postal_code"),
            lines=document.texts("lines"),
        )

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {**asdict(self), "lines": list(self.lines)}


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who bills, as it stands on invoices."""

    name: str = ""
    address: Address | None = None
    tax_id: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        address = self.address.body if self.address is not None else None
        return {"name": self.name, "address": address, "tax_id": self.tax_id}


@dataclass(frozen=True, slots=True)
class Numbering:
    """How invoices are numbered: `INV-000042`; profiles with one prefix share its series."""

    prefix: str = "INV"
    digits: int = 6


@dataclass(frozen=True, slots=True)
class TaxSettings:
    """Whether there is tax on invoices.

    Attributes:
        is_enforced: an invoice whose tax can't be worked out is not issued.
        default_tax_code: of what has no tax code of its own.
        behavior: whether prices are `exclusive` or `inclusive` of tax, unless they say themselves.
        provider: who works it out: `own` rates, or the payment `gateway`.
    """

    is_enabled: bool = False
    is_enforced: bool = False
    default_tax_code: str | None = None
    behavior: str = "exclusive"
    provider: str = "own"


@dataclass(frozen=True, slots=True)
class DunningPolicy:
    """What follows a payment that fails; durations as ISO 8601 writes them.

    Attributes:
        retry_after: how long each retry comes after the attempt before it.
        grace: how long the customer keeps what the plan includes, from the first failure on.
        at_end: `cancel` or `pause` the agreement, or `mark_uncollectible` the invoice.
    """

    retry_after: tuple[str, ...] = ("P3D", "P5D", "P7D")
    grace: str = "P14D"
    at_end: str = "cancel"

    @property
    def body(self) -> dict[str, Any]:
        """What is sent."""
        return {**asdict(self), "retry_after": list(self.retry_after)}


@dataclass(frozen=True, slots=True)
class BillingProfile:
    """How customers are billed, and how they pay; durations as ISO 8601 writes them, such as `P30D`.

    Attributes:
        is_default: it is that of every customer who has no other.
        collection_method: `charge_automatically`, or `send_invoice`.
        due_after: how long after its issue an invoice that is sent is due.
        wait_for_late_usage: how long usage that was reported late still gets on the invoice.
        wait_before_sending: how long an invoice that is complete waits before it is issued.
        progressive_threshold_minor: the amount of usage, by currency, that is billed at once.
        is_consolidating: what is billed at one instant to one customer is one invoice.
        language: of invoices, unless the customer has another one.
        finalizes: whether an invoice becomes final at the payment processor `at_once`, or `by_gateway` in its own time.
        app_id: the linked account that it was made for; None for whichever the workspace has.
    """

    id: str
    name: str
    is_default: bool = False
    supplier: Supplier = field(default_factory=Supplier)
    collection_method: str = "charge_automatically"
    due_after: str = "P30D"
    wait_for_late_usage: str = "PT0S"
    wait_before_sending: str = "PT0S"
    numbering: Numbering = field(default_factory=Numbering)
    tax: TaxSettings = field(default_factory=TaxSettings)
    dunning: DunningPolicy = field(default_factory=DunningPolicy)
    progressive_threshold_minor: Mapping[str, int] = field(default_factory=dict, hash=False)
    is_consolidating: bool = False
    language: str = "en"
    finalizes: str = "at_once"
    app_id: str | None = None
    created_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> BillingProfile:
        """Read one billing profile."""
        document = Document(data, "billing_profile")
        supplier, numbering = document.object("supplier"), document.object("numbering")
        tax, dunning = document.object("tax"), document.object("dunning")
        return cls(
            id=document.text("id"),
            name=document.text("name"),
            is_default=document.flag("is_default"),
            supplier=Supplier(
                name=supplier.text_or_none("name") or "",
                address=Address.read(supplier.object_or_none("address")),
                tax_id=supplier.text_or_none("tax_id"),
            ),
            collection_method=document.text("collection_method"),
            due_after=document.text("due_after"),
            wait_for_late_usage=document.text("wait_for_late_usage"),
            wait_before_sending=document.text("wait_before_sending"),
            numbering=Numbering(numbering.text("prefix"), numbering.whole_or_none("digits") or 1),
            tax=TaxSettings(
                is_enabled=tax.flag("is_enabled"),
                is_enforced=tax.flag("is_enforced"),
                default_tax_code=tax.text_or_none("default_tax_code"),
                behavior=tax.text("behavior"),
                provider=tax.text("provider"),
            ),
            dunning=DunningPolicy(dunning.texts("retry_after"), dunning.text("grace"), dunning.text("at_end")),
            progressive_threshold_minor=document.wholes("progressive_threshold_minor"),
            is_consolidating=document.flag("is_consolidating"),
            language=document.text("language"),
            finalizes=document.text("finalizes"),
            app_id=document.text_or_none("app_id"),
            created_on=document.instant_or_none("created_on"),
        )
