"""Coupons, and how often they were redeemed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, bindparam, delete, or_, select, update

from billing_sdk.errors import Conflict, UnknownCoupon
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Coupon
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_coupon
from billing_sdk.server.storage.tables.coupons import coupons, redemptions
from billing_sdk.server.storage.upsert import insert_new

# One statement decides and counts, so the last redemption goes to one of those who ask for it at once.
COUNT_UP = (
    update(coupons)
    .where(
        coupons.c.key == bindparam("wanted"),
        coupons.c.archived_at.is_(None),
        or_(coupons.c.max_redemptions.is_(None), coupons.c.redeemed < coupons.c.max_redemptions),
    )
    .values(redeemed=coupons.c.redeemed + 1)
)
REDEEMED_BY = select(redemptions.c.agreement_id).where(
    redemptions.c.agreement_id.in_(bindparam("wanted", expanding=True))
)


class Redemption(NamedTuple):
    """That somebody has redeemed a coupon."""

    id: str
    coupon_key: str
    customer_id: str
    agreement_id: str
    redeemed_at: datetime


class CouponRepository:
    """Keeps coupons and their redemptions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._without: set[str] = set()

    def read_ahead(self, agreement_ids: Collection[str]) -> None:
        """Read at once which of many agreements have redeemed nothing."""
        redeemed = self._connection.execute(REDEEMED_BY, {"wanted": sorted(agreement_ids)}).scalars()
        self._without.update(set(agreement_ids).difference(redeemed))

    def add(self, coupon: Coupon) -> None:
        """Store a new coupon.

        Raises:
            Conflict: there is one with this key, perhaps archived.
        """
        if not insert_new(self._connection, coupons, _to_row(coupon)):
            raise Conflict(f"there is a coupon {coupon.key!r} already", remedy="Choose another key.")
        file_coupon(self._connection, coupon)

    def archive(self, key: str, at: datetime) -> None:
        """Store that a coupon can't be redeemed any more."""
        self._connection.execute(update(coupons).where(coupons.c.key == key).values(archived_at=at))

    def get(self, key: str) -> Coupon:
        """Return a coupon, archived or not.

        Raises:
            UnknownCoupon: there is none with this key.
        """
        row = self._connection.execute(select(coupons).where(coupons.c.key == key)).mappings().first()
        if row is None:
            raise UnknownCoupon(f"there is no coupon {key[:64]!r}", coupon=key[:64])
        return _from_row(row)

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[Coupon]:
        """Return a page of coupons, in the order of their keys."""
        return read_page(self._connection, select(coupons), coupons.c.key, wanted, _from_row)

    def redemptions_of(self, key: str, *, after: str | None, limit: int) -> tuple[Redemption, ...]:
        """Return who has redeemed a coupon, the last ones first.

        Args:
            key: the coupon.
            after: redeemed before this one, by its id.
            limit: how many at most.
        """
        query = select(redemptions).where(redemptions.c.coupon_key == key)
        if after is not None:
            query = query.where(redemptions.c.id < after)
        rows = self._connection.execute(query.order_by(redemptions.c.id.desc()).limit(limit)).mappings()
        return tuple(Redemption(**row) for row in rows)

    def redeem(self, key: str, *, customer_id: str, agreement_id: str, at: datetime) -> bool:
        """Count one redemption; False where the coupon was redeemed as often as it may be, or is archived.

        Raises:
            Conflict: the agreement has redeemed it already.
        """
        self._without.discard(agreement_id)
        if self._connection.execute(COUNT_UP, {"wanted": key}).rowcount == 0:
            return False
        row = {
            "id": new_id("redemption"),
            "coupon_key": key,
            "customer_id": customer_id,
            "agreement_id": agreement_id,
            "redeemed_at": at,
        }
        if not insert_new(self._connection, redemptions, row):
            raise Conflict(f"the coupon {key!r} counts for this agreement already", remedy="Use another coupon.")
        return True

    def give_back(self, agreement_id: str) -> None:
        """Undo the redemptions of an agreement that has not come about."""
        if agreement_id in self._without:
            return
        undone = (
            delete(redemptions).where(redemptions.c.agreement_id == agreement_id).returning(redemptions.c.coupon_key)
        )
        for key in self._connection.execute(undone).scalars().all():
            counted_down = update(coupons).where(coupons.c.key == key).values(redeemed=coupons.c.redeemed - 1)
            self._connection.execute(counted_down)


def _to_row(coupon: Coupon) -> dict[str, Any]:
    amounts = [{"minor": amount.minor, "currency": amount.currency} for amount in coupon.amount_off]
    return {**row_of(coupon), "amount_off": amounts}


def _from_row(row: RowMapping) -> Coupon:
    amounts = tuple(Money(**amount) for amount in row["amount_off"])
    return Coupon(**{**row, "amount_off": amounts, "plan_keys": tuple(row["plan_keys"])})
