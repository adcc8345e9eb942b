"""A billing profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args

from billing_sdk.errors import InvalidAmount, InvalidRequest, InvalidTaxId
from billing_sdk.money import Money, zero
from billing_sdk.server.domain.catalog.keys import checked_tax_code
from billing_sdk.server.domain.collection.dunning import DunningPolicy
from billing_sdk.server.domain.collection.numbering import Numbering
from billing_sdk.server.domain.customers import LANGUAGE, Address
from billing_sdk.server.domain.periods import NO_TIME, Duration

CollectionMethod = Literal["charge_automatically", "send_invoice"]
TaxBehavior = Literal["exclusive", "inclusive"]
# By the rates that were entered here, or by the payment processor.
TaxProvider = Literal["own", "gateway"]
# At once with the payment, or by the processor in its own time, which then charges it as well.
Finalization = Literal["at_once", "by_gateway"]

BUILT_IN_ID: Final = "profile_default"
TERM = Duration(days=30)


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who bills, as it stands on invoices.

    Attributes:
        tax_id: such as a VAT number; shown as it is.
    """

    name: str = ""
    address: Address | None = None
    tax_id: str | None = None

    def __post_init__(self) -> None:
        if len(self.name) > 200 or (self.name and not self.name.isprintable()):
            raise InvalidRequest("the supplier's name is not up to 200 characters of a line", parameter="supplier.name")
        if self.tax_id is not None and (
            not self.tax_id.strip() or len(self.tax_id) > 40 or not self.tax_id.isprintable()
        ):
            raise InvalidTaxId(
                "the supplier's tax id is not one line of up to 40 characters", parameter="supplier.tax_id"
            )


@dataclass(frozen=True, slots=True)
class TaxSettings:
    """Whether there is tax on invoices, and what is taken for granted where nothing else is said.

    Attributes:
        is_enforced: an invoice whose tax can't be worked out is not issued; else it is issued without, and warns.
        default_tax_code: of what has no tax code of its own.
        behavior: whether prices include tax, unless they say themselves.
        provider: who works it out; a gateway that can't leaves invoices without.
    """

    is_enabled: bool = False
    is_enforced: bool = False
    default_tax_code: str | None = None
    behavior: TaxBehavior = "exclusive"
    provider: TaxProvider = "own"

    def __post_init__(self) -> None:
        if self.behavior not in get_args(TaxBehavior):
            raise InvalidRequest("tax is neither exclusive nor inclusive", parameter="tax.behavior")
        if self.provider not in get_args(TaxProvider):
            raise InvalidRequest("tax is worked out by nobody that there is", parameter="tax.provider")
        if self.default_tax_code is not None:
            checked_tax_code(self.default_tax_code)

    @property
    def is_by_gateway(self) -> bool:
        """Whether there is tax that the payment processor works out."""
        return self.is_enabled and self.provider == "gateway"


@dataclass(frozen=True, slots=True)
class BillingProfile:
    """How a customer is billed and pays.

    Attributes:
        id: starts with `profile_`.
        is_default: it is that of every customer who has no other; exactly one is.
        collection_method: whether the customer's card is charged, or an invoice is sent and paid by other means.
        due_after: how long after its issue an invoice that is sent is due; what is charged is due at once.
        wait_for_late_usage: how long after a billing date usage that was reported late still gets on the invoice.
        wait_before_sending: how long an invoice that is complete waits before it is issued.
        progressive_threshold_minor: the amount of usage, by currency, that is billed at once instead of at the next
            billing date.
        is_consolidating: what is billed at one instant to one customer is one invoice, whatever agreements it is for.
        language: of invoices, unless the customer has another one.
        finalizes: whether an invoice becomes final at the payment processor at once, or when that sees fit.
        app_id: the linked account that it was made for; None for whichever the workspace has.

    Source: Kong documentation, "Billing profiles" and "Collect payments with Stripe", for methods and waits.
    """

    id: str
    name: str
    created_at: datetime | None = None
    is_default: bool = False
    supplier: Supplier = field(default_factory=Supplier)
    collection_method: CollectionMethod = "charge_automatically"
    due_after: Duration = TERM
    wait_for_late_usage: Duration = NO_TIME
    wait_before_sending: Duration = NO_TIME
    numbering: Numbering = field(default_factory=Numbering)
    tax: TaxSettings = field(default_factory=TaxSettings)
    dunning: DunningPolicy = field(default_factory=DunningPolicy)
    progressive_threshold_minor: Mapping[str, int] = field(default_factory=dict)
    is_consolidating: bool = False
    language: str = "en"
    finalizes: Finalization = "at_once"
    app_id: str | None = None

    def __post_init__(self) -> None:
        if self.collection_method not in get_args(CollectionMethod):
            raise InvalidRequest("the collection method is none that there is", parameter="collection_method")
        if not LANGUAGE.fullmatch(self.language):
            raise InvalidRequest("the language is no language tag", parameter="language")
        if self.finalizes not in get_args(Finalization):
            raise InvalidRequest("invoices become final at once or by the gateway", parameter="finalizes")
        for currency, minor in self.progressive_threshold_minor.items():
            zero(currency)
            if type(minor) is not int or minor <= 0:
                raise InvalidAmount(f"a threshold of {str(minor)[:40]} {currency} is never reached from below")

    @property
    def sends_invoices(self) -> bool:
        """Whether invoices are paid by other means than the customer's card."""
        return self.collection_method == "send_invoice"

    @property
    def waits(self) -> bool:
        """Whether anything lies between a billing date and the issue of its invoice."""
        return not (self.wait_for_late_usage.is_zero and self.wait_before_sending.is_zero)

    def due_at(self, issued_at: datetime) -> datetime:
        """Return when an invoice is due that is issued at an instant."""
        return self.due_after.after(issued_at) if self.sends_invoices else issued_at

    def threshold(self, currency: str) -> Money | None:
        """Return the amount of usage that is billed at once."""
        minor = self.progressive_threshold_minor.get(currency)
        return None if minor is None else Money(minor, currency)


# What counts while nobody has made a profile the default one.
BUILT_IN: Final = BillingProfile(id=BUILT_IN_ID, name="Default", is_default=True)
