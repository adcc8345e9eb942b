"""Subjects: who is meant by the name that a usage event goes by."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import SubjectKeyTaken
from billing_sdk.server.storage.tables.billing import agreements, customers
from billing_sdk.server.storage.tables.stripe_door import stripe_objects
from billing_sdk.server.storage.tables.subjects import subject_keys

# As many as a statement takes four times over on every database.
MOST_AT_ONCE = 5_000
WANTED: BindParameter[str] = bindparam("wanted", expanding=True)


def _found(condition: ColumnElement[bool]) -> CompoundSelect[Any]:
    """Return the query of who is meant by subjects, of customers that meet a condition."""
    return union_all(
        select(
            agreements.c.id.label("subject"),
            agreements.c.customer_id,
            agreements.c.id.label("agreement_id"),
            customers.c.clock_id,
        )
        .join(customers, customers.c.id == agreements.c.customer_id)
        .where(agreements.c.id.in_(WANTED)),
        *(
            select(column, customers.c.id, null(), customers.c.clock_id).where(column.in_(WANTED), condition)
            for column in (customers.c.id, customers.c.user_id, customers.c.org_code)
        ),
        select(subject_keys.c.key, customers.c.id, null(), customers.c.clock_id)
        .join(customers, customers.c.id == subject_keys.c.customer_id)
        .where(subject_keys.c.key.in_(WANTED), condition),
    )


FOUND = _found(true())
IS_DELETED = (
    select(stripe_objects.c.our_id)
    .where(
        stripe_objects.c.kind == "customer",
        stripe_objects.c.our_id == customers.c.id,
        stripe_objects.c.deleted_at.is_not(None),
    )
    .exists()
)
STILL_THERE = _found(~IS_DELETED)
OF_THEM = agreements.c.id.in_(WANTED)
# All that the customers of agreements go by.
NAMES = union_all(
    select(agreements.c.id, agreements.c.customer_id).where(OF_THEM),
    select(agreements.c.id, func.coalesce(customers.c.user_id, customers.c.org_code))
    .join(customers, customers.c.id == agreements.c.customer_id)
    .where(OF_THEM),
    select(agreements.c.id, subject_keys.c.key)
    .join(subject_keys, subject_keys.c.customer_id == agreements.c.customer_id)
    .where(OF_THEM),
)


class Subject(NamedTuple):
    """Who is meant by a subject.

    Attributes:
        agreement_id: the agreement that it names; None where it names the customer.
        clock_id: the test clock that the customer lives by.
    """

    customer_id: str
    agreement_id: str | None
    clock_id: str | None


class SubjectKey(NamedTuple):
    """A name that an application knows a customer by."""

    key: str
    customer_id: str
    created_at: datetime


class SubjectRepository:
    """Tells subjects apart, and keeps the keys that customers go by, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._looked_at: dict[str, frozenset[str] | None] = {}

    def look_ahead(self, customer_id: str) -> None:
        """Ask what a customer goes by once at most; the transaction changes none of it."""
        self._looked_at[customer_id] = None

    def find_many(self, subjects: Collection[str]) -> dict[str, Subject]:
        """Return who is meant by subjects: agreements, customers, the people and organizations they are, and keys.

        A subject that nobody goes by is left out.
        """
        return self._found(FOUND, subjects)

    def find_reporting(self, subjects: Collection[str]) -> dict[str, Subject]:
        """Return who is meant by subjects of new events: a customer that is shown as deleted uses nothing any more."""
        return self._found(STILL_THERE, subjects)

    def of_customer(self, customer_id: str) -> frozenset[str]:
        """Return all that a customer goes by, without its agreements; nothing where there is no such customer."""
        found = self._looked_at.get(customer_id)
        if found is None:
            found = self.of_customers((customer_id,)).get(customer_id, frozenset())
            if customer_id in self._looked_at:
                self._looked_at[customer_id] = found
        return found

    def of_customers(self, customer_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Return all that customers go by, without their agreements."""
        wanted = {"wanted": sorted(customer_ids)}
        own = select(customers.c.id, customers.c.user_id, customers.c.org_code).where(customers.c.id.in_(WANTED))
        found = {row.id: {row.id, row.user_id or row.org_code} for row in self._connection.execute(own, wanted)}
        for key in self._keys(customer_ids):
            found[key.customer_id].add(key.key)
        return {customer_id: frozenset(names) for customer_id, names in found.items()}

    def of_agreements(self, agreement_ids: Collection[str]) -> dict[str, frozenset[str]]:
        """Return all that the customers of agreements go by, by the agreements' ids."""
        found: dict[str, set[str]] = {}
        for agreement_id, name in self._connection.execute(NAMES, {"wanted": sorted(agreement_ids)}):
            found.setdefault(agreement_id, set()).add(name)
        return {agreement_id: frozenset(names) for agreement_id, names in found.items()}

    def keys_of(self, customer_id: str) -> tuple[SubjectKey, ...]:
        """Return the keys that a customer was given, in their order."""
        return tuple(self._keys((customer_id,)))

    def add_key(self, key: SubjectKey) -> None:
        """Give a customer a key.

        Raises:
            SubjectKeyTaken: somebody goes by it.
        """
        taken = SubjectKeyTaken(f"somebody goes by {key.key[:64]!r} already")
        if self.find_many((key.key,)):
            raise taken
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(subject_keys).values(key._asdict()))
        except IntegrityError:
            raise taken from None

    def remove_key(self, key: str) -> None:
        """Take a key away."""
        self._connection.execute(delete(subject_keys).where(subject_keys.c.key == key))

    def _found(self, query: CompoundSelect[Any], subjects: Collection[str]) -> dict[str, Subject]:
        wanted = list(subjects)
        found: dict[str, Subject] = {}
        for start in range(0, len(wanted), MOST_AT_ONCE):
            for row in self._connection.execute(query, {"wanted": wanted[start : start + MOST_AT_ONCE]}):
                found[row.subject] = Subject(row.customer_id, row.agreement_id, row.clock_id)
        return found

    def _keys(self, customer_ids: Collection[str]) -> Iterator[SubjectKey]:
        query = select(subject_keys).where(subject_keys.c.customer_id.in_(WANTED)).order_by(subject_keys.c.key)
        for row in self._connection.execute(query, {"wanted": sorted(customer_ids)}):
            yield SubjectKey(row.key, row.customer_id, row.created_at)
