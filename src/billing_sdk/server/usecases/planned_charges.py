"""Planned charges: plan them, bill them when their time comes, and tell where they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.errors import DuplicateKey, InvalidAmount, InvalidRequest
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import (
    ChargeStatus,
    Invoice,
    InvoiceLine,
    PlannedCharge,
    check_planned,
    planned_charge_from,
)
from billing_sdk.server.domain.metering import UsageQuery
from billing_sdk.server.domain.rating import Usage
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.accounts import live_account
from billing_sdk.server.usecases.bill_customer import wait
from billing_sdk.server.usecases.decide_change import has_owner
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.issue_invoice import new_invoice
from billing_sdk.server.usecases.load_in_force import policies_of
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.query_usage import everything_of, usage_of

LONGEST_REFERENCE = 200
ACTOR = "timer"
# Where the charge itself stands in what is kept of it; beside it is what was asked for, as it was written.
PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Wished:
    """A charge as it is asked for.

    Attributes:
        planned: the charge.
        name: what people call it.
        reference: the asker's own name for it, which one charge of a customer has.
        sent: what was asked for, in JSON values, to be shown again.
    """

    planned: PlannedCharge
    name: str
    description: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    reference: str | None = None
    sent: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KnownCharge:
    """A charge with all that is known of it.

    Attributes:
        invoice: what has billed it.
    """

    planned: PlannedCharge
    extras: Extras
    status: ChargeStatus
    invoice: Invoice | None = None

    @property
    def line(self) -> InvoiceLine | None:
        """The line that charges it, once it is on an issued invoice."""
        number = self.number
        return None if number is None or self.invoice is None else self.invoice.lines[number - 1]

    @property
    def number(self) -> int | None:
        """The number of that line."""
        if self.invoice is None or not self.invoice.is_issued:
            return None
        found = (n for n, one in enumerate(self.invoice.lines, 1) if one.derivation.get("charge") == self.planned.id)
        return next(found, None)


def plan_charge(engine: Engine, wished: Wished, *, actor: str) -> KnownCharge:
    """Have a customer charged once, at an instant; one that has passed is now.

    Raises:
        NotFound, Gone: there is no such customer, or it was deleted.
        InvalidRequest: something can't be, or the feature is not there, or is not counted where its use is charged.
        InvalidAmount: the amount is not above zero, or more than can be real.
        DuplicateKey: the customer has a charge with this reference.
    """
    planned = wished.planned
    reference = wished.reference
    if reference is not None and not 1 <= len(reference) <= LONGEST_REFERENCE:
        raise InvalidRequest(f"a reference has 1 to {LONGEST_REFERENCE} characters", parameter="unique_reference_id")
    with engine.begin() as tx:
        live_account(tx, planned.customer_id)
        customer = tx.customers.lock(planned.customer_id)
        at = engine.now_for(tx, customer)
        check_planned(planned, policies_of(tx), at=at)
        extras = Extras(
            "charge",
            planned.id,
            created_at=at,
            updated_at=at,
            key=None if reference is None else f"{customer.id} {reference}",
            parent_id=customer.id,
            name=wished.name,
            description=wished.description,
            labels=wished.labels,
            more={**wished.sent, PLANNED: planned.document()},
        )
        try:
            tx.konnect.save(extras)
        except DuplicateKey:
            raise DuplicateKey(f"the customer has a charge {reference!r} already", key=reference) from None
        tx.timers.set("charge", planned.id, max(planned.invoice_at, at), customer)
        tx.audit.record(actor, "charge.plan", planned.id, at, after=extras)
    return KnownCharge(planned, extras, planned.status(at=at, is_issued=False))


def charges_of(tx: UnitOfWork, customer: Customer, *, at: datetime) -> list[KnownCharge]:
    """Return the charges of a customer, also the deleted ones, the oldest first."""
    return [
        _known(tx, extras, at=at) for extras in tx.konnect.list("charge", parent_id=customer.id, include_deleted=True)
    ]


def bill_planned_charge(engine: Engine, timer: Timer) -> None:
    """Put a charge on an invoice, which is then sent on its way; run by its timer.

    Usage waits first, as long as the customer's billing profile says, for what is reported late.

    Raises:
        Obsolete: the charge is not there, or was billed.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(timer.customer_id)
        extras = tx.konnect.find("charge", timer.subject_id)
        if extras is None or extras.deleted_at is not None:
            raise Obsolete("there is no such charge")
        planned = _planned_in(extras)
        if planned.billed_at is not None:
            raise Obsolete("the charge was billed")
        tx.timers.done(timer)
        at, profile = engine.now_for(tx, customer), tx.billing_profiles.of(customer)
        if not has_owner(tx, customer):
            tx.konnect.delete("charge", planned.id, at=at)
            tx.audit.record(ACTOR, "charge.drop", planned.id, at, before=extras)
            return
        since = _due_at(tx, customer, planned)
        if since > at:
            tx.timers.set("charge", planned.id, since, customer)
            return
        line = line_to_come(tx, planned, at=at)
        invoice = None
        if line is not None:
            invoice = new_invoice(customer, (line,), currency=planned.currency, agreement=None, reason="one_off", at=at)
            tx.invoices.add(invoice)
            invoice = wait(tx, customer, profile, invoice, since=max(since, timer.due_at))
        billed = replace(planned, billed_at=at, invoice_id=None if invoice is None else invoice.id)
        after = replace(extras, updated_at=at, more={**extras.more, PLANNED: billed.document()})
        tx.konnect.save(after)
        tx.audit.record(ACTOR, "charge.bill", planned.id, at, before=extras, after=after)


def unbilled_charges(tx: UnitOfWork, customer: Customer, *, at: datetime) -> Iterator[tuple[datetime, InvoiceLine]]:
    """Yield what charges of a customer will put on invoices as things are, and when."""
    for planned in open_charges(tx, customer.id):
        line = None
        with suppress(InvalidAmount):  # more than any invoice can say is in the way of nothing else that is foreseen
            line = line_to_come(tx, planned, at=at)
        if line is not None:
            yield max(_due_at(tx, customer, planned), at), line


def open_charges(tx: UnitOfWork, customer_id: str) -> Iterator[PlannedCharge]:
    """Yield the charges of a customer that are still to be billed."""
    for extras in tx.konnect.list("charge", parent_id=customer_id):
        planned = _planned_in(extras)
        if planned.billed_at is None:
            yield planned


def line_to_come(tx: UnitOfWork, planned: PlannedCharge, *, at: datetime) -> InvoiceLine | None:
    """Return the line that would charge a charge now; None where it comes to nothing.

    Raises:
        InvalidAmount: it comes to more than can be real.
    """
    return planned.line(used_for(tx, planned), policies_of(tx), at=at)


def used_for(tx: UnitOfWork, planned: PlannedCharge) -> Usage:
    """Return what was used so far of what a charge is for; nothing where it is for no usage."""
    meter = None if planned.feature_key is None else tx.usage.meter_of(planned.feature_key)
    if meter is None:
        return Usage(Decimal(0))
    rows = usage_of(tx, meter, UsageQuery(planned.period), everything_of(tx, planned.customer_id))
    return Usage(rows[0].value if rows else Decimal(0))


def new_charge_id() -> str:
    """Return an id for a charge that is to be planned."""
    return new_id("charge")


def _due_at(tx: UnitOfWork, customer: Customer, planned: PlannedCharge) -> datetime:
    """Return when it is billed: usage only after the wait for what is reported late."""
    if planned.feature_key is None:
        return planned.invoice_at
    return tx.billing_profiles.of(customer).wait_for_late_usage.after(planned.invoice_at)


def _known(tx: UnitOfWork, extras: Extras, *, at: datetime) -> KnownCharge:
    planned = _planned_in(extras)
    invoice = None if planned.invoice_id is None else tx.invoices.find(planned.invoice_id)
    status = planned.status(at=at, is_issued=invoice is not None and invoice.is_issued)
    return KnownCharge(planned, extras, status if extras.deleted_at is None else "deleted", invoice)


def _planned_in(extras: Extras) -> PlannedCharge:
    return planned_charge_from(extras.our_id, extras.parent_id or "", extras.more[PLANNED])
