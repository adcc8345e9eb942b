"""Coupons: the list, each with who has redeemed it; created and archived."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from starlette.responses import Response
from starlette.routing import BaseRoute

from billing_sdk.errors import APIError
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import Coupon, CouponDuration
from billing_sdk.server.pages.dashboard.amounts import ENTER_AMOUNT, currency_wrong, number_typed, read_amount
from billing_sdk.server.pages.dashboard.listing import (
    AFTER,
    PAGE_SIZE,
    Cell,
    Column,
    Row,
    asked,
    listing,
    place_of,
    row,
)
from billing_sdk.server.pages.dashboard.names import called_by_id
from billing_sdk.server.pages.dashboard.places import COUPONS, CUSTOMERS, SUBSCRIPTIONS
from billing_sdk.server.pages.dashboard.plan_choice import plan_choice, sent_plan
from billing_sdk.server.pages.dashboard.seat import Seat, billing_route
from billing_sdk.server.pages.forms import Form, require
from billing_sdk.server.usecases.create_coupon import archive_coupon, create_coupon
from billing_sdk.server.words import Phrase, Value, phrase, phrase_of

COLUMNS = (
    Column(phrase("Name")),
    Column(phrase("Key")),
    Column(phrase("Takes off")),
    Column(phrase("How long it counts")),
    Column(phrase("Status")),
    Column(phrase("Redeemed"), is_number=True),
)
REDEMPTION_COLUMNS = (Column(phrase("Customer")), Column(phrase("Subscription")), Column(phrase("Date")))
DURATIONS: dict[CouponDuration, Phrase] = {
    "once": phrase("One billing period"),
    "repeating": phrase("Several billing periods"),
    "forever": phrase("As long as the subscription lasts"),
}
KINDS = (("percent", phrase("A percentage")), ("amount", phrase("An amount")))
ENTER_PERCENT = phrase("Enter a number above 0 and up to 100, such as 20 or 12.5.")
ENTER_NUMBER = phrase("Enter a whole number.")
MOST_PERCENT, MOST_DECIMALS = 100, 3
ENTER_DAY = phrase("Enter a day to come.")
MOST_DIGITS = 9


def show_coupons(seat: Seat) -> Response:
    """Show the coupons, in the order of their keys."""
    with seat.engine.read() as tx:
        found = tx.coupons.list(place_of(seat.request, newest_first=False))
    rows = [_row(coupon, seat.engine.now()) for coupon in found.items]
    last = found.items[-1].key if found.has_more else ""
    return seat.show("coupons/list", listing=listing(seat.request, COLUMNS, rows, last=last))


def show_new(seat: Seat) -> Response:
    """Show the form of a coupon."""
    return _new(seat, Form({"kind": "percent", "duration": "once"}))


def create(seat: Seat, form: Form) -> Response:
    """Create a coupon; what is wrong stands beside the field."""
    form = require(form, {"key": phrase("a key"), "name": phrase("what invoices call it")})
    percent: Decimal | None = None
    amounts: tuple[Money, ...] = ()
    try:
        if form.text("kind") == "amount":
            amounts = (_amount(form),)
        else:
            percent = number_typed(form.text("percent_off").removesuffix("%"), MOST_DECIMALS)
            if percent is None or not 0 < percent <= MOST_PERCENT:
                form = form.wrong({"percent_off": ENTER_PERCENT})
    except APIError:
        wrong = currency_wrong(form.text("currency"))
        form = form.wrong({"currency": wrong} if wrong is not None else {"amount_off": ENTER_AMOUNT})
    redeem_by = _day(form.text("redeem_by"))
    if form.text("redeem_by") and (redeem_by is None or redeem_by <= seat.engine.now()):
        form = form.wrong({"redeem_by": ENTER_DAY})
    for name in ("periods", "max_redemptions"):
        if form.text(name) and _number(form.text(name)) is None:
            form = form.wrong({name: ENTER_NUMBER})
    if form.errors:
        return _new(seat, form)
    try:
        coupon = create_coupon(
            seat.engine,
            key=form.text("key"),
            name=form.text("name"),
            percent_off=percent,
            amount_off=amounts,
            duration=next((one for one in DURATIONS if one == form.text("duration")), "once"),
            periods=_number(form.text("periods")) if form.text("duration") == "repeating" else None,
            redeem_by=redeem_by,
            max_redemptions=_number(form.text("max_redemptions")),
            plan_keys=[key for key in (sent_plan(form),) if key],
            actor=seat.operator.id,
        )
    except APIError as error:
        return _new(seat, form.refused(error))
    return seat.go_to(f"{COUPONS}/{coupon.key}", "created")


def show_coupon(seat: Seat) -> Response:
    """Show a coupon with those who have redeemed it, the last ones first."""
    request = seat.request
    with seat.engine.read() as tx:
        coupon = tx.coupons.get(request.path_params["coupon_key"])
        found = tx.coupons.redemptions_of(coupon.key, after=asked(request, AFTER) or None, limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        names = called_by_id(tx, [one.customer_id for one in shown])
        plans = {plan.key: plan.name for plan in tx.catalog.list_plans(list(coupon.plan_keys))}
    rows = [
        row(
            Cell(names[one.customer_id], url=f"{CUSTOMERS}/{one.customer_id}"),
            Cell(one.agreement_id, url=f"{SUBSCRIPTIONS}/{one.agreement_id}"),
            one.redeemed_at,
        )
        for one in shown
    ]
    last = shown[-1].id if len(found) > PAGE_SIZE else ""
    return seat.show(
        "coupons/show",
        coupon=coupon,
        url=f"{COUPONS}/{coupon.key}",
        takes_off=takes_off(coupon),
        lasts=_lasts(coupon),
        plans=", ".join(plans.get(key, key) for key in coupon.plan_keys),
        said=_status(coupon, seat.engine.now()),
        listing=listing(request, REDEMPTION_COLUMNS, rows, last=last),
    )


def archive(seat: Seat, _form: Form) -> Response:
    """Let a coupon be redeemed no more."""
    coupon = archive_coupon(seat.engine, key=seat.request.path_params["coupon_key"], actor=seat.operator.id)
    return seat.go_to(f"{COUPONS}/{coupon.key}", "archived")


def takes_off(coupon: Coupon) -> Value:
    """Return what a coupon takes off, in words."""
    if coupon.percent_off is not None:
        return phrase("%(percent)s%%", percent=coupon.percent_off.normalize() if coupon.percent_off else 0)
    first, *others = coupon.amount_off
    if others:
        return phrase("%(amount)s, or an amount in another currency", amount=first)
    return first


def _lasts(coupon: Coupon) -> Phrase:
    if coupon.duration == "repeating":
        return phrase_of("%(number)s billing period", "%(number)s billing periods", coupon.periods or 1)
    return DURATIONS[coupon.duration]


def _status(coupon: Coupon, at: datetime) -> tuple[Phrase, str]:
    if coupon.archived_at is not None:
        return phrase("Archived"), "plain"
    if coupon.redeem_by is not None and coupon.redeem_by <= at:
        return phrase("Over"), "plain"
    if coupon.max_redemptions is not None and coupon.redeemed >= coupon.max_redemptions:
        return phrase("Used up"), "note"
    return phrase("Redeemable"), "good"


def _row(coupon: Coupon, at: datetime) -> Row:
    label, tone = _status(coupon, at)
    most = coupon.max_redemptions
    redeemed = coupon.redeemed if most is None else phrase("%(used)s of %(most)s", used=coupon.redeemed, most=most)
    return row(
        Cell(coupon.name, url=f"{COUPONS}/{coupon.key}"),
        Cell(coupon.key, is_code=True),
        takes_off(coupon),
        _lasts(coupon),
        Cell(label, tone=tone),
        redeemed,
    )


def _new(seat: Seat, form: Form) -> Response:
    with seat.engine.read() as tx:
        plans = plan_choice(tx, sent_plan(form), nothing=phrase("All plans"))
    return seat.show(
        "coupons/new",
        form,
        kinds=KINDS,
        durations=tuple(DURATIONS.items()),
        plans=plans,
    )


def _amount(form: Form) -> Money:
    return read_amount(form.text("amount_off"), form.text("currency").upper())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


ROUTES: tuple[BaseRoute, ...] = (
    billing_route(COUPONS, show_coupons),
    billing_route(f"{COUPONS}/_new", show_new, create),
    billing_route(f"{COUPONS}/{{coupon_key}}", show_coupon),
    billing_route(f"{COUPONS}/{{coupon_key}}/archive", show_coupon, archive),
)
