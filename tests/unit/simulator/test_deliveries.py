"""What goes wrong with webhooks when it is asked for, and what is done about those that nobody took."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.testing.stripe.clock import SimulatorClock
from billing_sdk.testing.stripe.ids import Ids
from billing_sdk.testing.stripe.state import Space, State
from billing_sdk.testing.stripe.webhooks import Webhooks
from tests.engines import NOON

SECRET = "whsec_of_the_endpoint"


@pytest.fixture
def world() -> tuple[Webhooks, State, Space]:
    state = State(SimulatorClock(NOON), Ids("deliveries"), "acct_1")
    space = state.space("acct_1")
    space.put(
        "webhook_endpoint",
        {
            "id": "we_1",
            "url": "http://127.0.0.1:9/",
            "enabled_events": ["*"],
            "status": "enabled",
            "_secret": SECRET,
            "_is_connect": False,
        },
    )
    return Webhooks(), state, space


def happen(world: tuple[Webhooks, State, Space], count: int = 6) -> None:
    webhooks, state, space = world
    for number in range(count):
        event = {"id": f"evt_{number}", "type": "invoice.paid", "created": state.clock.seconds()}
        webhooks.queue(state, space, event)


def order(world: tuple[Webhooks, State, Space]) -> list[str]:
    webhooks, state, _ = world
    return [each.event["id"] for each in webhooks.take_due(state.clock.seconds())]


def test_deliveries_come_once_and_in_order_unless_something_else_is_asked_for(world):
    happen(world)
    assert order(world) == [f"evt_{number}" for number in range(6)]
    assert order(world) == []


def test_deliveries_come_twice_in_an_order_that_the_seed_decides(world):
    webhooks, _, _ = world
    webhooks.duplicate()
    orders = []
    for seed in ("a", "a", "b"):
        webhooks.reorder(seed)
        happen(world)
        orders.append(order(world))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted([f"evt_{number}" for number in range(6)] * 2)


def test_late_deliveries_wait_until_their_day_has_passed(world):
    webhooks, state, _ = world
    webhooks.delay(days=1)
    happen(world)
    assert order(world) == []
    state.clock.put_forward(timedelta(days=1))
    assert len(order(world)) == 6


@pytest.mark.parametrize(("fraction", "least", "most"), [(0, 200, 200), (0.5, 60, 140), (1, 0, 0)])
def test_a_part_of_the_deliveries_never_comes(world, fraction, least, most):
    webhooks, _, _ = world
    webhooks.drop(fraction)
    happen(world, 200)
    assert least <= len(order(world)) <= most


def test_a_delivery_that_nobody_takes_is_tried_three_times_more(world):
    webhooks, state, _ = world
    happen(world, 1)
    for _ in range(10):
        for delivery in webhooks.take_due(state.clock.seconds()):
            webhooks.attempt(delivery, state.clock.seconds(), lambda *_: 500)
        state.clock.put_forward(timedelta(days=1))
    [given_up] = webhooks.done
    assert given_up.statuses == [500] * 4
