"""Other numbers of seats or add-ons: asked for, shown with what they come to, and agreed to as they were shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from starlette.responses import Response

from billing_sdk.errors import (
    AddOnMismatch,
    AgreementNotLive,
    AgreementPaused,
    AuthenticationRequired,
    BillingError,
    CardDeclined,
    Conflict,
    CustomerNotCollectable,
    EndPlanned,
    InvalidQuantity,
    PaymentMethodRequired,
    PaymentPending,
    TaxLocationMissing,
    UnknownPlan,
)
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.pages.elsewhere import allow_pages
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.pages.method_words import label_of
from billing_sdk.server.pages.portal.changing import paid_until_of
from billing_sdk.server.pages.portal.charge_words import kept_of, told_lines
from billing_sdk.server.pages.portal.desk import Desk, own_agreement
from billing_sdk.server.pages.portal.quotes import FIELD, holds, quote_for, quoted_at
from billing_sdk.server.pages.portal.waiting import go_on
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.preview_agreement import preview_alteration
from billing_sdk.server.usecases.preview_change import Preview
from billing_sdk.server.words import Phrase, phrase

CHANGED_MEANWHILE = phrase("Something has changed since this page was shown. Check the amounts again.")
NOT_A_NUMBER = phrase("Enter a whole number.")
MOST_DIGITS = 7
When = Literal["now", "period_end"]
# What says at the form why the numbers can't be had; whatever else happens is a page of its own.
REFUSALS = (
    AddOnMismatch,
    AgreementNotLive,
    AgreementPaused,
    CardDeclined,
    Conflict,
    CustomerNotCollectable,
    EndPlanned,
    InvalidQuantity,
    UnknownPlan,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What there is a number of: an add-on, or licences such as seats.

    Attributes:
        key: its key in the plan.
        name: what it is called.
        prices: what it costs, a line for each part of the price.
        has: how many there are.
        least: how few there can be; none where it can be given up.
        most: how many there can be, if that is known.
        path: where its page is, below the agreement's.
        note: what is said when they have changed.
        is_add_on: which of the two.
        agree: agrees on a number.
    """

    key: str
    name: str
    prices: tuple[Phrase, ...]
    has: int
    least: int
    most: int | None
    path: str
    note: str
    is_add_on: bool
    agree: Callable[[int, When], Agreement]


def show_numbers(desk: Desk, form: Form, kind: Kind) -> Response:
    """Show how many there are, and what another number comes to where one is asked for."""
    allow_pages(desk.request, desk.engine)
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        at = desk.engine.now_for(tx, tx.customers.get(agreement.customer_id))
        paid_until = paid_until_of(tx, desk.engine, agreement)
        card = tx.customers.find_payment_method(agreement.customer_id)
        keeps = billing_settings(tx, desk.engine).policies.unused_days == "retain"
    params = desk.request.query_params
    asked = form.text("quantity") or params.get("quantity", "")
    wanted = _number(asked)
    if asked and wanted is None:
        form = form.wrong({"quantity": NOT_A_NUMBER})
    when = _when(form.text("when") or params.get("when", ""), kind, wanted, keeps=keeps and paid_until is not None)
    shown, quote = None, ""
    if wanted is not None and wanted != kind.has:
        try:
            shown = _preview(desk, agreement, kind, wanted, when, at)
            quote = quote_for(desk, _wish(agreement, kind, wanted, when), shown, at)
        except TaxLocationMissing:
            return desk.go_to("billing_address")
        except PaymentPending:
            raise  # its page leads to where it is confirmed
        except REFUSALS as error:
            form = form.refused(error)
    return desk.show(
        "numbers",
        form.showing("quantity", asked or str(kind.has or 1)),
        kind=kind,
        place=f"{desk.url('plan_details')}/{agreement.id}/{kind.path}",
        shown=shown,
        lines=told_lines(shown.lines) if shown else (),
        next_lines=told_lines(shown.next_charge.lines) if shown and shown.next_charge else (),
        kept=kept_of(shown) if shown else None,
        quote=quote,
        wanted=wanted,
        when=when,
        paid_until=paid_until,
        card=label_of(card) if card else None,
    )


def save_numbers(desk: Desk, form: Form, kind: Kind) -> Response:
    """Agree on another number, as it was shown."""
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
        now = desk.engine.now_for(tx, tx.customers.get(agreement.customer_id))
    wanted, when = _number(form.text("quantity")), form.text("when")
    if wanted is None or when not in ("now", "period_end"):
        return show_numbers(desk, form.wrong({"quantity": NOT_A_NUMBER}) if wanted is None else form, kind)
    if wanted == kind.has:
        return desk.go_to("plan_details")  # a second copy of the form that has done it
    timing: When = "now" if when == "now" else "period_end"
    at = quoted_at(form.text(FIELD), now=now)
    try:
        again = None if at is None else _preview(desk, agreement, kind, wanted, timing, at)
        wish = _wish(agreement, kind, wanted, timing)
        if at is None or again is None or not holds(desk, form.text(FIELD), wish, again, at):
            if _has_now(desk, kind) == wanted:
                return desk.go_to("plan_details", kind.note)  # the first copy of the form was faster
            return show_numbers(desk, form.wrong({"": CHANGED_MEANWHILE}), kind)
        kind.agree(wanted, timing)
    except BillingError as error:
        return _refused(desk, form, kind, error)
    return desk.go_to("plan_details", kind.note if timing == "now" else "alteration_planned")


def _has_now(desk: Desk, kind: Kind) -> int:
    with desk.engine.read() as tx:
        agreement = own_agreement(tx, desk)
    if kind.is_add_on:
        return next((one.quantity for one in agreement.add_ons if one.plan_key == kind.key), 0)
    return agreement.quantity_of(kind.key)


def _refused(desk: Desk, form: Form, kind: Kind, error: BillingError) -> Response:
    """Go to where what is missing can be entered, or say at the form why it can't be done."""
    match error:
        case PaymentMethodRequired():
            return desk.go_to("payment_details")
        case TaxLocationMissing():
            return desk.go_to("billing_address")
        case _:
            elsewhere = go_on(desk, error)
            if elsewhere is None and not isinstance(error, (AuthenticationRequired, *REFUSALS)):
                raise error
            return elsewhere or show_numbers(desk, form.refused(error), kind)


def _preview(desk: Desk, agreement: Agreement, kind: Kind, wanted: int, when: When, at: datetime) -> Preview:
    numbers = {kind.key: wanted}
    return preview_alteration(
        desk.engine,
        agreement_id=agreement.id,
        quantities={} if kind.is_add_on else numbers,
        add_ons=numbers if kind.is_add_on else {},
        timing=when,
        as_of=at,
    )


def _wish(agreement: Agreement, kind: Kind, wanted: int, when: When) -> str:
    return f"{wanted} of {kind.path} instead of {kind.has} for {agreement.id} {when}"


def _when(said: str, kind: Kind, wanted: int | None, *, keeps: bool) -> When:
    """Return when a number changes: as somebody says, and else in the way that loses them nothing.

    Fewer of what is paid for wait for the end of that where the policy is to keep what was paid.
    """
    if said in ("now", "period_end"):
        return "now" if said == "now" else "period_end"
    return "period_end" if keeps and wanted is not None and wanted < kind.has else "now"


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else None
