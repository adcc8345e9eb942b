"""Coupons (extension): discounts that somebody can ask for by a code."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.money import Money, digits_of
from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.catalog import Coupon
from billing_sdk.server.usecases.create_coupon import archive_coupon, create_coupon
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Coupons"], route_class=StrictRoute)

Percent = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,4})?$")]


class Amount(Body):
    """An amount in minor units of its currency."""

    amount_minor: int = Field(ge=1, le=10**12)
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @classmethod
    def of(cls, money: Money) -> Amount:
        """Show an amount."""
        return cls(amount_minor=money.minor, currency=money.currency)

    @property
    def money(self) -> Money:
        """The amount."""
        return Money(self.amount_minor, self.currency)


class CouponView(BaseModel):
    """A coupon; `redeemed` is how often it has been."""

    code: str
    name: str
    percent_off: str | None
    amount_off: list[Amount]
    duration: str
    periods: int | None
    redeem_by: datetime | None
    max_redemptions: int | None
    redeemed: int
    plan_codes: list[str]
    created_on: datetime
    archived_on: datetime | None

    @classmethod
    def of(cls, coupon: Coupon) -> CouponView:
        """Show a coupon."""
        return cls(
            code=coupon.key,
            name=coupon.name,
            percent_off=None if coupon.percent_off is None else digits_of(coupon.percent_off),
            amount_off=[Amount.of(amount) for amount in coupon.amount_off],
            duration=coupon.duration,
            periods=coupon.periods,
            redeem_by=coupon.redeem_by,
            max_redemptions=coupon.max_redemptions,
            redeemed=coupon.redeemed,
            plan_codes=list(coupon.plan_keys),
            created_on=coupon.created_at,
            archived_on=coupon.archived_at,
        )


class CouponAnswer(Answer):
    """One coupon."""

    coupon: CouponView


class CouponList(Answer):
    """Coupons in the order of their codes."""

    has_more: bool
    coupons: list[CouponView]


class NewCoupon(Body):
    """What is taken off, a percentage or an amount for each currency, and the conditions."""

    code: str = Field(max_length=100)
    name: str = Field(max_length=200)
    percent_off: Percent | None = None
    amount_off: list[Amount] = Field(default=[], max_length=200)
    duration: Literal["once", "repeating", "forever"] = "once"
    periods: int | None = None
    redeem_by: str | None = Field(default=None, max_length=40)
    max_redemptions: int | None = None
    plan_codes: list[str] = Field(default=[], max_length=100)


@router.get("/billing/coupons", **scoped("read:billing_coupons", extension=True))
def list_coupons(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> CouponList:
    """Return coupons in the order of their codes, which are the cursors (extension)."""
    with engine.read() as tx:
        page = tx.coupons.list(request_after(page_size, starting_after, ending_before, known=tx.coupons.get))
    return CouponList(has_more=page.has_more, coupons=[CouponView.of(coupon) for coupon in page.items])


@router.post("/billing/coupons", response_model=CouponAnswer, **scoped("create:billing_coupons", extension=True))
def add_coupon(caller: MachineOf, body: NewCoupon, once: OnlyOnce) -> Response:
    """Make a coupon, which never changes but for being archived (extension)."""
    redeem_by = None if body.redeem_by is None else read_instant(body.redeem_by, parameter="redeem_by")

    def serve(engine: Engine) -> CouponAnswer:
        coupon = create_coupon(
            engine,
            key=body.code,
            name=body.name,
            percent_off=None if body.percent_off is None else Decimal(body.percent_off),
            amount_off=[amount.money for amount in body.amount_off],
            duration=body.duration,
            periods=body.periods,
            redeem_by=redeem_by,
            max_redemptions=body.max_redemptions,
            plan_keys=body.plan_codes,
            actor=caller.client_id,
        )
        return CouponAnswer(coupon=CouponView.of(coupon))

    return once(serve, body)


@router.get("/billing/coupons/{coupon_code}", **scoped("read:billing_coupons", extension=True))
def get_coupon(engine: EngineOf, coupon_code: str) -> CouponAnswer:
    """Return one coupon (extension)."""
    with engine.read() as tx:
        return CouponAnswer(coupon=CouponView.of(tx.coupons.get(coupon_code)))


@router.post(
    "/billing/coupons/{coupon_code}/archive",
    response_model=CouponAnswer,
    **scoped("update:billing_coupons", extension=True),
)
def retire_coupon(caller: MachineOf, coupon_code: str, once: OnlyOnce) -> Response:
    """Let nobody redeem a coupon any more; what was redeemed goes on (extension)."""

    def serve(engine: Engine) -> CouponAnswer:
        return CouponAnswer(coupon=CouponView.of(archive_coupon(engine, key=coupon_code, actor=caller.client_id)))

    return once(serve)
