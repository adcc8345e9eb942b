"""The ends of the calendar: no test clock stands where a period could reach beyond them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.errors import ClockOutOfRange
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from tests.engines import IN_MEMORY, engine_on, person

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.mark.parametrize("year", [1, 1969, 2200, 9999])
def test_a_clock_is_not_put_near_the_ends_of_the_calendar(engine, year):
    with pytest.raises(ClockOutOfRange):
        create_clock(engine, at=datetime(year, 12, 31, tzinfo=UTC))


def test_a_clock_does_not_go_where_it_could_not_have_been_put(engine):
    clock = create_clock(engine, at=LAST - timedelta(days=1))

    with pytest.raises(ClockOutOfRange):
        advance_clock(engine, clock.id, by=timedelta(days=2))

    assert advance_clock(engine, clock.id, to=LAST).frozen_at == LAST


@pytest.mark.parametrize("at", [FIRST, LAST])
def test_wherever_a_clock_may_stand_somebody_can_agree_to_a_plan(engine, at):
    update_billing_settings(engine, zone="America/New_York", alignment="calendar")
    clock = create_clock(engine, at=at)
    customer = become_customer(
        engine, user_id=person(engine, "bo@example.com"), billing_email="bo@example.com", clock_id=clock.id
    )

    agreement = subscribe(engine, customer_id=customer.id, plan_key="starter")

    assert agreement.billed_until > at
