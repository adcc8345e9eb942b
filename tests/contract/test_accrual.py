"""Usage that no invoice has is accrued at the ends of months, where there is any, and taken back by its invoice."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.collection import BillingProfile
from billing_sdk.server.domain.ledger import revenue_tables
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, NOON, advance, card, engine_on, payer

FEBRUARY = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        for key in ("calls", "files"):
            add_feature(opened, key=key, name=key, feature_type="metered", unit_name="unit")
        rate = Rate("rate_calls", "calls", "Calls", "USD", Terms(PerUnit(Decimal(1))))
        content = VersionContent((rate, Entitlement("included_files", "files", "files")), cadence=Cadence("month"))
        create_plan(opened, key="metered", name="Metered", content=content)
        publish_plan(opened, plan_key="metered")
        yield opened


def metered(engine, email="ada@example.com"):
    """Return the agreement of a new customer; its periods begin at noon of the last day of a month."""
    return subscribe(engine, customer_id=payer(engine, email).id, plan_key="metered")


def use(engine, agreement, calls, feature="calls"):
    record_usage(engine, agreement_id=agreement.id, feature_key=feature, value=str(calls))


def booked(engine, agreement):
    """Return what was booked of usage: kind, day, and the change of revenue."""
    with engine.read() as tx:
        entries = tx.ledger.of_customer(agreement.customer_id)
    return [(entry.kind, str(entry.on), -entry.amount_of("revenue")) for entry in entries if entry.amount_of("revenue")]


def timer_of(engine, agreement):
    with engine.read() as tx:
        found = tx.timers.find("accrue", agreement.id)
    return None if found is None else found.due_at


def later(engine, at):
    advance(engine, seconds=(at - engine.now()).total_seconds())
    run_due(engine)


def test_only_usage_that_costs_something_is_accrued_and_once_a_month(engine):
    agreement = metered(engine)
    use(engine, agreement, 5, feature="files")
    assert timer_of(engine, agreement) is None

    use(engine, agreement, 5)
    use(engine, agreement, 6)

    assert timer_of(engine, agreement) == FEBRUARY
    later(engine, FEBRUARY)
    assert booked(engine, agreement) == [("accrual", "2026-01-31", 11)]
    later(engine, NOON + timedelta(days=28))
    assert booked(engine, agreement)[1:] == [("reversal", "2026-02-28", -11), ("issue", "2026-02-28", 11)]
    later(engine, datetime(2026, 3, 1, tzinfo=UTC))
    # Nothing is accrued any more, and nothing was used since.
    assert timer_of(engine, agreement) is None


def test_what_is_used_while_a_server_is_down_over_the_end_of_a_month_counts_to_the_next(engine):
    agreement = metered(engine)
    use(engine, agreement, 5)
    advance(engine, days=3)
    use(engine, agreement, 100)
    run_due(engine)

    assert booked(engine, agreement) == [("accrual", "2026-01-31", 5)]


def test_a_renewal_at_the_very_end_of_a_month_closes_the_month_by_itself(engine):
    advance(engine, hours=12)
    agreement = metered(engine)
    advance(engine, days=10)
    use(engine, agreement, 7)
    assert timer_of(engine, agreement) is None

    later(engine, datetime(2026, 3, 1, tzinfo=UTC))

    assert booked(engine, agreement) == [
        ("accrual", "2026-02-28", 7),
        ("reversal", "2026-03-01", -7),
        ("issue", "2026-03-01", 7),
    ]


def test_usage_of_an_invoice_that_waits_stays_accrued_until_it_is_issued(engine):
    slow = BillingProfile("profile_1", "Slow", NOON, is_default=True, wait_before_sending=Duration(days=3))
    with engine.begin() as tx:
        tx.billing_profiles.add(slow)
    advance(engine, hours=12)
    agreement = metered(engine)
    use(engine, agreement, 7)
    assert timer_of(engine, agreement) == datetime(2026, 3, 1, tzinfo=UTC)

    later(engine, datetime(2026, 3, 1, 1, tzinfo=UTC))
    assert booked(engine, agreement) == [("accrual", "2026-02-28", 7)]
    later(engine, datetime(2026, 3, 5, tzinfo=UTC))
    assert [kind for kind, _, _ in booked(engine, agreement)] == ["accrual", "reversal", "issue"]
    with engine.read() as tx:
        assert tx.ledger.find_accrued(agreement.id) is None


def test_fees_of_invoices_that_wait_are_earned_month_by_month(engine):
    slow = BillingProfile("profile_1", "Slow", NOON, is_default=True, wait_before_sending=Duration(days=70))
    with engine.begin() as tx:
        tx.billing_profiles.add(slow)
    fee = LicenceFee("fee_base", "base", "Base", "USD", Terms(Flat(Decimal(3_000))))
    create_plan(engine, key="flat", name="Flat", content=VersionContent((fee,), cadence=Cadence("month")))
    publish_plan(engine, plan_key="flat")
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="flat")

    for day in (FEBRUARY, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)):
        later(engine, day)
    assert timer_of(engine, agreement) == datetime(2026, 5, 1, tzinfo=UTC)
    later(engine, datetime(2026, 5, 20, tzinfo=UTC))

    earned = Counter()
    for _, day, minor in booked(engine, agreement):
        earned[day[:7]] += minor
    # The invoice that is issued in May takes back what it has, and not what two others have that wait still.
    assert earned == {"2026-01": 54, "2026-02": 2_946 + 48, "2026-03": 2_952 + 50, "2026-04": 2_950 + 48, "2026-05": 0}
    with engine.read() as tx:
        assert tx.ledger.find_accrued(agreement.id).minor == 3_000 + 48


def test_what_an_end_forgives_is_taken_back_when_the_month_is_over(engine):
    agreement = metered(engine)
    use(engine, agreement, 5)
    later(engine, FEBRUARY)
    cancel_agreement(engine, agreement_id=agreement.id, timing="now")

    later(engine, datetime(2026, 3, 1, tzinfo=UTC))

    assert booked(engine, agreement) == [("accrual", "2026-01-31", 5), ("accrual", "2026-02-28", -5)]
    assert timer_of(engine, agreement) is None


def test_many_are_accrued_together_as_they_would_be_one_by_one(engine):
    agreements = [metered(engine, f"ada{number}@example.com") for number in range(3)]
    for number, agreement in enumerate(agreements, start=1):
        use(engine, agreement, number)

    later(engine, FEBRUARY)

    assert [booked(engine, agreement) for agreement in agreements] == [
        [("accrual", "2026-01-31", number)] for number in (1, 2, 3)
    ]
    assert [timer_of(engine, agreement) for agreement in agreements] == [datetime(2026, 3, 1, tzinfo=UTC)] * 3


def test_fees_of_months_that_are_billed_after_a_quarter_are_earned_month_by_month(engine):
    fee = LicenceFee("fee_base", "base", "Base", "USD", Terms(Flat(Decimal(3_000))), service=Cadence("month"))
    create_plan(engine, key="by_month", name="By month", content=VersionContent((fee,), cadence=Cadence("month", 3)))
    publish_plan(engine, plan_key="by_month")
    advance(engine, hours=12)
    agreement = subscribe(engine, customer_id=payer(engine).id, plan_key="by_month")

    later(engine, datetime(2026, 5, 1, tzinfo=UTC))

    with engine.read() as tx:
        (table,) = revenue_tables(tx.ledger.sums_by_month(customer_id=agreement.customer_id))
    assert table.months == tuple((2026, month) for month in range(2, 6))
    assert table.row("revenue").changes_minor == (3_000, 3_000, 3_000, 3_000)
    assert table.row("unbilled_receivable").changes_minor == (0, 3_000, 3_000, -6_000)
    assert table.row("cash").changes_minor == (3_000, 0, 0, 9_000)
    assert timer_of(engine, agreement) == datetime(2026, 6, 1, tzinfo=UTC)


def test_fees_of_whoever_has_no_card_yet_are_earned_month_by_month_and_billed_when_there_is_one(engine):
    customer = payer(engine, number=None)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    later(engine, FEBRUARY + timedelta(hours=1))
    # Half a day of 28 of 29.00.
    assert booked(engine, agreement) == [("accrual", "2026-01-31", 52)]

    add_card(engine, customer_id=customer.id, card=card())
    with engine.read() as tx:
        [owed] = changes_unpaid(tx, customer, at=engine.now())
    collect_pending(engine, customer_id=customer.id, terms=owed.terms)

    assert booked(engine, agreement)[1:] == [
        ("reversal", "2026-02-01", -52),
        ("issue", "2026-02-01", 52),
        ("recognition", "2026-02-28", 2_848),
    ]


def test_fees_that_nobody_is_ever_billed_for_are_taken_back(engine):
    agreement = assign_plan(engine, customer_id=payer(engine, number=None).id, plan_key="pro_monthly")
    later(engine, FEBRUARY)
    cancel_agreement(engine, agreement_id=agreement.id, timing="now")

    later(engine, datetime(2026, 3, 1, tzinfo=UTC))

    assert booked(engine, agreement) == [("accrual", "2026-01-31", 52), ("accrual", "2026-02-28", -52)]
