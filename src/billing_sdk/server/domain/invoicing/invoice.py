"""Invoices, their lines, and the one table of what can happen to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk.errors import Conflict, InvoiceLocked
from billing_sdk.money import Money, total
from billing_sdk.server.domain.customers import MethodName
from billing_sdk.server.domain.invoicing.naming import Frames, framed, in_english
from billing_sdk.server.domain.invoicing.tax_document import line_tax, tax_amounts
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.tax import TaxAmount
from billing_sdk.server.domain.workspace import GatewayKind

InvoiceStatus = Literal[
    "gathering",
    "draft",
    "awaiting_usage",
    "awaiting_sending",
    "issued",
    "overdue",
    "paid",
    "uncollectible",
    "void",
]
InvoiceEvent = Literal["collect", "finalize", "close_usage", "issue", "pay", "fall_due", "write_off", "void"]
InvoiceReason = Literal["change", "renewal", "end", "one_off", "threshold", "adjustment", "reissue"]
CollectionMethod = Literal["charge_automatically", "send_invoice"]

# Everything that can happen to an invoice's status is in this table; nothing else may change one.
TRANSITIONS: dict[tuple[InvoiceStatus, InvoiceEvent], InvoiceStatus] = {
    # It takes in what comes until its billing date; a draft is made by hand, and has none.
    ("gathering", "collect"): "awaiting_usage",
    ("draft", "finalize"): "awaiting_sending",
    # Usage that is reported late still counts, until the wait for it is over.
    ("awaiting_usage", "close_usage"): "awaiting_sending",
    # From here on nothing that it says ever changes.
    ("awaiting_sending", "issue"): "issued",
    ("issued", "pay"): "paid",
    ("issued", "fall_due"): "overdue",
    ("issued", "write_off"): "uncollectible",
    ("issued", "void"): "void",
    ("overdue", "pay"): "paid",
    ("overdue", "write_off"): "uncollectible",
    ("overdue", "void"): "void",
    ("uncollectible", "pay"): "paid",
    ("uncollectible", "void"): "void",
}
# What can still be added to, and taken from.
OPEN_TO_LINES: frozenset[InvoiceStatus] = frozenset({"gathering", "draft"})
# What leads to an invoice that waits for nothing but its issue.
PREPARING: dict[InvoiceStatus, InvoiceEvent] = {
    "gathering": "collect",
    "awaiting_usage": "close_usage",
    "draft": "finalize",
}
# Somebody has to pay these still.
OWED: frozenset[InvoiceStatus] = frozenset({"issued", "overdue"})
# These have no number yet, are owed by nobody, and may still change.
UNISSUED: frozenset[InvoiceStatus] = frozenset({"gathering", "draft", "awaiting_usage", "awaiting_sending"})


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One charge or credit, with what it was computed from.

    Attributes:
        subject: what it is about, in the words of the catalogue or of whoever charges it; empty where the engine alone
            says what it is.
        plan_version_id: which prices applied; None where it is for no plan, such as a one-off charge.
        component_id: which of them; the kind of the line where it is about no component.
        quantity: how much was used or licensed, where that is what the amount depends on.
        derivation: why the amount is what it is, in JSON values; see `explain`.
        agreement_id: what it is charged under; None where it is about the invoice as a whole, or no agreement.
        frames: what is said around the subject, from the inside out.
    """

    subject: str
    amount: Money
    period: Period
    plan_version_id: str | None
    component_id: str
    quantity: Decimal | None = None
    derivation: Mapping[str, Any] = field(default_factory=dict)
    agreement_id: str | None = None
    frames: Frames = ()

    @property
    def description(self) -> str:
        """What it is called on the wire, in English; people read it in their own language."""
        return in_english(self.subject, self.frames)

    @property
    def kind(self) -> str | None:
        """What it is about, one of `LineKind`; None on invoices from before lines said so."""
        return self.derivation.get("kind")

    @property
    def priced_quantity(self) -> Decimal | None:
        """How much of the quantity has a price: of a metered item with conditions, what meets them."""
        # What is priced in a unit of its own keeps its rating with that.
        facts = self.derivation.get("unit") or self.derivation
        steps = (facts.get("rating") or {}).get("steps", ())
        if not any(step["name"] == "unrated" for step in steps):
            return self.quantity
        return sum((Decimal(step["facts"]["quantity"]) for step in steps if step["name"] == "dimension"), Decimal(0))


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill. Once it is issued, only its status, what has paid it, and what was credited of it change.

    Attributes:
        number: what the customer sees, given when it is issued, without gaps; None before.
        agreement_id: the agreement that it is about; None for several of them, or none.
        reason: what it was made for.
        created_at: when its first line came.
        issued_at: when it became what it is; None before.
        due_at: until when it is to be paid.
        collect_at: until when usage that is reported late still counts, while it waits for that.
        send_at: when it is issued, while it waits for that.
        profile_id: the billing profile that it follows; None for the built-in one.
        payment_id: what paid it; None as well where nothing was left to pay.
        credited_minor: how much of what is owed was taken back by credit notes, in minor units.
        replaces_id: the void invoice that it was issued for again.
        basis: what its lines are computed from while it waits, in JSON values.
        billing_cadence_id: the cadence that it is the invoice of; None where it is of none.
    """

    id: str
    number: str | None
    customer_id: str
    agreement_id: str | None
    status: InvoiceStatus
    currency: str
    lines: tuple[InvoiceLine, ...]
    created_at: datetime
    reason: InvoiceReason = "renewal"
    issued_at: datetime | None = None
    due_at: datetime | None = None
    collect_at: datetime | None = None
    send_at: datetime | None = None
    profile_id: str | None = None
    collection_method: CollectionMethod = "charge_automatically"
    payment_id: str | None = None
    credited_minor: int = 0
    replaces_id: str | None = None
    basis: Mapping[str, Any] = field(default_factory=dict)
    billing_cadence_id: str | None = None

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return total([line.amount for line in self.lines], self.currency)

    @property
    def taxes(self) -> tuple[TaxAmount, ...]:
        """What each tax rate comes to, whether it is a line or included in prices; see `lacks_location` for none."""
        taxes = (line_tax(line.derivation, self.currency) for line in self.lines)
        return tax_amounts(tax for tax in taxes if tax is not None)

    @property
    def credited(self) -> Money:
        """What credit notes have taken back of what was owed."""
        return Money(self.credited_minor, self.currency)

    @property
    def is_owed(self) -> bool:
        """Whether somebody has to pay it still."""
        return self.status in OWED

    @property
    def is_to_be_charged(self) -> bool:
        """Whether it is owed, and to be taken from the customer's card rather than paid by other means."""
        return self.is_owed and self.collection_method == "charge_automatically"

    @property
    def is_payable(self) -> bool:
        """Whether a payment can settle it: it is owed, or was given up."""
        return (self.status, "pay") in TRANSITIONS

    @property
    def is_due(self) -> bool:
        """Whether it should be paid by now; one that was sent has time until its due date."""
        return self.status == "overdue" or (self.status == "issued" and self.collection_method != "send_invoice")

    @property
    def is_issued(self) -> bool:
        """Whether it has its number, so that nothing that it says changes any more."""
        return self.status not in UNISSUED

    @property
    def amount_due(self) -> Money:
        """What is still to be paid."""
        return self.amount - self.credited if self.is_owed else Money(0, self.currency)

    @property
    def lines_due(self) -> tuple[InvoiceLine, ...]:
        """Its lines, and one that takes off what credit notes have taken back: what a charge for it adds up."""
        if not self.credited_minor:
            return self.lines
        last = self.lines[-1]
        taken = InvoiceLine(
            "", -self.credited, last.period, last.plan_version_id, "credit_note", frames=(framed("credits"),)
        )
        return (*self.lines, taken)

    @property
    def name(self) -> str:
        """Its number, or its id while it has none."""
        return self.number or self.id

    @property
    def agreement_ids(self) -> tuple[str, ...]:
        """The agreements that its lines are charged under, each once, in the order of the lines."""
        named = (self.agreement_id, *(line.agreement_id for line in self.lines))
        return tuple(dict.fromkeys(one for one in named if one is not None))

    def moved(self, event: InvoiceEvent) -> Invoice:
        """Return the invoice after something has happened to it.

        Raises:
            Conflict: that can't happen to an invoice of this status.
        """
        status = TRANSITIONS.get((self.status, event))
        if status is None:
            able = sorted(before for before, possible in TRANSITIONS if possible == event)
            raise Conflict(f"the invoice {self.name} is {self.status}, not {' or '.join(able)}")
        return replace(self, status=status)

    def with_lines(self, lines: tuple[InvoiceLine, ...]) -> Invoice:
        """Return the invoice with other lines, before it has begun to wait for anything.

        Raises:
            InvoiceLocked: it is too late for that.
        """
        if self.status not in OPEN_TO_LINES:
            raise InvoiceLocked(f"the invoice {self.name} is {self.status}")
        agreements = {line.agreement_id for line in lines if line.agreement_id is not None}
        return replace(self, lines=lines, agreement_id=agreements.pop() if len(agreements) == 1 else None)

    def prepared(self) -> Invoice:
        """Return the invoice when it waits for nothing but its issue.

        Raises:
            InvoiceLocked: it has been issued.
        """
        if self.is_issued:
            raise InvoiceLocked(f"the invoice {self.name} is {self.status}")
        invoice = self
        while (event := PREPARING.get(invoice.status)) is not None:
            invoice = invoice.moved(event)
        return invoice

    def issued(self, number: str, *, at: datetime, due_at: datetime | None = None) -> Invoice:
        """Return the invoice as the customer gets it.

        Args:
            number: the next one of its series.
            at: the customer's present.
            due_at: until when it is to be paid; at once where it is not given.

        Raises:
            Conflict: it has been issued before, or waits for something.
        """
        sent = replace(self.moved("issue"), collect_at=None, send_at=None, basis={})
        return replace(sent, number=number, issued_at=at, due_at=due_at or at)

    def credited_by(self, amount: Money) -> Invoice:
        """Return the invoice as it is when a credit note has lowered what is owed; where that is all, it is settled.

        Raises:
            Conflict: nobody owes it.
        """
        credited = replace(self, credited_minor=self.credited_minor + amount.minor)
        return credited if credited.amount_due else credited.paid_by(None)

    def paid_by(self, payment_id: str | None) -> Invoice:
        """Return the invoice as it is when a payment has settled it; None where nothing was left to pay.

        Raises:
            Conflict: nobody owes it.
        """
        return replace(self.moved("pay"), payment_id=payment_id)


@dataclass(frozen=True, slots=True)
class Payment:
    """One attempt to collect an amount.

    Attributes:
        method: the card, or how else it was paid.
        gateway_reference: the gateway's own id; None for a payment by other means, which it can't pay back.
        reference: what somebody noted of a payment by other means.
        decline_code: why it failed.
        invoice_id: what it was for; None for the charge of a change that was declined, and so was never invoiced.
        gateway: which one was asked.
        payment_intent_id: it was taken before the invoice that it pays was known, which it may not have yet.
    """

    id: str
    customer_id: str
    amount: Money
    status: Literal["succeeded", "failed"]
    attempted_at: datetime
    method: MethodName
    gateway_reference: str | None = None
    reference: str | None = None
    decline_code: str | None = None
    invoice_id: str | None = None
    gateway: GatewayKind = "managed"
    payment_intent_id: str | None = None
