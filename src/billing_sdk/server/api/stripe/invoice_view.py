"""Invoices as v1 shows them.

Source: Stripe documentation, API reference, Invoices; the published clients of Stripe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import (
    CadenceId,
    CustomerId,
    InvoiceId,
    PaymentMethodId,
    TestClockId,
)
from billing_sdk.server.api.stripe.invoice_line_view import (
    DiscountAmount,
    InvoiceLineView,
    Lines,
    PretaxCredit,
    TaxView,
)
from billing_sdk.server.api.stripe.invoice_payment_view import InvoicePaymentView
from billing_sdk.server.api.stripe.invoice_totals import Totals, totals_of
from billing_sdk.server.api.stripe.paging import ListObject
from billing_sdk.server.api.stripe.values import Livemode, LowerCurrency, UnixTime
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice, InvoiceReason, InvoiceStatus, Payment
from billing_sdk.server.domain.tax import TaxAmount
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.stripe_customers import stripe_customer

Status = Literal["draft", "open", "paid", "uncollectible", "void"]
STATUSES: Final[dict[InvoiceStatus, Status]] = {
    "gathering": "draft",
    "draft": "draft",
    "awaiting_usage": "draft",
    "awaiting_sending": "draft",
    "issued": "open",
    "overdue": "open",
    "paid": "paid",
    "uncollectible": "uncollectible",
    "void": "void",
}
REASONS: Final[dict[InvoiceReason, str]] = {
    "change": "subscription_update",
    "renewal": "subscription_cycle",
    "end": "subscription_cycle",
    "one_off": "manual",
    "threshold": "subscription_threshold",
    "adjustment": "manual",
    "reissue": "manual",
}
# An invoice shows so many of its lines; the others are a list of their own.
MOST_LINES: Final = 10


class AutomaticTax(View):
    """Whether tax was worked out, and how that went."""

    enabled: bool
    disabled_reason: None = None
    liability: None = None
    provider: str | None
    status: str | None


class Address(View):
    """Where the customer is."""

    city: str | None
    country: str | None
    line1: str | None
    line2: str | None
    postal_code: str | None
    state: str | None


class CadenceDetails(View):
    """By which cadence it is billed."""

    billing_cadence: CadenceId


class InvoiceParent(View):
    """What it comes from."""

    type: Literal["billing_cadence_details"] = "billing_cadence_details"
    billing_cadence_details: CadenceDetails
    quote_details: None = None
    subscription_details: None = None


class PaymentSettings(View):
    """How it may be paid is for the gateway to say."""

    default_mandate: None = None
    payment_method_options: None = None
    payment_method_types: None = None


class StatusTransitions(View):
    """When it became what it is."""

    finalized_at: UnixTime | None
    marked_uncollectible_at: UnixTime | None
    paid_at: UnixTime | None
    voided_at: UnixTime | None


class Issuer(View):
    """Who sends it: whoever runs this server."""

    type: Literal["self"] = "self"


class InvoiceView(View):
    """An invoice, issued or to come; one that is to come has an id of its own."""

    id: InvoiceId
    object: Literal["invoice"] = "invoice"
    account_country: None = None
    account_name: str | None
    account_tax_ids: None = None
    amount_due: int
    amount_overpaid: int = 0
    amount_paid: int
    amount_remaining: int
    amount_shipping: int = 0
    application: None = None
    attempt_count: int
    attempted: bool
    auto_advance: bool
    automatic_tax: AutomaticTax
    automatically_finalizes_at: UnixTime | None
    billing_reason: str
    collection_method: str
    confirmation_secret: None = None
    created: UnixTime
    currency: LowerCurrency
    custom_fields: None = None
    customer: CustomerId
    customer_address: Address | None
    customer_email: str | None
    customer_name: str | None
    customer_phone: str | None
    customer_shipping: None = None
    customer_tax_exempt: str = "none"
    customer_tax_ids: list[dict[str, str]] = Field(default_factory=list)
    default_payment_method: PaymentMethodId | None
    default_source: None = None
    default_tax_rates: list[str] = Field(default_factory=list)
    description: None = None
    discounts: list[str] = Field(default_factory=list)
    due_date: UnixTime | None
    effective_at: UnixTime | None
    ending_balance: int | None
    footer: None = None
    from_invoice: None = None
    hosted_invoice_url: str | None
    invoice_pdf: str | None
    issuer: Issuer = Field(default_factory=Issuer)
    last_finalization_error: None = None
    latest_revision: None = None
    lines: ListObject
    livemode: Livemode = None
    metadata: dict[str, str] = Field(default_factory=dict)
    next_payment_attempt: UnixTime | None
    number: str | None
    on_behalf_of: None = None
    parent: InvoiceParent | None
    payment_settings: PaymentSettings = Field(default_factory=PaymentSettings)
    payments: ListObject
    period_end: UnixTime
    period_start: UnixTime
    post_payment_credit_notes_amount: int
    pre_payment_credit_notes_amount: int
    receipt_number: None = None
    rendering: None = None
    shipping_cost: None = None
    shipping_details: None = None
    starting_balance: int
    statement_descriptor: None = None
    status: Status
    status_transitions: StatusTransitions
    subtotal: int
    subtotal_excluding_tax: int
    test_clock: TestClockId | None
    total: int
    total_discount_amounts: list[DiscountAmount]
    total_excluding_tax: int
    total_pretax_credit_amounts: list[PretaxCredit]
    total_taxes: list[TaxView]
    webhooks_delivered_at: UnixTime | None


@dataclass(frozen=True, slots=True)
class _Settled:
    """What has happened to an invoice after its issue."""

    payments: tuple[Payment, ...]
    attempts: int
    notes_after: int
    times: StatusTransitions

    @property
    def paid(self) -> int:
        return sum(payment.amount.minor for payment in self.payments)


def view_of(tx: UnitOfWork, engine: Engine, invoice: Invoice, *, is_stored: bool = True) -> InvoiceView:
    """Show an invoice.

    Args:
        tx: the transaction.
        engine: the engine.
        invoice: the invoice.
        is_stored: it is one, and not what one would be.
    """
    customer, totals = tx.customers.get(invoice.customer_id), totals_of(invoice)
    settled = _settled(tx, invoice) if is_stored else _Settled((), 0, 0, _times(invoice, None, None))
    known = stripe_customer(tx, customer.id)
    lines = lines_of(tx, invoice, totals)
    due = invoice.amount.minor - invoice.credited_minor
    status = STATUSES[invoice.status]
    remaining = max(due - settled.paid, 0) if status in ("open", "draft", "uncollectible", "void") else 0
    links = links_to(engine, invoice)
    profile = tx.billing_profiles.of(customer, invoice.billing_cadence_id)
    period_start, period_end = _period(invoice)
    dunning = tx.dunnings.find(invoice.id) if invoice.is_owed else None
    timer = None if dunning is None else tx.timers.find("dunning", invoice.id)
    return InvoiceView(
        id=invoice.id,
        account_name=profile.supplier.name or None,
        amount_due=due,
        amount_paid=settled.paid,
        amount_remaining=remaining,
        attempt_count=settled.attempts,
        attempted=settled.attempts > 0,
        auto_advance=status in ("draft", "open"),
        automatic_tax=_automatic_tax(totals.taxes, is_on=profile.tax.is_enabled),
        automatically_finalizes_at=invoice.send_at or invoice.collect_at,
        billing_reason=REASONS[invoice.reason],
        collection_method=invoice.collection_method if invoice.is_issued else profile.collection_method,
        created=invoice.created_at,
        currency=invoice.currency,
        customer=customer.id,
        customer_address=_address(customer),
        customer_email=customer.billing_email or None,
        customer_name=known.extras.data.get("name"),
        customer_phone=known.extras.data.get("phone"),
        default_payment_method=None,
        due_date=invoice.due_at if invoice.collection_method == "send_invoice" else None,
        effective_at=invoice.issued_at,
        ending_balance=-totals.balance_before - totals.balance if invoice.is_issued else None,
        hosted_invoice_url=None if links is None else links.hosted_url,
        invoice_pdf=None if links is None else links.pdf_url,
        lines=ListObject(
            data=list(lines[:MOST_LINES]),
            has_more=len(lines) > MOST_LINES,
            url=f"/v1/invoices/in_{invoice.id.rpartition('_')[2]}/lines",
        ),
        next_payment_attempt=None if timer is None else timer.due_at,
        number=invoice.number,
        parent=_parent(invoice),
        payments=ListObject(
            data=[InvoicePaymentView.of(invoice.id, payment) for payment in settled.payments],
            has_more=False,
            url=f"/v1/invoice_payments?invoice=in_{invoice.id.rpartition('_')[2]}",
        ),
        period_end=period_end,
        period_start=period_start,
        post_payment_credit_notes_amount=settled.notes_after,
        pre_payment_credit_notes_amount=invoice.credited_minor,
        starting_balance=-totals.balance_before,
        status=status,
        status_transitions=settled.times,
        subtotal=totals.subtotal,
        subtotal_excluding_tax=totals.subtotal - totals.included_tax,
        test_clock=customer.clock_id,
        total=totals.total,
        total_discount_amounts=_by_discount(totals),
        total_excluding_tax=totals.total_excluding_tax,
        total_pretax_credit_amounts=[each for line in lines for each in line.pretax_credit_amounts],
        total_taxes=[TaxView.of(tax) for tax in totals.taxes],
        webhooks_delivered_at=invoice.issued_at,
    )


def lines_of(tx: UnitOfWork, invoice: Invoice, totals: Totals) -> list[InvoiceLineView]:
    """Show the lines of an invoice."""
    moved = tx.grants.moved_by(invoice.id) if totals.credit or totals.charges else ()
    transactions = {(one.line, one.grant_id): one.id for one in moved if one.kind == "applied"}
    lines = Lines(tx, invoice, transactions)
    return [lines.view(one) for one in totals.charges]


def _settled(tx: UnitOfWork, invoice: Invoice) -> _Settled:
    attempts = tx.invoices.payments_for(invoice.id) if invoice.is_issued else ()
    paid = tuple(one for one in attempts if one.status == "succeeded" and one.id == invoice.payment_id)
    notes = tx.credit_notes.of_invoice(invoice.id) if invoice.is_issued else ()
    after = sum(note.amount.minor for note in notes if note.destination != "invoice")
    settled_at = paid[0].attempted_at if paid else None
    ended_at = _ended_at(tx, invoice)
    if invoice.status == "paid" and settled_at is None:
        settled_at = invoice.issued_at
    elif settled_at is not None and invoice.issued_at is not None:
        settled_at = max(settled_at, invoice.issued_at)  # it may have been taken before
    return _Settled(paid, len(attempts), after, _times(invoice, settled_at, ended_at))


def _ended_at(tx: UnitOfWork, invoice: Invoice) -> datetime | None:
    if invoice.status not in ("void", "uncollectible"):
        return None
    kind = "void" if invoice.status == "void" else "write_off"
    entries = tx.ledger.of_invoice(invoice.customer_id, invoice.id)
    return next((entry.at for entry in entries if entry.kind == kind), None)


def _times(invoice: Invoice, paid_at: datetime | None, ended_at: datetime | None) -> StatusTransitions:
    return StatusTransitions(
        finalized_at=invoice.issued_at,
        marked_uncollectible_at=ended_at if invoice.status == "uncollectible" else None,
        paid_at=paid_at if invoice.status == "paid" else None,
        voided_at=ended_at if invoice.status == "void" else None,
    )


def _parent(invoice: Invoice) -> InvoiceParent | None:
    if invoice.billing_cadence_id is None:
        return None
    return InvoiceParent(billing_cadence_details=CadenceDetails(billing_cadence=invoice.billing_cadence_id))


def _period(invoice: Invoice) -> tuple[datetime, datetime]:
    """Return what time the charges are for."""
    if not invoice.lines:
        return invoice.created_at, invoice.created_at
    return min(line.period.start for line in invoice.lines), max(line.period.end for line in invoice.lines)


def _address(customer: Customer) -> Address | None:
    address = customer.address
    if address is None:
        return None
    line1, line2 = (*address.lines, None, None)[:2]
    return Address(
        city=address.city,
        country=address.country,
        line1=line1,
        line2=line2,
        postal_code=address.postal_code,
        state=address.region,
    )


def _automatic_tax(taxes: Sequence[TaxAmount], *, is_on: bool) -> AutomaticTax:
    status = ("complete" if taxes else "requires_location_inputs") if is_on else None
    return AutomaticTax(enabled=is_on, provider=None, status=status)


def _by_discount(totals: Totals) -> list[DiscountAmount]:
    found: dict[str, int] = {}
    for charged in totals.charges:
        for one in charged.discounts:
            found[one.name] = found.get(one.name, 0) + one.amount_minor
    return [DiscountAmount(amount=amount, discount=name) for name, amount in found.items()]
