"""The workspace's own plan: Hobby until another is paid for, caps that rise with that, and Hobby again after a week."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from billing_sdk.errors import BillingInUse, Conflict, Forbidden, WorkspaceCapReached
from billing_sdk.server.domain.workspace import BY_KEY, HOBBY, PLANS
from billing_sdk.server.usecases import workspace_caps
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.count_active_users import count_active_users, note_active
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import add_operator
from billing_sdk.server.usecases.register_application import register_application
from billing_sdk.server.usecases.register_user import add_user, new_user
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.workspace_caps import WORKSPACE_ORG, workspace_plan
from billing_sdk.server.usecases.workspace_plan import open_workspace_plan
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, IN_MEMORY, NOON, advance, card, engine_on, person


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY, workspace_plans=True) as opened:
        ada = person(opened)
        add_operator(opened, email="ada@example.com", actor="test")
        open_workspace_plan(opened, user_id=ada)
        yield opened


def payer_id(engine: Engine) -> str:
    with engine.read() as tx:
        found = tx.customers.find_by_organization(WORKSPACE_ORG)
    assert found is not None
    return found.id


def plan_of(engine: Engine) -> str:
    with engine.read() as tx:
        return workspace_plan(tx).name


def buy(engine: Engine, key: str, *, number: str = GOOD_CARD):
    add_card(engine, customer_id=payer_id(engine), card=card(number))
    return subscribe(engine, customer_id=payer_id(engine), plan_key=key)


def test_a_year_costs_a_fifth_less_than_twelve_months():
    assert [(plan.name, plan.annual_minor) for plan in PLANS] == [("Hobby", 0), ("Pro", 24_000), ("Scale", 240_000)]


def test_caps_rise_the_moment_a_payment_succeeds(engine):
    person(engine, "grace@example.com")
    with pytest.raises(WorkspaceCapReached) as refused:
        add_operator(engine, email="grace@example.com", actor="test")
    assert (refused.value.facts["cap"], refused.value.facts["limit"]) == ("seats", 1)
    buy(engine, "workspace_pro")
    assert plan_of(engine) == "Pro"
    assert add_operator(engine, email="grace@example.com", actor="test").email == "grace@example.com"


def test_no_more_applications_are_registered_than_the_plan_allows(engine):
    for number in range(3):
        register_application(engine, name=f"Application {number}", kind="web", redirect_uris=["https://a.example.com/"])
    with pytest.raises(WorkspaceCapReached):
        register_application(engine, name="One more", kind="web", redirect_uris=["https://a.example.com/"])
    buy(engine, "workspace_scale_yearly")
    register_application(engine, name="One more", kind="web", redirect_uris=["https://a.example.com/"])


def test_a_cancellation_keeps_what_is_paid_until_the_period_ends(engine):
    agreement = buy(engine, "workspace_pro")
    cancel_agreement(engine, agreement_id=agreement.id, timing="period_end")
    advance(engine, days=20)
    run_due(engine)
    assert plan_of(engine) == "Pro"
    advance(engine, days=20)
    run_due(engine)
    assert plan_of(engine) == "Hobby"


def test_a_larger_plan_costs_only_the_rest_of_the_period_and_counts_at_once(engine):
    buy(engine, "workspace_pro")
    advance(engine, days=14)
    subscribe(engine, customer_id=payer_id(engine), plan_key="workspace_scale")
    customer_id = payer_id(engine)
    with engine.read() as tx:
        lines = [line.amount.minor for line in tx.invoices.newest_of(customer_id, limit=1)[0].lines]
    assert plan_of(engine) == "Scale"
    assert (sum(lines) < 25_000, any(amount < 0 for amount in lines)) == (True, True)


def test_a_payment_that_fails_leaves_seven_days_and_then_hobby(engine):
    buy(engine, "workspace_pro")
    add_card(engine, customer_id=payer_id(engine), card=card(DECLINED_WHEN_CHARGED))
    advance(engine, days=31)
    run_due(engine)
    advance(engine, days=6)
    run_due(engine)
    assert plan_of(engine) == "Pro"
    advance(engine, days=2)
    run_due(engine)
    assert plan_of(engine) == "Hobby"


def signed_in(engine: Engine, count: int, *, at: datetime | None = None) -> None:
    """Have so many people been here, by the day after their sign-up."""
    with engine.begin() as tx:
        for number in range(count):
            user = new_user(email=f"user-{number}@example.com", at=NOON)
            add_user(tx, user)
            note_active(tx, engine.settings, user.id, at=at or engine.now() + timedelta(days=1))


def month_in(engine: Engine, month: str):
    with engine.read() as tx:
        return tx.usage_months.find(month)


def gathering(engine: Engine) -> list[tuple[str, int]]:
    customer_id = payer_id(engine)
    with engine.read() as tx:
        found = tx.invoices.find_gathering(customer_id, "USD")
    return [] if found is None else [(line.description, line.amount.minor) for line in found.lines]


@pytest.fixture
def small_plans(monkeypatch):
    """Plans that few people exceed."""
    caps = {**BY_KEY["workspace_pro"].caps, "monthly_active_users": 2}
    few = replace(BY_KEY["workspace_pro"], caps=caps, extra_user_minor=150)
    monkeypatch.setattr(workspace_caps, "BY_KEY", {**BY_KEY, "workspace_pro": few})


def test_active_users_above_the_plan_are_charged_once_a_day_after_the_month(engine, small_plans):
    buy(engine, "workspace_pro")
    advance(engine, days=1)  # the first of February
    signed_in(engine, 5)
    for _ in range(3):
        advance(engine, hours=6)
        count_active_users(engine)
    assert (month_in(engine, "2026-02").active_users, gathering(engine)) == (5, [])
    advance(engine, days=27)
    count_active_users(engine)
    assert month_in(engine, "2026-02").closed_at is None
    advance(engine, days=1)
    for _ in range(2):
        count_active_users(engine)
    closed = month_in(engine, "2026-02")
    assert (closed.overage_users, closed.closed_at) == (3, engine.now())
    assert gathering(engine) == [("3 monthly active users above 2, 2026-02", 450)]
    advance(engine, days=30)
    run_due(engine)
    customer_id = payer_id(engine)
    with engine.read() as tx:
        issued = tx.invoices.newest_of(customer_id, limit=9)
    assert [one.amount.minor for one in issued if one.status == "paid"].count(2_500 + 450) == 1
    assert gathering(engine) == []


def test_users_are_counted_every_six_hours_and_once_each(engine):
    count_active_users(engine)
    assert month_in(engine, "2026-01").active_users == 0
    with engine.begin() as tx:
        ada = tx.users.find_by_email("ada@example.com")
        for hours in (0, 5):
            note_active(tx, engine.settings, ada.id, at=ada.created_at + timedelta(days=1, hours=hours))
        note_active(tx, engine.settings, ada.id, at=ada.created_at + timedelta(hours=11))
    advance(engine, days=1)
    count_active_users(engine)
    assert (month_in(engine, "2026-01").active_users, month_in(engine, "2026-02").active_users) == (0, 1)
    signed_in(engine, 1, at=engine.now() + timedelta(days=1))
    advance(engine, hours=5)
    count_active_users(engine)
    assert month_in(engine, "2026-02").active_users == 1
    advance(engine, hours=1)
    count_active_users(engine)
    assert month_in(engine, "2026-02").active_users == 2


def test_on_a_free_plan_users_above_the_limit_are_let_in_and_cost_nothing(engine, monkeypatch):
    monkeypatch.setattr(workspace_caps, "HOBBY", replace(HOBBY, caps={**HOBBY.caps, "monthly_active_users": 1}))
    monkeypatch.setattr(workspace_caps, "BY_KEY", {})
    advance(engine, days=1)
    signed_in(engine, 3)
    count_active_users(engine)
    advance(engine, days=30)
    count_active_users(engine)
    assert (month_in(engine, "2026-02").overage_users, gathering(engine)) == (2, [])


def test_billing_is_not_disabled_while_the_workspace_itself_pays(engine):
    buy(engine, "workspace_pro")
    with pytest.raises(BillingInUse):
        disable_billing(engine, actor="test")


def test_only_an_operator_opens_it_and_only_where_there_are_plans(engine, memory_engine):
    with pytest.raises(Forbidden):
        open_workspace_plan(engine, user_id=person(engine, "grace@example.com"))
    ada = person(memory_engine)
    add_operator(memory_engine, email="ada@example.com", actor="test")
    with pytest.raises(Conflict):
        open_workspace_plan(memory_engine, user_id=ada)
