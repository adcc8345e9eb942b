"""The books: journal entries and postings, which are only ever added to, and what is read from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, extract, func, select

from billing_sdk.money import Money
from billing_sdk.server.domain.ledger import AccountMonth, JournalEntry, Posting
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.later import Later
from billing_sdk.server.storage.tables.ledger import accruals, journal_entries, postings, unbooked_invoices
from billing_sdk.server.storage.upsert import upsert

JOINED = journal_entries.join(postings, postings.c.entry_id == journal_entries.c.id)
YEAR = extract("year", journal_entries.c.booked_on)
MONTH = extract("month", journal_entries.c.booked_on)
TAKE_ACCRUED = (
    delete(accruals)
    .where(accruals.c.agreement_id == bindparam("agreement"))
    .returning(accruals.c.currency, accruals.c.amount_minor)
)
ACCRUED_OF_MANY = select(accruals.c.agreement_id).where(
    accruals.c.agreement_id.in_(bindparam("wanted", expanding=True))
)
OF_CUSTOMER = (
    select(journal_entries).where(journal_entries.c.customer_id == bindparam("customer")).order_by(journal_entries.c.id)
)


class LedgerRepository:
    """Keeps the books, in the transaction of its connection."""

    def __init__(self, connection: Connection, later: Later) -> None:
        self._connection = connection
        self._later = later
        self._unaccrued: set[str] = set()

    def read_ahead(self, agreement_ids: Collection[str]) -> None:
        """Read at once for which of many agreements nothing is accrued."""
        accrued = self._connection.execute(ACCRUED_OF_MANY, {"wanted": sorted(agreement_ids)}).scalars()
        self._unaccrued.update(set(agreement_ids).difference(accrued))

    def add(self, entries: Sequence[JournalEntry]) -> None:
        """Store entries with their postings before the transaction ends."""
        for entry in entries:
            entry_id = new_id("entry")
            self._later.insert(journal_entries, _to_row(entry, entry_id))
            self._later.insert(
                postings,
                *(
                    {"entry_id": entry_id, "account": posting.account, "amount_minor": posting.amount_minor}
                    for posting in entry.postings
                ),
            )

    def of_customer(self, customer_id: str) -> tuple[JournalEntry, ...]:
        """Return all entries about a customer, by the days to which they count."""
        self._later.flush()
        rows = self._connection.execute(OF_CUSTOMER, {"customer": customer_id}).mappings().all()
        query = (
            select(postings)
            .select_from(JOINED)
            .where(journal_entries.c.customer_id == customer_id)
            .order_by(postings.c.entry_id, postings.c.account)
        )
        found: defaultdict[str, list[Posting]] = defaultdict(list)
        for row in self._connection.execute(query):
            found[row.entry_id].append(Posting(row.account, row.amount_minor))
        return tuple(sorted((_from_row(row, found[row["id"]]) for row in rows), key=lambda entry: entry.place))

    def of_invoice(self, customer_id: str, invoice_id: str) -> tuple[JournalEntry, ...]:
        """Return all entries about an invoice of a customer."""
        return tuple(entry for entry in self.of_customer(customer_id) if entry.invoice_id == invoice_id)

    def sums_by_month(self, *, customer_id: str | None = None, until: date | None = None) -> tuple[AccountMonth, ...]:
        """Return what was posted to each account in each month, by currency.

        Args:
            customer_id: of one customer only.
            until: leave out what counts to a later day.
        """
        self._later.flush()
        amount = func.sum(postings.c.amount_minor).label("minor")
        grouped = (YEAR, MONTH, journal_entries.c.currency, postings.c.account)
        query = select(YEAR.label("year"), MONTH.label("month"), *grouped[2:], amount).select_from(JOINED)
        if customer_id is not None:
            query = query.where(journal_entries.c.customer_id == customer_id)
        if until is not None:
            query = query.where(journal_entries.c.booked_on <= until)
        found = self._connection.execute(query.group_by(*grouped).order_by(*grouped))
        return tuple(
            AccountMonth((int(row.year), int(row.month)), row.account, row.currency, int(row.minor)) for row in found
        )

    def find_accrued(self, agreement_id: str) -> Money | None:
        """Return what is accrued for usage of an agreement, if anything is."""
        query = select(accruals.c.amount_minor, accruals.c.currency).where(accruals.c.agreement_id == agreement_id)
        row = self._connection.execute(query).first()
        return None if row is None else Money(row.amount_minor, row.currency)

    def set_accrued(self, agreement_id: str, amount: Money) -> None:
        """Say what is accrued for usage of an agreement now."""
        self._unaccrued.discard(agreement_id)
        values = {"currency": amount.currency, "amount_minor": amount.minor}
        self._connection.execute(upsert(self._connection, accruals, {"agreement_id": agreement_id, **values}, values))

    def take_accrued(self, agreement_id: str) -> Money | None:
        """Return what was accrued for usage of an agreement, which is nothing from now on."""
        if agreement_id in self._unaccrued:
            return None
        row = self._connection.execute(TAKE_ACCRUED, {"agreement": agreement_id}).first()
        return None if row is None else Money(row.amount_minor, row.currency)

    def unbooked(self, *, limit: int) -> tuple[str, ...]:
        """Return some of the invoices from before there were books."""
        query = select(unbooked_invoices.c.invoice_id).order_by(unbooked_invoices.c.invoice_id).limit(limit)
        return tuple(self._connection.execute(query).scalars())

    def take_unbooked(self, invoice_id: str) -> bool:
        """Say that an invoice from before is booked; False where somebody else has said so."""
        booked = delete(unbooked_invoices).where(unbooked_invoices.c.invoice_id == invoice_id)
        return bool(self._connection.execute(booked).rowcount)


def _to_row(entry: JournalEntry, entry_id: str) -> dict[str, Any]:
    return {
        "id": entry_id,
        "kind": entry.kind,
        "booked_on": entry.on,
        "written_at": entry.at,
        "customer_id": entry.customer_id,
        "currency": entry.currency,
        "invoice_id": entry.invoice_id,
        "payment_id": entry.payment_id,
        "agreement_id": entry.agreement_id,
        "reference_id": entry.reference_id,
    }


def _from_row(row: RowMapping, found: Sequence[Posting]) -> JournalEntry:
    return JournalEntry(
        kind=row["kind"],
        on=row["booked_on"],
        at=row["written_at"],
        customer_id=row["customer_id"],
        currency=row["currency"],
        postings=tuple(found),
        invoice_id=row["invoice_id"],
        payment_id=row["payment_id"],
        agreement_id=row["agreement_id"],
        reference_id=row["reference_id"],
    )
