"""A story at the Konnect door on a test clock: customer, feature, a plan with phases, usage, invoices, another plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.choose_sign_up_clock import choose_sign_up_clock
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.record_usage import record_usage
from tests.contract.konnect.door import door_of, fee, metered, phase, sold, usage, with_card

BEGIN = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FEBRUARY, MARCH, APRIL = (datetime(2027, month, day, 9, 30, tzinfo=UTC) for month, day in ((2, 28), (3, 31), (4, 30)))


class Story:
    """A customer of the door who lives by a test clock."""

    def __init__(self, door):
        self.door = door
        self.clock = create_clock(door.engine, at=BEGIN)
        choose_sign_up_clock(door.engine, self.clock.id)
        self.customer_id = id_from_ulid("customer", with_card(door)["id"])

    def go(self, to):
        advance_clock(self.door.engine, self.clock.id, to=to)

    def subscribe(self, plan_key, **more):
        asked = {"customer": {"key": "acme"}, "plan": {"key": plan_key}, **more}
        return self.door.made("/subscriptions", asked)

    def use(self, subscription, quantity):
        record_usage(
            self.door.engine,
            agreement_id=id_from_ulid("agreement", subscription["id"]),
            feature_key="api_calls",
            value=quantity,
        )

    @property
    def bills(self):
        with self.door.engine.read() as tx:
            found = tx.invoices.newest_of(self.customer_id, limit=100)[::-1]
        return [(str(one.amount), [line.amount.minor for line in one.lines]) for one in found]

    def status(self, subscription):
        return self.door.got(f"/subscriptions/{subscription['id']}")["status"]


@pytest.fixture
def story(memory_engine):
    with door_of(memory_engine) as door:
        yield Story(door)


def test_a_plan_with_a_trial_phase_fees_and_usage_from_the_first_day_to_the_last(story):
    feature_id = metered(story.door.engine)
    tiers = [
        {"up_to_amount": "100", "unit_price": {"type": "unit", "amount": "0"}},
        {"unit_price": {"type": "unit", "amount": "0.02"}},
    ]
    sold(
        story.door,
        "pro",
        phase(usage(feature_id, "0"), key="trial", name="Trial", duration="P1M"),
        phase(
            fee("29.00"),
            fee("10.00", key="support", name="Support", payment_term="in_arrears"),
            {"key": "setup", "name": "Set-up", "price": {"type": "flat", "amount": "99.00"}},
            usage(feature_id, price={"type": "graduated", "tiers": tiers}),
        ),
    )
    subscription = story.subscribe("pro")
    assert story.bills == []
    story.use(subscription, "5000")

    story.go(FEBRUARY + HOUR)
    # The trial is over: the fee in advance, and the set-up, which is charged once.
    assert story.bills == [("128.00 USD", [2_900, 9_900])]
    story.use(subscription, "350")

    story.go(MARCH + HOUR)
    # The next month in advance, support in arrears, and 250 of 350 calls at two cents.
    assert story.bills[1:] == [("44.00 USD", [2_900, 1_000, 500])]
    story.use(subscription, "150")

    story.go(MARCH + 15 * DAY)
    path = f"/subscriptions/{subscription['id']}/cancel"
    assert story.door.made(path, {"timing": "immediate"}, status=200)["status"] == "inactive"
    # Half of the month of 30 days: support so far, and what was used; the rest of the fee is given back.
    (last, lines) = story.bills[-1]
    assert lines[:2] == [500, 100]
    assert (sum(lines), last) == (0, "0.00 USD")


def test_another_plan_from_the_next_billing_cycle_on_has_its_id_from_the_start(story):
    sold(story.door, "pro", phase(fee("29.00")))
    sold(story.door, "best", phase(fee("99.00")))
    first = story.subscribe("pro")
    asked = {"customer": {"key": "acme"}, "plan": {"key": "best"}, "timing": "next_billing_cycle"}
    told = story.door.made(f"/subscriptions/{first['id']}/change", asked, status=200)
    following = told["next"]
    assert [story.status(one) for one in (first, following)] == ["canceled", "scheduled"]

    story.go(FEBRUARY + HOUR)
    assert [story.status(one) for one in (first, following)] == ["inactive", "active"]
    shown = story.door.got(f"/subscriptions/{following['id']}")
    assert (shown["plan_id"], shown["billing_anchor"]) == (following["plan_id"], first["billing_anchor"])
    assert [total for total, _ in story.bills] == ["29.00 USD", "99.00 USD"]

    story.door.made(f"/subscriptions/{following['id']}/cancel", {"timing": "next_billing_cycle"}, status=200)
    story.go(APRIL)
    assert story.status(following) == "inactive"
    assert [total for total, _ in story.bills] == ["29.00 USD", "99.00 USD"]
