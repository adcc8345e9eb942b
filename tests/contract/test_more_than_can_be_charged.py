"""Usage that comes to more than any amount can be: it is not billed, and it binds nobody for ever."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import ClockStopped
from billing_sdk.server.domain.catalog import Entitlement, Plan, PlanVersion, Rate
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import invoices_of, live, stored
from tests.engines import IN_MEMORY, NOON, card, engine_on, person


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def clock(engine):
    return create_clock(engine, at=NOON)


@pytest.fixture
def customer(engine, clock):
    made = become_customer(
        engine, user_id=person(engine, "bo@example.com"), billing_email="bo@example.com", clock_id=clock.id
    )
    add_card(engine, customer_id=made.id, card=card())
    return made


@pytest.fixture
def agreement(engine, customer):
    """Return an agreement under which more was used than can be charged."""
    dear = Rate("rate_dear", "ai_tokens", "AI tokens", "USD", Terms(PerUnit(Decimal(10**14))))
    included = Entitlement("included_dear", "ai_tokens", "AI tokens")
    version = PlanVersion("version_dear", "dear", 1, "USD", (dear, included), NOON)
    with engine.begin() as tx:
        group = tx.catalog.get_plan("pro_monthly").group
        tx.catalog.add_plan(Plan.draft(version, name="Dear", group=group).selling(version))
    made = subscribe(engine, customer_id=customer.id, plan_key="dear")
    record_usage(engine, agreement_id=made.id, feature_key="ai_tokens", value=str(10**9))
    return made


def test_cancelling_forgives_what_can_not_be_charged_and_the_clock_goes_on(engine, clock, customer, agreement):
    with pytest.raises(ClockStopped, match="InvalidAmount"):
        advance_clock(engine, clock.id, by=timedelta(days=40))

    ended = cancel_agreement(engine, agreement_id=agreement.id)

    assert (ended.status, invoices_of(engine, customer)) == ("cancelled", [])
    assert advance_clock(engine, clock.id).frozen_at == NOON + timedelta(days=40)
    with engine.read() as tx:
        (forgiven,) = [one for one in tx.audit.of(agreement.id) if one["action"] == "agreement.forgive"]
    assert forgiven["actor"] == "user"


def test_a_planned_cancellation_forgives_it_as_well(engine, clock, customer, agreement):
    cancel_agreement(engine, agreement_id=agreement.id, timing="period_end", is_invoice_now=True)

    advance_clock(engine, clock.id, by=timedelta(days=40))

    assert (stored(engine, agreement).status, live(engine, customer)) == ("cancelled", None)
