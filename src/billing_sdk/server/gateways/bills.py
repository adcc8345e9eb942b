"""Bills: what a gateway is asked to collect, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from billing_sdk.money import Money, total
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.invoicing import AwaitReason, Grounds
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.tax import GatewayTax

BillLineKind = Literal["charge", "discount", "credit", "tax"]
TaxByGateway = Literal["none", "by_gateway", "by_gateway_or_none"]
BillStatus = Literal["draft", "open", "paid", "void", "uncollectible", "deleted"]


@dataclass(frozen=True, slots=True)
class Payer:
    """Whom a bill is for, as a processor knows a customer.

    Attributes:
        customer_id: ours, which the processor's own customer stands for.
        language: of invoices and pages, as in BCP 47; None is the processor's choice.
    """

    customer_id: str
    email: str
    name: str = ""
    address: Address | None = None
    tax_ids: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line of a bill.

    Attributes:
        amount: below zero for discounts and credits.
        tax_code: the processor's own code, where it works out tax.
        is_tax_included: whether the amount holds its tax already, where the processor works it out.
    """

    position: int
    description: str
    amount: Money
    kind: BillLineKind
    period: Period
    tax_code: str | None = None
    is_tax_included: bool = False


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid.

    Attributes:
        id: of the invoice; of the charge where the invoice is issued with its payment.
        token: of the payment method that it is collected from; None where it is sent, and paid by other means.
        number: of our invoice, once it has one.
        due_at: until when it is to be paid, where it is sent.
        tax: whether the processor works it out, and whether a bill without it is better than none.
        finalizes: whether it becomes final at once, or in the processor's own time.
        is_present: whether the customer waits for the answer, and can confirm the payment.
    """

    id: str
    payer: Payer
    lines: tuple[BillLine, ...]
    currency: str
    token: str | None = field(default=None, repr=False)
    number: str | None = None
    due_at: datetime | None = None
    tax: TaxByGateway = "none"
    finalizes: Literal["at_once", "by_gateway"] = "at_once"
    is_present: bool = False

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return total([line.amount for line in self.lines], self.currency)

    @property
    def is_taxed(self) -> bool:
        """Whether all its taxes are among its lines: it has its number, or the processor was asked for them."""
        return self.number is not None or any(line.kind == "tax" for line in self.lines)


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that was collected.

    Attributes:
        reference: the processor's own id of the payment.
        amount: what was taken, with the taxes that the processor has worked out.
        taxes: those, unless they were among the lines already; None where they could not be worked out.
        bill_reference: the processor's own id of the bill, if it keeps bills.
        disputed_as: why its payer disputes the payment already, where a test card says so.
    """

    reference: str
    amount: Money
    taxes: tuple[GatewayTax, ...] | None = ()
    bill_reference: str | None = None
    disputed_as: Grounds | None = None


@dataclass(frozen=True, slots=True)
class PaidBack:
    """Money that was paid back; `reference` is the gateway's own id."""

    reference: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Awaited:
    """That the outcome of a payment is not known yet.

    Attributes:
        reason: what it waits for.
        url: where the payer goes on; it is for the payer alone.
        bill_reference: the processor's own id of the bill.
        reference: the processor's own id of the payment.
    """

    reason: AwaitReason
    url: str | None = field(default=None, repr=False)
    bill_reference: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class BillState:
    """How a bill stands at the processor, fetched from there.

    Attributes:
        amount: what it comes to, with tax.
        paid: what of it was paid.
        reference: the processor's own id of the payment, if there was one.
        decline_code: why the last attempt was declined.
        url: where the payer sees it.
    """

    status: BillStatus
    amount: Money
    paid: Money
    bill_reference: str
    reference: str | None = None
    decline_code: str | None = None
    taxes: tuple[GatewayTax, ...] = ()
    url: str | None = field(default=None, repr=False)
    number: str | None = None
    is_overdue: bool = False
    sent_at: datetime | None = None
