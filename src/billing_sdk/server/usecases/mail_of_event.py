"""Which mail is written on what occasion: one table, from what is recorded or announced to the mail about it.

Every use case records what it does and announces what has happened, so the table needs no use case to know of mail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from billing_sdk.server.domain.collection import Dunning
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import Event
from billing_sdk.server.domain.invoicing import Invoice, Payment
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.audit import Recorded
from billing_sdk.server.usecases.write_mail import Draft
from billing_sdk.server.words import Value, method_words


class MailOccasions:
    """The occasions of one transaction that mail is written on."""

    def __init__(self) -> None:
        self._recorded: list[Recorded] = []
        self._announced: list[tuple[Event, Customer]] = []
        self._payments: dict[str, Payment] = {}

    def hear(self, recorded: Recorded) -> None:
        """Note what was recorded."""
        if recorded.action in OF_RECORDS:
            self._recorded.append(recorded)
        elif isinstance(recorded.after, Payment):
            self._payments[recorded.after.invoice_id or recorded.after.id] = recorded.after

    def hear_event(self, event: Event, customer: Customer | None) -> None:
        """Note what was announced."""
        if event.type in OF_EVENTS and customer is not None:
            self._announced.append((event, customer))

    def take(self, tx: UnitOfWork) -> tuple[Draft, ...]:
        """Return the mail that is to be written, once."""
        found = [draft for one in self._recorded for draft in OF_RECORDS[one.action](tx, one, self._payments)]
        found += [draft for event, customer in self._announced for draft in OF_EVENTS[event.type](event, customer)]
        self._recorded.clear()
        self._announced.clear()
        self._payments.clear()
        return tuple(found)


def _receipt(tx: UnitOfWork, recorded: Recorded, payments: Mapping[str, Payment]) -> Iterator[Draft]:
    """Yield the receipt for an invoice that a payment has settled; nobody is thanked for money that did not move."""
    invoice = recorded.after
    if not isinstance(invoice, Invoice) or invoice.status != "paid" or invoice.payment_id is None:
        return
    payment = payments.get(invoice.id) or tx.invoices.get_payment(invoice.payment_id)
    values: dict[str, Value] = {
        "invoice_id": invoice.id,
        "number": invoice.name,
        "amount": payment.amount,
        "paid_on": payment.attempted_at,
        "method": method_words(payment.method),
    }
    yield Draft("receipt", values, customer_id=invoice.customer_id, occasion=f"receipt/{invoice.id}")


def _failure(tx: UnitOfWork, recorded: Recorded, payments: Mapping[str, Payment]) -> Iterator[Draft]:
    """Yield the news that an invoice is not paid, with each failure of the schedule."""
    dunning = recorded.after
    if not isinstance(dunning, Dunning):
        return
    invoice = tx.invoices.get(dunning.invoice_id)
    values: dict[str, Value] = {
        "invoice_id": invoice.id,
        "number": invoice.name,
        "amount": invoice.amount_due,
        "closes_on": dunning.grace_ends_at,
    }
    payment = payments.get(invoice.id)
    if payment is not None and payment.status == "failed":
        values["decline_code"] = payment.decline_code or ""
        values["method"] = method_words(payment.method)
    if dunning.retry_at is not None:
        values["retry_on"] = dunning.retry_at
    occasion = f"payment_failed/{invoice.id}/{dunning.failures}"
    yield Draft("payment_failed", values, customer_id=invoice.customer_id, occasion=occasion)


def _trial(event: Event, customer: Customer) -> Iterator[Draft]:
    """Yield the reminder that a trial ends."""
    plan, agreement = event.data["plan"], event.data["agreement"]
    ends_on = agreement["trial_ends_on"]
    if ends_on is None:
        return
    values: dict[str, Value] = {
        "plan": plan["name"],
        "plan_code": plan["code"],
        "ends_on": datetime.fromisoformat(ends_on),
    }
    yield Draft("trial_ending", values, customer_id=customer.id, occasion=f"trial_ending/{agreement['id']}/{ends_on}")


def _usage(event: Event, customer: Customer) -> Iterator[Draft]:
    """Yield the news that so much of a feature was used."""
    told = event.data["threshold"]
    values: dict[str, Value] = {
        "feature_code": told["feature_code"],
        "threshold": told["threshold"],
        "used": Decimal(told["used"]),
        "resets_on": datetime.fromisoformat(told["period_end"]),
    }
    if told["limit"] is not None:
        values["limit"] = Decimal(told["limit"])
    occasion = f"usage_alert/{customer.id}/{told['feature_code']}/{told['threshold']}/{told['period_start']}"
    yield Draft("usage_alert", values, customer_id=customer.id, occasion=occasion[:200])


OfRecord = Callable[[UnitOfWork, Recorded, Mapping[str, Payment]], Iterator[Draft]]
OfEvent = Callable[[Event, Customer], Iterator[Draft]]

# By the acts of the audit, which carry the whole thing.
OF_RECORDS: Mapping[str, OfRecord] = {
    "invoice.issue": _receipt,
    "invoice.pay": _receipt,
    "dunning.start": _failure,
    "dunning.fail": _failure,
}
# By the types of events, where nothing is recorded.
OF_EVENTS: Mapping[str, OfEvent] = {
    "customer.trial_ending": _trial,
    "customer.usage_threshold_reached": _usage,
}
