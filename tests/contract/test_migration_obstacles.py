"""Versions that not everybody can go over to: empty ones, add-ons that don't fit, and pauses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import EmptyVersion
from billing_sdk.money import Money
from billing_sdk.server.api.kinde.agreement_view import WholeAgreementAnswer
from billing_sdk.server.domain.catalog import LicenceFee, PlanVersion
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.migrate_customers import migrate_customers
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.preview_change import preview_change
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.set_add_on import remove_add_on, set_add_on
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import bills, stored
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer


def version_of(plan_key: str, number: int, minor: int, cadence: str = "month") -> PlanVersion:
    fee = LicenceFee(f"fee_{plan_key}_{number}", "price", "Price", "USD", Terms(Flat(Decimal(minor))))
    return PlanVersion(
        f"version_{plan_key}_{number}", plan_key, number, "USD", (fee,), NOON, Cadence.from_text(cadence)
    )


@pytest.fixture
def engine():
    """A plan at 29.00 a month, with a second version at 75.00 every three months, and an add-on at 7.00 a month."""
    with engine_on(IN_MEMORY) as opened:
        extra = version_of("extra", 1, 700)
        with opened.begin() as tx:
            tx.catalog.add_version(version_of("pro_monthly", 2, 7_500, "3 months"))
            ids = {"latest_version_id": extra.id, "live_version_id": extra.id}
            pro = tx.catalog.get_plan("pro_monthly")
            tx.catalog.add_plan(replace(pro, key="extra", kind="add_on", version=extra, position=9, **ids))
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


@pytest.fixture
def agreement(engine, customer):
    return subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")


def migrate(engine, **options):
    (move,) = migrate_customers(engine, plan_key="pro_monthly", to_version=2, **options).moves
    return move


def renew(engine):
    advance(engine, days=28)
    run_due(engine)


@pytest.mark.parametrize("is_dry_run", [True, False])
@pytest.mark.parametrize("timing", ["period_end", "now"])
def test_whoever_has_an_add_on_that_is_billed_at_another_pace_stays(engine, agreement, timing, is_dry_run):
    before = set_add_on(engine, agreement_id=agreement.id, plan_key="extra", quantity=2)
    move = migrate(engine, timing=timing, is_dry_run=is_dry_run)
    assert (move.outcome, move.before, move.after) == ("add_on_does_not_fit", Money(4_300, "USD"), None)
    assert stored(engine, agreement) == before


@pytest.mark.parametrize("has_it_now", [True, False])
def test_the_add_ons_of_the_next_billing_date_are_what_counts(engine, agreement, has_it_now):
    change = {"agreement_id": agreement.id, "plan_key": "extra", "timing": "period_end"}
    if has_it_now:
        set_add_on(engine, agreement_id=agreement.id, plan_key="extra", quantity=1)
        remove_add_on(engine, **change)
    else:
        set_add_on(engine, quantity=1, **change)
    assert migrate(engine).outcome == ("planned" if has_it_now else "add_on_does_not_fit")


def test_an_add_on_that_comes_after_the_move_was_planned_keeps_the_agreement_on_its_version(
    engine, customer, agreement
):
    migrate(engine)
    set_add_on(engine, agreement_id=agreement.id, plan_key="extra", quantity=1, timing="period_end")
    assert migrate(engine, is_dry_run=True).outcome == "add_on_does_not_fit"
    renew(engine)
    renewed = stored(engine, agreement)
    assert (renewed.plan_version_id, renewed.next_version_id) == (agreement.plan_version_id, None)
    assert renewed.billed_until == agreement.billed_until + timedelta(days=31)
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 3_600)]


@pytest.mark.parametrize("timing", ["now", "period_end"])
def test_a_version_without_components_can_not_be_agreed_to(engine, customer, agreement, timing):
    with engine.begin() as tx:
        tx.catalog.add_version(replace(version_of("pro_monthly", 3, 1), components=()))
    wish = {"customer_id": customer.id, "plan_key": "pro_monthly", "options": ChangeOptions(version=3, timing=timing)}
    for ask in (preview_change, subscribe, assign_plan):
        with pytest.raises(EmptyVersion):
            ask(engine, **wish)
    assert stored(engine, agreement) == agreement


def test_whoever_is_paused_goes_over_at_the_first_billing_date_after_the_pause(engine, customer, agreement):
    pause_agreement(engine, agreement_id=agreement.id)
    for is_dry_run in (True, False, False):
        move = migrate(engine, is_dry_run=is_dry_run)
        assert (move.outcome, move.charge_at, move.before, move.after) == ("when_resumed", None, None, None)
    renew(engine)
    resumed = resume_agreement(engine, agreement_id=agreement.id)
    assert (resumed.plan_version_id, resumed.next_version_id) == (agreement.plan_version_id, "version_pro_monthly_2")
    advance(engine, days=31)
    run_due(engine)
    assert stored(engine, agreement).plan_version_id == "version_pro_monthly_2"
    assert bills(engine, customer) == [("paid", 2_900), ("paid", 2_900), ("paid", 7_500)]


def test_an_agreement_names_the_version_that_takes_over(engine, customer, agreement):
    migrate(engine)
    shown = WholeAgreementAnswer.of(engine, agreement.id).agreement
    assert (shown.plan_version, shown.next_version) == (1, 2)
    with engine.read() as tx:
        *_, told = tx.outbox.list(customer_id=customer.id)
    assert (told.data["changed"], told.data["agreement"]["next_version"]) == (["next_version"], 2)
    renew(engine)
    assert WholeAgreementAnswer.of(engine, agreement.id).agreement.next_version is None
