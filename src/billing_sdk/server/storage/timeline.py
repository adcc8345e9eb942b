"""The timeline of one customer: what was done, told, billed, paid and mailed, the latest first, page by page.

Each source is read in its own order and no further than a page; they are put together by real time. What is about a
customer is recorded under the ids of the customer's things, of which the newest count.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, Connection, Select, Table, func, select

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer, MethodName
from billing_sdk.server.storage.tables.billing import agreements, invoice_lines, invoices, payment_methods, payments
from billing_sdk.server.storage.tables.corrections import credit_notes, disputes
from billing_sdk.server.storage.tables.credits import credit_grants
from billing_sdk.server.storage.tables.mail import mails
from billing_sdk.server.storage.tables.outbox import events
from billing_sdk.server.storage.tables.visits import audit_records

EntryKind = Literal["change", "event", "invoice", "payment", "mail"]
# Of each kind of thing so many count, the newest ones.
MOST_THINGS = 200
# Entries of one instant which a page has to get past.
MOST_AT_ONCE = 100
THINGS: tuple[tuple[Table, Column[str]], ...] = (
    (agreements, agreements.c.id),
    (invoices, invoices.c.id),
    (payments, payments.c.id),
    (payment_methods, payment_methods.c.id),
    (credit_grants, credit_grants.c.id),
    (disputes, disputes.c.id),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline.

    Attributes:
        id: of the record, event, invoice, payment or mail.
        at: when it was written, in real time.
        code: which of its kind: an action, a type of event, a status, a kind of mail.
        subject: the id of what it is about.
        actor: who caused it, where that is known.
        amount: of an invoice or a payment.
        note: what else there is to say; of a payment what it was made with.
    """

    kind: EntryKind
    id: str
    at: datetime
    code: str
    subject: str
    actor: str = ""
    amount: Money | None = None
    note: str | MethodName = ""

    @property
    def place(self) -> tuple[datetime, str]:
        """Where it stands."""
        return self.at, self.id


class TimelineRepository:
    """Reads timelines, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self, customer: Customer, kinds: Collection[EntryKind], *, before: tuple[datetime, str] | None, limit: int
    ) -> tuple[Entry, ...]:
        """Return entries of a customer, the latest first.

        Args:
            customer: whose.
            kinds: which kinds of entries.
            before: older than the entry at this place.
            limit: how many at most.
        """
        sources: Mapping[EntryKind, Callable[[Customer, datetime | None, int], list[Entry]]] = {
            "change": self._changes,
            "event": self._events,
            "invoice": self._invoices,
            "payment": self._payments,
            "mail": self._mails,
        }
        until = None if before is None else before[0]
        found = [entry for kind in kinds for entry in sources[kind](customer, until, limit + MOST_AT_ONCE)]
        older = [entry for entry in found if before is None or entry.place < before]
        return tuple(sorted(older, key=lambda entry: entry.place, reverse=True)[:limit])

    def _changes(self, customer: Customer, until: datetime | None, limit: int) -> list[Entry]:
        about = audit_records.c.subject.in_(self._subjects(customer))
        query = _until(select(audit_records).where(about), audit_records.c.at, until)
        rows = self._rows(query.order_by(audit_records.c.at.desc(), audit_records.c.id.desc()).limit(limit))
        return [Entry("change", row["id"], row["at"], row["action"], row["subject"], row["actor"]) for row in rows]

    def _events(self, customer: Customer, until: datetime | None, limit: int) -> list[Entry]:
        at = func.coalesce(events.c.recorded_at, events.c.occurred_at, type_=events.c.occurred_at.type)
        # Those in the form of a token are the ones that are counted; the others say the same again.
        is_told = events.c.sequence.is_not(None)
        query: Select[Any] = select(events.c.id, at.label("at"), events.c.type, events.c.source, events.c.subject)
        query = _until(query.where(events.c.customer_id == customer.id, is_told), at, until)
        rows = self._rows(query.order_by(at.desc(), events.c.id.desc()).limit(limit))
        return [Entry("event", row["id"], row["at"], row["type"], row["subject"] or "", row["source"]) for row in rows]

    def _invoices(self, customer: Customer, until: datetime | None, limit: int) -> list[Entry]:
        query = select(invoices).where(invoices.c.customer_id == customer.id)
        query = _until(query, invoices.c.created_at, until)
        rows = self._rows(query.order_by(invoices.c.created_at.desc(), invoices.c.id.desc()).limit(limit))
        sums = (
            select(invoice_lines.c.invoice_id, func.sum(invoice_lines.c.amount_minor))
            .where(invoice_lines.c.invoice_id.in_([row["id"] for row in rows]))
            .group_by(invoice_lines.c.invoice_id)
        )
        minor: dict[str, int] = {row[0]: int(row[1]) for row in self._connection.execute(sums)} if rows else {}
        return [
            Entry(
                "invoice",
                row["id"],
                row["created_at"],
                row["status"],
                row["id"],
                amount=Money(minor.get(row["id"], 0), row["currency"]),
                note=row["number"] or "",
            )
            for row in rows
        ]

    def _payments(self, customer: Customer, until: datetime | None, limit: int) -> list[Entry]:
        query = select(payments).where(payments.c.customer_id == customer.id)
        query = _until(query, payments.c.attempted_at, until)
        rows = self._rows(query.order_by(payments.c.attempted_at.desc(), payments.c.id.desc()).limit(limit))
        return [
            Entry(
                "payment",
                row["id"],
                row["attempted_at"],
                row["status"],
                row["invoice_id"] or "",
                amount=Money(row["amount_minor"], row["currency"]),
                note=MethodName(row["method_kind"], row["method_brand"], row["method_last4"]),
            )
            for row in rows
        ]

    def _mails(self, customer: Customer, until: datetime | None, limit: int) -> list[Entry]:
        query: Select[Any] = select(mails.c.id, mails.c.created_at, mails.c.kind, mails.c.state, mails.c.recipient)
        query = _until(query.where(mails.c.customer_id == customer.id), mails.c.created_at, until)
        rows = self._rows(query.order_by(mails.c.created_at.desc(), mails.c.id.desc()).limit(limit))
        return [
            Entry("mail", row["id"], row["created_at"], row["kind"], row["id"], note=row["recipient"]) for row in rows
        ]

    def _subjects(self, customer: Customer) -> list[str]:
        """Return the ids under which something about a customer is recorded."""
        found = [customer.id, *(owner for owner in (customer.user_id, customer.org_code) if owner)]
        for table, key in THINGS:
            newest = select(key).where(table.c.customer_id == customer.id).order_by(key.desc()).limit(MOST_THINGS)
            found += self._connection.execute(newest).scalars()
        of_invoices = select(invoices.c.id).where(invoices.c.customer_id == customer.id)
        notes = select(credit_notes.c.id).where(credit_notes.c.invoice_id.in_(of_invoices))
        found += self._connection.execute(notes.order_by(credit_notes.c.id.desc()).limit(MOST_THINGS)).scalars()
        return found

    def _rows(self, query: Select[Any]) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self._connection.execute(query).mappings()]


def _until(query: Select[Any], column: Any, until: datetime | None) -> Select[Any]:
    return query if until is None else query.where(column <= until)
