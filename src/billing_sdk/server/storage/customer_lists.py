"""Lists of customers and of what they agreed to, the newest first, page by page, each read in the order of an index."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, select

from billing_sdk.server.domain.agreements import LIVE, Agreement, AgreementStatus
from billing_sdk.server.domain.customers import Customer, CustomerKind
from billing_sdk.server.storage.agreed import agreement_from_row
from billing_sdk.server.storage.customers import customer_from_row
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE
from billing_sdk.server.storage.tables.billing import agreements, customers

Ids = Select[tuple[str]]


@dataclass(frozen=True, slots=True)
class AgreementsWanted:
    """Which agreements are wanted; what is None does not matter.

    Attributes:
        status: None for all that are live.
        after: older than this one, by its id.
    """

    plan_key: str | None = None
    status: AgreementStatus | None = None
    after: str | None = None


class CustomerLists:
    """Tells which customers and agreements there are, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, *, kind: CustomerKind | None, after: str | None, limit: int) -> tuple[Customer, ...]:
        """Return customers, the newest first.

        Args:
            kind: people or organizations; None for both.
            after: older than this one, by its id.
            limit: how many at most.
        """
        query = select(customers)
        if kind is not None:
            query = query.where(customers.c.kind == kind)
        if after is not None:
            query = query.where(customers.c.id < after)
        rows = self._connection.execute(query.order_by(customers.c.id.desc()).limit(limit)).mappings()
        return tuple(customer_from_row(row) for row in rows)

    def newest_agreements(self, wanted: AgreementsWanted, *, limit: int) -> tuple[Agreement, ...]:
        """Return agreements, the newest first; which they are is known from an index, before any is read."""
        newest = self._ids(wanted, sorted(LIVE) if wanted.status is None else [wanted.status], limit)
        rows = self._connection.execute(select(agreements).where(agreements.c.id.in_(newest))).mappings()
        found = {row["id"]: agreement_from_row(row) for row in rows}
        return tuple(found[id_] for id_ in newest if id_ in found)

    def live_of(self, customer_ids: Collection[str]) -> dict[str, tuple[Agreement, ...]]:
        """Return the live agreements of the customers of a page, the oldest first; those without any are left out."""
        query = (
            select(agreements)
            .where(agreements.c.customer_id.in_(customer_ids), agreements.c.status.in_(sorted(LIVE)))
            .order_by(agreements.c.id)
            .limit(MAX_PAGE_SIZE)
        )
        found: dict[str, tuple[Agreement, ...]] = {}
        for row in self._connection.execute(query).mappings():
            found[row["customer_id"]] = (*found.get(row["customer_id"], ()), agreement_from_row(row))
        return found

    def _ids(self, wanted: AgreementsWanted, statuses: Sequence[AgreementStatus], limit: int) -> Sequence[str]:
        query: Ids = select(agreements.c.id).where(agreements.c.status.in_(statuses))
        if wanted.plan_key is not None:
            query = query.where(agreements.c.plan_key == wanted.plan_key)
        if wanted.after is not None:
            query = query.where(agreements.c.id < wanted.after)
        return [row.id for row in self._connection.execute(query.order_by(agreements.c.id.desc()).limit(limit))]
