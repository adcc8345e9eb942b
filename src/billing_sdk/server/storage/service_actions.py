"""Service actions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.catalog import ServiceAction, amount_of
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage.items import metered_item_from_row
from billing_sdk.server.storage.lookup_keys import giving_lookup_key_once
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.tables.objects import metered_items, service_actions


class ServiceActionRepository:
    """Keeps service actions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, action: ServiceAction) -> None:
        """Store a new service action.

        Raises:
            LookupKeyTaken: another service action has its lookup key.
        """
        with giving_lookup_key_once(self._connection, action.lookup_key):
            self._connection.execute(insert(service_actions).values(_to_row(action)))

    def save(self, action: ServiceAction) -> None:
        """Store a service action with another name or lookup key.

        Raises:
            LookupKeyTaken: another service action has its lookup key.
        """
        labels = {"name": action.name, "lookup_key": action.lookup_key}
        with giving_lookup_key_once(self._connection, action.lookup_key):
            changed = update(service_actions).where(service_actions.c.id == action.id).values(labels)
            self._connection.execute(changed)

    def get(self, wanted: str) -> ServiceAction:
        """Return a service action by its id or lookup key.

        Raises:
            NotFound: there is no such service action.
        """
        query = select(service_actions).where(
            or_(service_actions.c.id == wanted, service_actions.c.lookup_key == wanted)
        )
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no service action {wanted[:64]!r}")
        (action,) = self._complete([row])
        return action

    def find(self, action_ids: Collection[str]) -> dict[str, ServiceAction]:
        """Return service actions by id; those that do not exist are left out."""
        if not action_ids:
            return {}
        query = select(service_actions).where(service_actions.c.id.in_(action_ids))
        return {action.id: action for action in self._complete(self._connection.execute(query).mappings().all())}

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[ServiceAction]:
        """Return a page of service actions, in the order of their ids."""
        page = read_page(self._connection, select(service_actions), service_actions.c.id, wanted, lambda row: row)
        return Page(tuple(self._complete(page.items)), page.has_more)

    def _complete(self, rows: Collection[RowMapping]) -> Iterable[ServiceAction]:
        """Return service actions with their items: one query, however many there are."""
        named = {item_id for row in rows for item_id in row["item_ids"]}
        query = select(metered_items).where(metered_items.c.id.in_(named))
        items = {row["id"]: metered_item_from_row(row) for row in self._connection.execute(query).mappings()}
        for row in rows:
            yield ServiceAction(
                id=row["id"],
                name=row["name"],
                amount=amount_of(row["amount_minor"], row["currency"]),
                service=Cadence.from_text(row["service"]),
                created_at=row["created_at"],
                items=tuple(items[item_id] for item_id in row["item_ids"]),
                expires_with_interval=row["expires_with_interval"],
                category=row["category"],
                priority=row["priority"],
                lookup_key=row["lookup_key"],
            )


def _to_row(action: ServiceAction) -> dict[str, Any]:
    return {
        "id": action.id,
        "name": action.name,
        "amount_minor": action.amount.minor,
        "currency": action.amount.currency,
        "service": str(action.service),
        "item_ids": [item.id for item in action.items],
        "expires_with_interval": action.expires_with_interval,
        "category": action.category,
        "priority": action.priority,
        "lookup_key": action.lookup_key,
        "created_at": action.created_at,
    }
