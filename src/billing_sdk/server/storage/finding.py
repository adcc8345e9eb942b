"""Things by what identifies them, many at once or of many kinds: for search, which does not know yet what it has."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from sqlalchemy import Column, Connection, Table, or_, select

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.identity import Organization, User
from billing_sdk.server.storage.customers import customer_from_row
from billing_sdk.server.storage.tables.billing import charges, customers, invoices, payments
from billing_sdk.server.storage.tables.catalog import features
from billing_sdk.server.storage.tables.corrections import credit_notes, disputes
from billing_sdk.server.storage.tables.coupons import coupons
from billing_sdk.server.storage.tables.identity import applications, organizations, users
from billing_sdk.server.storage.tables.outbox import endpoints

NamedKind = Literal["feature", "coupon", "endpoint", "application"]
NAMED: dict[NamedKind, tuple[Table, Column[str]]] = {
    "feature": (features, features.c.key),
    "coupon": (coupons, coupons.c.key),
    "endpoint": (endpoints, endpoints.c.id),
    "application": (applications, applications.c.client_id),
}


class Finding:
    """Looks things up, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def invoice_of(self, text: str) -> str | None:
        """Return the invoice that a text names by its id or number, or by those of one of its credit notes."""
        number = text.upper()
        named = select(invoices.c.id).where(or_(invoices.c.id == text, invoices.c.number == number))
        noted = select(credit_notes.c.invoice_id).where(or_(credit_notes.c.id == text, credit_notes.c.number == number))
        for query in (named, noted):
            found: str | None = self._connection.execute(query.limit(1)).scalar()
            if found is not None:
                return found
        return None

    def payer_of(self, text: str) -> str | None:
        """Return the customer of a payment or a charge, by its id or by what the processor calls it."""
        paid = select(payments.c.customer_id).where(or_(payments.c.id == text, payments.c.gateway_reference == text))
        charged = select(charges.c.customer_id).where(charges.c.id == text)
        for query in (paid, charged):
            found: str | None = self._connection.execute(query.limit(1)).scalar()
            if found is not None:
                return found
        return None

    def has_dispute(self, dispute_id: str) -> bool:
        """Tell whether there is a dispute."""
        return self._connection.execute(select(disputes.c.id).where(disputes.c.id == dispute_id)).first() is not None

    def customers_of(self, user_ids: Collection[str], org_codes: Collection[str]) -> tuple[Customer, ...]:
        """Return the customers that people and organizations are; those who are none are left out."""
        found = []
        for column, wanted in ((customers.c.user_id, user_ids), (customers.c.org_code, org_codes)):
            if wanted:
                rows = self._connection.execute(select(customers).where(column.in_(wanted))).mappings()
                found += [customer_from_row(row) for row in rows]
        return tuple(found)

    def people(self, user_ids: Iterable[str]) -> tuple[User, ...]:
        """Return people by their ids."""
        wanted = list(user_ids)
        if not wanted:
            return ()
        return tuple(
            User(**row) for row in self._connection.execute(select(users).where(users.c.id.in_(wanted))).mappings()
        )

    def organizations(self, codes: Iterable[str]) -> tuple[Organization, ...]:
        """Return organizations by their codes."""
        wanted = list(codes)
        if not wanted:
            return ()
        rows = self._connection.execute(select(organizations).where(organizations.c.code.in_(wanted))).mappings()
        return tuple(Organization(**row) for row in rows)

    def names(self, kind: NamedKind, keys: Collection[str]) -> dict[str, str]:
        """Return what things of a kind are called, by their keys; those that are gone are left out."""
        if not keys:
            return {}
        table, key = NAMED[kind]
        query = select(key, table.c.name).where(key.in_(keys))
        return {row[0]: row[1] for row in self._connection.execute(query)}
