"""A preview says to the cent what then happens, now and at the next billing date, and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import BillingError, InvalidTiming, NotFound, PriceChanged, SamePlan
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.create_coupon import create_coupon
from billing_sdk.server.usecases.preview_change import preview_change
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import balance_of, bills, decide, invoices_of, live, rows, sell
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer

PLANS = ("free", "pro_monthly", "enterprise_monthly", "pro_yearly", "starter", "pay_as_you_go", "team")


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def amounts(lines):
    return [(line.description, line.amount.minor, line.period, line.derivation) for line in lines]


@settings(max_examples=12, deadline=None)
@given(
    first=st.sampled_from(PLANS),
    second=st.sampled_from(PLANS),
    third=st.sampled_from(PLANS),
    hours=st.integers(0, 27 * 24),
    used=st.integers(0, 200_000),
    policies=st.fixed_dictionaries(
        {
            "unpaid_usage": st.sampled_from(["forgive", "charge"]),
            "unused_days": st.sampled_from(["retain", "refund"]),
            "proration": st.sampled_from(["second", "day"]),
        }
    ),
    options=st.builds(
        ChangeOptions,
        is_prorate=st.sampled_from([None, True, False]),
        is_invoice_now=st.sampled_from([None, True, False]),
        coupon_key=st.sampled_from([None, None, "TENTH"]),
        timing=st.sampled_from(["now", "now", "period_end"]),
    ),
)
def test_a_change_comes_to_what_was_shown_and_so_does_the_next_charge(
    first, second, third, hours, used, policies, options
):
    with engine_on(IN_MEMORY) as engine:
        sell(engine, "team", flat=1_001, seat=333)
        create_coupon(engine, key="TENTH", name="Tenth", percent_off=Decimal("12.5"), duration="forever")
        decide(engine, **policies)
        customer = payer(engine)
        subscribe(engine, customer_id=customer.id, plan_key=first)
        advance(engine, hours=5)
        if second != first:
            subscribe(engine, customer_id=customer.id, plan_key=second)
        agreement = live(engine, customer)
        if second in ("enterprise_monthly", "pay_as_you_go"):
            record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=str(used))
        advance(engine, hours=hours)
        run_due(engine)
        before = rows(engine)
        count = len(invoices_of(engine, customer))
        try:
            shown = preview_change(engine, customer_id=customer.id, plan_key=third, options=options)
        except BillingError as refusal:
            with pytest.raises(type(refusal)):
                subscribe(engine, customer_id=customer.id, plan_key=third, options=options)
            return
        assert rows(engine) == before

        subscribe(engine, customer_id=customer.id, plan_key=third, options=options, terms=shown.terms)

        made = invoices_of(engine, customer)[count:]
        assert [amounts(invoice.lines) for invoice in made] == [amounts(lines) for lines in [shown.lines] if lines]
        assert sum(invoice.amount.minor for invoice in made) == shown.amount.minor
        assert balance_of(engine, customer) == shown.balance.minor
        if shown.next_charge is not None:
            _reach(engine, shown.next_charge.at)
            later = invoices_of(engine, customer)[count + len(made) :]
            expected = shown.next_charge.lines
            assert [amounts(invoice.lines) for invoice in later] == [amounts(lines) for lines in [expected] if lines]


def _reach(engine, at):
    advance(engine, seconds=(at - engine.now()).total_seconds())
    run_due(engine)


def test_a_trial_is_shown_with_the_charge_at_its_end(engine):
    customer = payer(engine)

    shown = preview_change(engine, customer_id=customer.id, plan_key="starter")

    assert (shown.amount.minor, shown.agreement.status, shown.needs_method) == (0, "trialing", False)
    assert (shown.next_charge.at, shown.next_charge.amount.minor) == (NOON + timedelta(days=14), 900)


def test_a_change_that_is_planned_is_the_next_charge_unless_a_renewal_comes_before(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    soon = preview_change(
        engine,
        customer_id=customer.id,
        plan_key="enterprise_monthly",
        options=ChangeOptions(timing=NOON + timedelta(days=9)),
    )
    late = preview_change(
        engine,
        customer_id=customer.id,
        plan_key="enterprise_monthly",
        options=ChangeOptions(timing=NOON + timedelta(days=40)),
    )

    assert (soon.lines, soon.changes_at, soon.next_charge.at) == ((), NOON + timedelta(days=9), soon.changes_at)
    assert (soon.next_charge.amount.minor, late.next_charge.amount.minor) == (9_900, 2_900)
    assert late.next_charge.at == NOON + timedelta(days=28)


def test_a_preview_says_that_a_card_is_missing(engine):
    customer = payer(engine, "bob@example.com", number=None)

    assert preview_change(engine, customer_id=customer.id, plan_key="pro_monthly").needs_method
    assert not preview_change(engine, customer_id=customer.id, plan_key="free").needs_method


@pytest.mark.attack(193)
def test_terms_from_before_a_change_of_price_are_refused_after_it(engine):
    customer = payer(engine)
    shown = preview_change(engine, customer_id=customer.id, plan_key="pro_monthly")
    with engine.begin() as tx:
        plan = tx.catalog.get_plan("pro_monthly")
        newer = replace(plan.version, id="version_newer", number=2)
        tx.catalog.add_version(newer)
        tx.catalog.save_plan(plan.selling(newer))

    with pytest.raises(PriceChanged):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", terms=shown.terms)

    assert bills(engine, customer) == []


@pytest.mark.parametrize(
    ("plan_key", "options", "error"),
    [
        ("pro_monthly", AS_DECIDED, SamePlan),
        ("free", ChangeOptions(timing=NOON - timedelta(days=1)), InvalidTiming),
    ],
)
def test_what_can_not_be_done_can_not_be_previewed(engine, plan_key, options, error):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    with pytest.raises(error):
        preview_change(engine, customer_id=customer.id, plan_key=plan_key, options=options)


def test_nobody_gets_a_preview_for_a_customer_who_is_not_there(engine):
    with pytest.raises(NotFound):
        preview_change(engine, customer_id="customer_0", plan_key="pro_monthly")
