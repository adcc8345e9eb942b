"""Stripe documentation, "How advanced usage-based billing works", Revenue Recognition, Example.

A customer uses 40, 35 and 25 USD worth of API calls in January, February and March, is invoiced for 100 USD in April,
and pays in May.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import Rate, VersionContent
from billing_sdk.server.domain.ledger import revenue_tables, trial_balances
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, card, engine_on, person

CALLS = "api_calls"
# At a cent each: 40, 35 and 25 USD.
USED = ((1, "4000"), (2, "3500"), (3, "2500"))

# The published table, in dollars: January to May 2025, and the total.
PUBLISHED = {
    "revenue": (40, 35, 25, 0, 0, 100),
    "unbilled_receivable": (40, 35, 25, -100, 0, 0),
    "receivable": (0, 0, 0, 100, -100, 0),
    "cash": (0, 0, 0, 0, 100, 100),
}


def noon(month: int, day: int) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def sell_calls(engine) -> None:
    """Publish a plan that bills API calls of each month once a quarter."""
    add_feature(engine, key=CALLS, name="API calls", feature_type="metered", unit_name="call")
    rate = Rate("rate_calls", CALLS, "API calls", "USD", Terms(PerUnit(Decimal(1))), service=Cadence("month"))
    content = VersionContent((rate,), cadence=Cadence("month", 3))
    create_plan(engine, key="calls", name="Calls", content=content)
    publish_plan(engine, plan_key="calls")


@pytest.fixture(scope="module")
def story():
    """The engine after all of it has happened, with the customer and the clock."""
    with engine_on(IN_MEMORY) as engine:
        sell_calls(engine)
        clock = create_clock(engine, at=datetime(2025, 1, 1, tzinfo=UTC))
        user = person(engine)
        customer = become_customer(engine, user_id=user, billing_email="ada@example.com", clock_id=clock.id)
        add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
        agreement = subscribe(engine, customer_id=customer.id, plan_key="calls")
        for month, calls in USED:
            advance_clock(engine, clock.id, to=noon(month, 20))
            record_usage(engine, agreement_id=agreement.id, feature_key=CALLS, value=calls)
        advance_clock(engine, clock.id, to=noon(5, 10))
        add_card(engine, customer_id=customer.id, card=card())
        with engine.read() as tx:
            owed = changes_unpaid(tx, customer, at=noon(5, 10))
        for change in owed:
            collect_pending(engine, customer_id=customer.id, terms=change.terms)
        yield engine, customer


def test_the_table_of_january_to_may_comes_out_to_the_cent(story):
    engine, _ = story
    with engine.read() as tx:
        (table,) = revenue_tables(tx.ledger.sums_by_month())

    assert (table.currency, table.months) == ("USD", tuple((2025, month) for month in range(1, 6)))
    assert {row.account: (*row.changes_minor, row.total_minor) for row in table.rows} == {
        account: tuple(dollars * 100 for dollars in row) for account, row in PUBLISHED.items()
    }


def test_accrual_reversal_rebooking_and_payment_are_entries_of_their_own(story):
    engine, customer = story
    with engine.read() as tx:
        entries = tx.ledger.of_customer(customer.id)

    assert [(entry.kind, str(entry.on), entry.amount_of("revenue")) for entry in entries] == [
        ("accrual", "2025-01-31", -4_000),
        ("accrual", "2025-02-28", -3_500),
        ("accrual", "2025-03-31", -2_500),
        ("reversal", "2025-04-01", 10_000),
        ("issue", "2025-04-01", -10_000),
        ("payment", "2025-05-10", 0),
    ]


def test_in_the_end_the_customer_has_paid_what_was_earned(story):
    engine, _ = story
    with engine.read() as tx:
        (balance,) = trial_balances(tx.ledger.sums_by_month())

    assert balance.debits_minor == (("cash", 10_000),)
    assert balance.credits_minor == (("revenue", 10_000),)
