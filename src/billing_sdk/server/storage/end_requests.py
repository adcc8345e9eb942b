"""Wishes of customers that an agreement ends, and what was decided about them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import Connection, RowMapping, insert, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.agreements import EndRequest, EndRequestStatus
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.tables.portal import end_requests


class EndRequestRepository:
    """Keeps what customers have asked for, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: EndRequest) -> None:
        """Store a new wish."""
        self._connection.execute(insert(end_requests).values(asdict(request)))

    def save(self, request: EndRequest) -> None:
        """Store what was decided about a wish."""
        self._connection.execute(update(end_requests).where(end_requests.c.id == request.id).values(asdict(request)))

    def lock(self, request_id: str) -> EndRequest:
        """Return a wish that nobody else decides about before the transaction ends.

        Raises:
            NotFound: there is none.
        """
        query = select(end_requests).where(end_requests.c.id == request_id).with_for_update()
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no request {request_id[:64]!r}")
        return _from_row(row)

    def find(self, request_id: str) -> EndRequest | None:
        """Return a wish, if there is one with this id."""
        row = self._connection.execute(select(end_requests).where(end_requests.c.id == request_id)).mappings().first()
        return None if row is None else _from_row(row)

    def find_waiting(self, agreement_id: str) -> EndRequest | None:
        """Return the wish about an agreement that nobody has decided about yet, if there is one."""
        query = select(end_requests).where(
            end_requests.c.agreement_id == agreement_id, end_requests.c.status == "waiting"
        )
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _from_row(row)

    def newest_of(self, agreement_ids: Collection[str]) -> dict[str, EndRequest]:
        """Return the newest wish about each of some agreements, by their ids."""
        if not agreement_ids:
            return {}
        query = select(end_requests).where(end_requests.c.agreement_id.in_(agreement_ids)).order_by(end_requests.c.id)
        return {row["agreement_id"]: _from_row(row) for row in self._connection.execute(query).mappings()}

    def list(self, wanted: PageRequest = FIRST_PAGE, *, status: EndRequestStatus | None = None) -> Page[EndRequest]:
        """Return a page of wishes in the order of their ids, all or those of one status."""
        query = select(end_requests)
        if status is not None:
            query = query.where(end_requests.c.status == status)
        return read_page(self._connection, query, end_requests.c.id, wanted, _from_row)


def _from_row(row: RowMapping) -> EndRequest:
    return EndRequest(**row)
