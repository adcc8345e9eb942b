"""Credit grants, their movements, and when a customer wants more."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, func, insert, select, update

from billing_sdk.errors import NotFound, UnknownCreditGrant
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement, CreditSettings
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, newest_rows, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.credits import credit_grants, credit_movements, credit_settings
from billing_sdk.server.storage.upsert import upsert

BY_ID = select(credit_grants).where(credit_grants.c.id == bindparam("wanted"))
UNUSED = select(credit_grants).where(
    credit_grants.c.customer_id == bindparam("customer"), credit_grants.c.left_minor > 0
)
UNUSED_OF_MANY = select(credit_grants).where(
    credit_grants.c.customer_id.in_(bindparam("wanted", expanding=True)), credit_grants.c.left_minor > 0
)
COUNT_UNUSED = (
    select(func.count())
    .select_from(credit_grants)
    .where(credit_grants.c.customer_id == bindparam("customer"), credit_grants.c.left_minor > 0)
)
SAVE = update(credit_grants).where(credit_grants.c.id == bindparam("wanted"))
MOVE = (
    update(credit_grants)
    .where(credit_grants.c.id == bindparam("wanted"))
    .values(left_minor=credit_grants.c.left_minor + bindparam("moved"))
)
OF_CHARGE = select(credit_movements).where(credit_movements.c.charge_id == bindparam("charge"))
OF_INVOICE = select(credit_movements).where(credit_movements.c.invoice_id == bindparam("invoice"))
# A currency has a code of three letters; what is longer is a custom unit.
LENGTH_OF_CODE = 3
SETTINGS = select(credit_settings).where(credit_settings.c.customer_id == bindparam("customer"))


class GrantRepository:
    """Keeps credit for usage, in the transaction of its connection; whoever changes any holds the customer's lock."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._unused: dict[str, list[CreditGrant]] = {}

    def read_ahead(self, customer_ids: Collection[str]) -> None:
        """Read at once what is left of the grants of many customers."""
        self._unused.update((customer_id, []) for customer_id in customer_ids)
        for row in self._connection.execute(UNUSED_OF_MANY, {"wanted": sorted(customer_ids)}).mappings():
            self._unused[row["customer_id"]].append(_from_row(row))

    def add(self, grant: CreditGrant) -> None:
        """Store a new grant; what comes to it is a movement."""
        self._unused.pop(grant.customer_id, None)
        self._connection.execute(insert(credit_grants), _to_row(grant))

    def save(self, grant: CreditGrant) -> None:
        """Store a grant whose status or end has changed; what is left of it changes by movements only."""
        self._unused.pop(grant.customer_id, None)
        changes = {name: value for name, value in _to_row(grant).items() if name not in ("id", "left_minor")}
        self._connection.execute(SAVE, {**changes, "wanted": grant.id})

    def move(self, movements: Sequence[CreditMovement]) -> None:
        """Store movements, and what they leave of their grants."""
        if not movements:
            return
        for movement in movements:
            self._unused.pop(movement.customer_id, None)
        self._connection.execute(insert(credit_movements), [_movement_row(movement) for movement in movements])
        self._connection.execute(
            MOVE, [{"wanted": movement.grant_id, "moved": movement.amount.minor} for movement in movements]
        )

    def get(self, grant_id: str) -> CreditGrant:
        """Return a grant.

        Raises:
            UnknownCreditGrant: there is none with this id.
        """
        grant = self.find(grant_id)
        if grant is None:
            raise UnknownCreditGrant(f"there is no credit grant {grant_id[:64]!r}", grant=grant_id[:64])
        return grant

    def find(self, grant_id: str) -> CreditGrant | None:
        """Return a grant, if there is one with this id."""
        row = self._connection.execute(BY_ID, {"wanted": grant_id}).mappings().first()
        return None if row is None else _from_row(row)

    def find_all(self, grant_ids: Collection[str]) -> dict[str, CreditGrant]:
        """Return grants by their ids."""
        query = select(credit_grants).where(credit_grants.c.id.in_(grant_ids))
        return {row["id"]: _from_row(row) for row in self._connection.execute(query).mappings()}

    def unused_of(self, customer_id: str) -> tuple[CreditGrant, ...]:
        """Return the grants of a customer of which something is left, whether or not they are in effect."""
        if customer_id in self._unused:
            return tuple(self._unused[customer_id])
        rows = self._connection.execute(UNUSED, {"customer": customer_id}).mappings()
        return tuple(_from_row(row) for row in rows)

    def count_unused(self, customer_id: str) -> int:
        """Return of how many grants of a customer something is left."""
        return int(self._connection.execute(COUNT_UNUSED, {"customer": customer_id}).scalar_one())

    def list(
        self, wanted: PageRequest = FIRST_PAGE, *, customer_id: str | None = None, with_units: bool = False
    ) -> Page[CreditGrant]:
        """Return a page of grants of money, and of custom units where wanted, of one customer or of all."""
        query = select(credit_grants)
        if not with_units:
            query = query.where(func.length(credit_grants.c.currency) == LENGTH_OF_CODE)
        if customer_id is not None:
            query = query.where(credit_grants.c.customer_id == customer_id)
        return read_page(self._connection, query, credit_grants.c.id, wanted, _from_row)

    def newest(
        self, *, customer_id: str | None, after: str | None, before: str | None, size: int
    ) -> tuple[CreditGrant, ...]:
        """Return grants of one customer or of all, the newest first.

        Args:
            customer_id: whose, where it matters.
            after: the id of the grant that they come after: what follows is older.
            before: the id of the grant that they come before; those next to it are returned.
            size: how many at most.
        """
        query = select(credit_grants)
        if customer_id is not None:
            query = query.where(credit_grants.c.customer_id == customer_id)
        rows = newest_rows(self._connection, query, credit_grants.c.id, after=after, before=before, size=size)
        return tuple(_from_row(row) for row in rows)

    def all_of(self, customer_id: str) -> tuple[CreditGrant, ...]:
        """Return all grants that a customer ever had, the oldest first."""
        query = select(credit_grants).where(credit_grants.c.customer_id == customer_id)
        rows = self._connection.execute(query.order_by(credit_grants.c.id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def get_of(self, customer_id: str, grant_id: str) -> CreditGrant:
        """Return a grant of a customer.

        Raises:
            UnknownCreditGrant: the customer has none with this id.
        """
        grant = self.find(grant_id)
        if grant is None or grant.customer_id != customer_id:
            raise UnknownCreditGrant(f"the customer has no credit grant {grant_id[:64]!r}", grant=grant_id[:64])
        return grant

    def of_agreement(self, agreement_id: str, *, since: datetime) -> tuple[CreditGrant, ...]:
        """Return what an agreement has granted, for intervals that have not begun before an instant."""
        query = select(credit_grants).where(
            credit_grants.c.agreement_id == agreement_id, credit_grants.c.interval_start >= since
        )
        rows = self._connection.execute(query.order_by(credit_grants.c.id)).mappings()
        return tuple(_from_row(row) for row in rows)

    def bought_by(self, invoice_id: str) -> tuple[CreditGrant, ...]:
        """Return what is granted once an invoice is paid."""
        query = select(credit_grants).where(credit_grants.c.invoice_id == invoice_id)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def awaiting_payment(self, customer_id: str) -> tuple[CreditGrant, ...]:
        """Return what a customer has bought and not paid yet."""
        query = select(credit_grants).where(
            credit_grants.c.customer_id == customer_id, credit_grants.c.status == "awaiting_payment"
        )
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def movements_of(
        self, customer_id: str, wanted: PageRequest = FIRST_PAGE, *, with_units: bool = False
    ) -> Page[CreditMovement]:
        """Return a page of a customer's history of money, and of custom units where wanted, the oldest first."""
        query = select(credit_movements).where(credit_movements.c.customer_id == customer_id)
        if not with_units:
            query = query.where(func.length(credit_movements.c.currency) == LENGTH_OF_CODE)
        return read_page(self._connection, query, credit_movements.c.id, wanted, movement_from_row)

    def get_movement(self, movement_id: str) -> CreditMovement:
        """Return one movement.

        Raises:
            NotFound: there is none with this id.
        """
        query = select(credit_movements).where(credit_movements.c.id == movement_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no movement of credit {movement_id[:64]!r}")
        return movement_from_row(row)

    def newest_movements(self, customer_id: str, limit: int, *, after: str | None = None) -> tuple[CreditMovement, ...]:
        """Return the end of a customer's history, the newest first; or what came before a movement."""
        query = select(credit_movements).where(credit_movements.c.customer_id == customer_id)
        rows = newest_rows(self._connection, query, credit_movements.c.id, after=after, before=None, size=limit)
        return tuple(movement_from_row(row) for row in rows)

    def movements_of_grant(self, grant_id: str) -> tuple[CreditMovement, ...]:
        """Return the history of a grant, the oldest first."""
        query = select(credit_movements).where(credit_movements.c.grant_id == grant_id)
        rows = self._connection.execute(query.order_by(credit_movements.c.id)).mappings()
        return tuple(movement_from_row(row) for row in rows)

    def held_by(self, charge_id: str) -> tuple[CreditMovement, ...]:
        """Return what a charge that is pending has used."""
        rows = self._connection.execute(OF_CHARGE, {"charge": charge_id}).mappings()
        return tuple(movement_from_row(row) for row in rows)

    def moved_by(self, invoice_id: str) -> tuple[CreditMovement, ...]:
        """Return what an invoice has used, and what of that was reinstated."""
        rows = self._connection.execute(OF_INVOICE, {"invoice": invoice_id}).mappings()
        return tuple(movement_from_row(row) for row in rows)

    def settle(self, charge_id: str, *, invoice_id: str) -> None:
        """Say which invoice the credit that a charge has used was used for."""
        change = update(credit_movements).where(credit_movements.c.charge_id == bindparam("charge"))
        values = {"charge": charge_id, "invoice": invoice_id}
        self._connection.execute(change.values(invoice_id=bindparam("invoice")), values)

    def find_settings(self, customer_id: str) -> CreditSettings | None:
        """Return what a customer wants to happen when credit runs low, if anything."""
        row = self._connection.execute(SETTINGS, {"customer": customer_id}).mappings().first()
        if row is None:
            return None
        currency, bought = row["currency"], row["top_up_minor"]
        return CreditSettings(
            customer_id=customer_id,
            threshold=Money(row["threshold_minor"], currency),
            top_up=None if bought is None else Money(bought, currency),
            stopped_at=row["stopped_at"],
            told=row["told"],
        )

    def save_settings(self, settings: CreditSettings) -> None:
        """Store what a customer wants to happen when credit runs low."""
        changes = {
            "currency": settings.currency,
            "threshold_minor": settings.threshold.minor,
            "top_up_minor": None if settings.top_up is None else settings.top_up.minor,
            "stopped_at": settings.stopped_at,
            "told": settings.told,
        }
        values = {"customer_id": settings.customer_id, **changes}
        self._connection.execute(upsert(self._connection, credit_settings, values, changes))

    def delete_settings(self, customer_id: str) -> None:
        """Let nothing happen when credit runs low."""
        self._connection.execute(delete(credit_settings).where(credit_settings.c.customer_id == customer_id))


def _to_row(grant: CreditGrant) -> dict[str, Any]:
    values = row_of(grant)
    amount, left, price = values.pop("amount"), values.pop("left"), values.pop("price")
    values["price_minor"] = None if price is None else price.minor
    return {**values, "amount_minor": amount.minor, "left_minor": left.minor, "currency": amount.currency}


def _from_row(row: RowMapping) -> CreditGrant:
    values = dict(row)
    currency = values.pop("currency")
    amount, left = amount_of(values.pop("amount_minor"), currency), amount_of(values.pop("left_minor"), currency)
    paid = values.pop("price_minor")
    values["price"] = None if paid is None else Money(paid, currency)
    scope = {member: tuple(row[member]) for member in ("applies_to", "items", "cards")}
    return CreditGrant(**{**values, "amount": amount, "left": left, **scope})


def _movement_row(movement: CreditMovement) -> dict[str, Any]:
    values = row_of(movement)
    amount = values.pop("amount")
    return {**values, "amount_minor": amount.minor, "currency": amount.currency}


def movement_from_row(row: RowMapping | dict[str, Any]) -> CreditMovement:
    """Return a movement as its row has it."""
    values: dict[str, Any] = dict(row)
    amount = amount_of(values.pop("amount_minor"), values.pop("currency"))
    return CreditMovement(amount=amount, **values)
