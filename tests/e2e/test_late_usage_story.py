"""Usage that comes late, on a test clock: on its invoice while that waits, an adjustment after that, to the cent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.errors import LimitReached
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.domain.rating import Graduated, PerUnit, Tier
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_user import create_user
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.late import TOKENS, charged, notes_of, rated_of, sell_by_use, use
from tests.engines import IN_MEMORY, card, engine_on

BEGIN = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
FEBRUARY, MARCH = datetime(2027, 2, 28, 9, 30, tzinfo=UTC), datetime(2027, 3, 31, 9, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Ten cents each up to a hundred, a third of a cent beyond.
PRICE = Graduated((Tier(Decimal(100), Decimal(10)), Tier(None, Decimal("0.333"))))


class Story:
    """A customer on a clock of its own, whose invoices wait two days for late usage."""

    def __init__(self, engine, *, wait="P2D", **plan):
        self.engine = engine
        self.clock = create_clock(engine, at=BEGIN)
        with engine.begin() as tx:
            profile = BillingProfile("profile_1", "Patient", BEGIN, wait_for_late_usage=Duration.parse(wait))
            tx.billing_profiles.add(profile)
            tx.billing_profiles.make_default(profile.id)
        user = create_user(engine, email="ada@example.com")
        self.customer = become_customer(
            engine, user_id=user.id, billing_email="ada@example.com", clock_id=self.clock.id
        )
        add_card(engine, customer_id=self.customer.id, card=card())
        sell_by_use(engine, price=plan.pop("price", PRICE), **plan)
        self.agreement = subscribe(engine, customer_id=self.customer.id, plan_key="metered")

    def go(self, to):
        advance_clock(self.engine, self.clock.id, to=to)

    def use(self, units, at=None, **options):
        return use(self.engine, self.agreement, units, at, **options)

    @property
    def bills(self):
        return charged(self.engine, self.customer)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def test_usage_that_comes_while_its_invoice_waits_is_on_it_and_what_comes_later_is_adjusted(engine):
    story = Story(engine, flat=500)
    story.go(BEGIN + 10 * DAY)
    story.use(90)
    story.go(FEBRUARY + HOUR)
    assert story.bills == [("change", [500])]

    story.use(40, FEBRUARY - HOUR)
    story.go(FEBRUARY + 2 * DAY)
    assert story.bills[1:] == [("renewal", [500, 1_010])]  # 1,000 + 30 x 0.333 = 1,009.99

    story.use(1, FEBRUARY - HOUR)
    story.go(FEBRUARY + 4 * DAY)
    story.use(2, FEBRUARY - HOUR)
    story.go(FEBRUARY + 6 * DAY)
    # 1,000 + 33 x 0.333 = 1,010.989: of 1,011 cents 1,010 were billed, and the first late one adds none.
    assert story.bills[2:] == [("adjustment", [1])]
    (one, *_) = rated_of(engine, story.agreement)
    assert (one.billed.minor, one.quantity, one.is_dirty) == (1_011, 133, False)


def test_usage_at_the_very_instant_of_a_billing_date_belongs_to_the_next_period(engine):
    story = Story(engine, price=PerUnit(Decimal(1)))
    story.go(FEBRUARY + HOUR)
    story.use(7, FEBRUARY)
    story.use(5, FEBRUARY - timedelta(microseconds=1))
    story.go(MARCH + 3 * DAY)

    assert story.bills == [("adjustment", [5]), ("renewal", [7])]


def test_a_total_that_is_corrected_while_the_invoice_waits_is_what_it_says(engine):
    story = Story(engine, price=PerUnit(Decimal(1)))
    story.use(300)
    story.go(FEBRUARY + HOUR)
    story.use(120, FEBRUARY - HOUR, kind="absolute")
    story.go(FEBRUARY + 3 * DAY)

    assert story.bills == [("renewal", [120])]
    assert notes_of(engine, story.customer) == []


def test_late_usage_of_months_ago_is_billed_by_the_prices_of_then(engine):
    story = Story(engine, wait="PT0S", price=PerUnit(Decimal(1)), discount_units=Decimal(50))
    story.go(FEBRUARY + HOUR)
    story.go(MARCH + HOUR)
    story.use(80, BEGIN + DAY)
    story.use(30, FEBRUARY + DAY)
    story.go(MARCH + 2 * DAY)

    assert story.bills == [("adjustment", [30])]


def test_limits_count_what_was_used_in_the_present_period_only(engine):
    story = Story(engine, limit=10)
    story.go(FEBRUARY + DAY)
    story.use(9, FEBRUARY - HOUR)

    reserve_usage(engine, feature_key=TOKENS, units="10", agreement_id=story.agreement.id)
    with pytest.raises(LimitReached):
        reserve_usage(engine, feature_key=TOKENS, units="1", agreement_id=story.agreement.id)


def test_a_report_of_late_usage_that_is_sent_again_is_billed_once(engine):
    story = Story(engine, price=PerUnit(Decimal(1)))
    story.use(1)
    story.go(FEBRUARY + 3 * DAY)
    for _ in range(2):
        story.use(5, FEBRUARY - HOUR, idempotency_key="once")
    story.go(FEBRUARY + 5 * DAY)

    assert story.bills == [("renewal", [1]), ("adjustment", [5])]


def test_late_usage_by_model_is_billed_by_the_price_of_each(engine):
    story = Story(engine, price=PerUnit(Decimal(2)))
    record_usage(engine, agreement_id=story.agreement.id, feature_key=TOKENS, value="5", dimensions={"model": "large"})
    story.go(FEBRUARY + 3 * DAY)
    record_usage(
        engine,
        agreement_id=story.agreement.id,
        feature_key=TOKENS,
        value="4",
        used_at=FEBRUARY - HOUR,
        dimensions={"model": "small"},
    )
    story.go(FEBRUARY + 5 * DAY)

    assert story.bills == [("renewal", [10]), ("adjustment", [8])]
