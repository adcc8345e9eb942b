"""Previews of other numbers and of cancellations: what is shown is what then happens, and nothing is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.errors import AgreementNotLive, AgreementPaused, BillingError, EndPlanned, InvalidQuantity
from billing_sdk.server.domain.catalog import Trial
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.preview_agreement import preview_alteration, preview_cancellation
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_add_on import set_add_on
from billing_sdk.server.usecases.set_quantity import set_quantity
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, invoices_of, rows, sell, stored
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer

HALF = timedelta(days=14)


@pytest.fixture
def engine():
    """A plan for teams at 10.00 and 7.00 a seat, one with a trial, and an add-on at 4.00."""
    with engine_on(IN_MEMORY) as opened:
        sell(opened, "team", flat=1_000, seat=700)
        sell(opened, "tried", seat=700, trial=Trial(7, requires_payment_method=False))
        extra = sell(opened, "extra_draft", flat=400)
        version = replace(extra.version, id="version_extra", plan_key="extra")
        ids = {"latest_version_id": version.id, "live_version_id": version.id}
        with opened.begin() as tx:
            tx.catalog.add_plan(replace(extra, key="extra", kind="add_on", version=version, position=19, **ids))
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


@pytest.fixture
def agreement(engine, customer):
    """Five seats and two add-ons, paid, in the middle of the month."""
    wish = ChangeOptions(quantities={"seats": 5}, add_ons={"extra": 2})
    made = subscribe(engine, customer_id=customer.id, plan_key="team", options=wish)
    advance(engine, days=14)
    return made


def act(engine, agreement_id, *, quantities=None, add_ons=None, **options):
    for key, quantity in (quantities or {}).items():
        set_quantity(engine, agreement_id=agreement_id, fee_key=key, quantity=quantity, **options)
    for key, quantity in (add_ons or {}).items():
        set_add_on(engine, agreement_id=agreement_id, plan_key=key, quantity=quantity, **options)


def amounts(lines):
    return [(line.description, line.amount, line.period, line.derivation) for line in lines]


def new_lines(engine, customer, before: int):
    return amounts(line for invoice in invoices_of(engine, customer)[before:] for line in invoice.lines)


def pass_half(engine):
    advance(engine, days=14)
    run_due(engine)


NUMBERS = [
    pytest.param({"quantities": {"seats": 9}}, 1_400, 0, id="more seats"),
    pytest.param({"quantities": {"seats": 1}}, 0, 0, id="fewer seats, kept"),
    pytest.param({"quantities": {"seats": 1}, "is_prorate": True}, 0, 1_400, id="fewer seats, given back"),
    pytest.param({"quantities": {"seats": 5}}, 0, 0, id="the same"),
    pytest.param({"add_ons": {"extra": 4}}, 400, 0, id="more of an add-on"),
    pytest.param({"add_ons": {"extra": 0}, "is_prorate": True}, 0, 400, id="none of an add-on"),
]


@pytest.mark.parametrize(("wish", "charged", "given_back"), NUMBERS)
def test_other_numbers_come_to_what_was_shown_and_so_does_the_next_charge(
    engine, customer, agreement, wish, charged, given_back
):
    before, count = rows(engine), len(invoices_of(engine, customer))
    shown = preview_alteration(engine, agreement_id=agreement.id, **wish)
    assert rows(engine) == before
    assert (shown.amount.minor, shown.credit.minor, shown.changes_at) == (charged, given_back, NOON + HALF)
    act(engine, agreement.id, **wish)
    assert new_lines(engine, customer, count) == amounts(shown.lines)
    assert balance_of(engine, customer) == shown.balance.minor
    assert stored(engine, agreement).quantities == shown.agreement.quantities
    count = len(invoices_of(engine, customer))
    pass_half(engine)
    assert new_lines(engine, customer, count) == amounts(shown.next_charge.lines)


@pytest.mark.parametrize(
    "wish",
    [
        {"quantities": {"seats": 9}},
        {"quantities": {"seats": 1}, "is_prorate": True},
        {"add_ons": {"extra": 0}, "is_prorate": True},
    ],
)
@pytest.mark.parametrize("timing", ["period_end", NOON + HALF + timedelta(days=7), NOON + timedelta(days=40)])
def test_other_numbers_that_come_later_are_charged_as_was_shown(engine, customer, agreement, wish, timing):
    count = len(invoices_of(engine, customer))
    shown = preview_alteration(engine, agreement_id=agreement.id, timing=timing, **wish)
    assert (shown.lines, shown.amount.minor) == ((), 0)
    act(engine, agreement.id, timing=timing, **wish)
    assert len(invoices_of(engine, customer)) == count
    pass_half(engine)
    first = new_lines(engine, customer, count)[: len(shown.next_charge.lines)]
    assert first == amounts(shown.next_charge.lines)


@pytest.mark.parametrize("timing", ["now", "period_end", NOON + HALF + timedelta(days=7), NOON + timedelta(days=40)])
@pytest.mark.parametrize("settled", [{}, {"is_prorate": True, "is_invoice_now": True}])
@pytest.mark.parametrize("plan_key", ["team", "tried", "pay_as_you_go"])
def test_a_cancellation_comes_to_what_was_shown(engine, customer, plan_key, settled, timing):
    made = subscribe(engine, customer_id=customer.id, plan_key=plan_key)
    advance(engine, days=14)
    run_due(engine)
    if plan_key == "pay_as_you_go":
        record_usage(engine, agreement_id=made.id, feature_key="ai_tokens", value="50000")
    before, count = rows(engine), len(invoices_of(engine, customer))
    shown = preview_cancellation(engine, agreement_id=made.id, timing=timing, **settled)
    assert rows(engine) == before
    ended = cancel_agreement(engine, agreement_id=made.id, timing=timing, **settled)
    assert new_lines(engine, customer, count) == amounts(shown.lines)
    assert balance_of(engine, customer) == shown.balance.minor
    assert shown.changes_at == (ended.ended_at or ended.cancel_at)
    count = len(invoices_of(engine, customer))
    pass_half(engine)
    pass_half(engine)
    charged = new_lines(engine, customer, count)
    assert bool(charged) == (shown.next_charge is not None)
    if shown.next_charge is not None:
        assert charged[: len(shown.next_charge.lines)] == amounts(shown.next_charge.lines)


def test_what_nobody_pays_is_shown_to_need_a_card(engine):
    customer = payer(engine, "bo@example.com", number=None)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="team")
    shown = preview_alteration(engine, agreement_id=agreement.id, quantities={"seats": 9})
    assert (shown.needs_method, shown.amount.minor) == (False, 0)  # it waits for the first invoice


def test_nothing_is_charged_any_more_where_the_agreement_is_planned_to_end(engine, agreement):
    cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    shown = preview_alteration(engine, agreement_id=agreement.id, quantities={"seats": 9})
    assert (shown.amount.minor, shown.next_charge) == (1_400, None)


@pytest.mark.parametrize(
    ("prepare", "wish", "error"),
    [
        pytest.param(None, {"quantities": {"seats": 0}}, InvalidQuantity, id="no seats"),
        pytest.param(
            cancel_agreement, {"quantities": {"seats": 2}}, AgreementNotLive, id="an agreement that has ended"
        ),
        pytest.param(pause_agreement, {"quantities": {"seats": 2}}, AgreementPaused, id="a pause"),
        pytest.param(
            lambda engine, agreement_id: cancel_agreement(engine, agreement_id=agreement_id, timing="period_end"),
            {"quantities": {"seats": 2}, "timing": "period_end"},
            EndPlanned,
            id="in place of its end",
        ),
    ],
)
def test_a_preview_is_refused_as_the_change_is(engine, agreement, prepare, wish, error):
    if prepare is not None:
        prepare(engine, agreement_id=agreement.id)
    for ask in (
        act,
        lambda engine, agreement_id, **asked: preview_alteration(engine, agreement_id=agreement_id, **asked),
    ):
        with pytest.raises(BillingError) as refused:
            ask(engine, agreement.id, **wish)
        assert type(refused.value) is error
