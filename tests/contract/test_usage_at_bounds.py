"""What is used at the very instant at which something ends is billed once: by what has the feature from then on, else
by what ends. So it stays when more comes late, and when something begins at that same instant afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import AgreementNotLive
from billing_sdk.server.domain.metering import Tenure, turns_of
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import decide, sell
from tests.contract.late import charged, notes_of, sell_by_use, use
from tests.contract.test_add_ons import add, add_on, remove
from tests.contract.usage_events import report
from tests.engines import NOON, advance, payer

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
BILLED_NOW = ChangeOptions(is_invoice_now=True)


@pytest.fixture
def customer(memory_engine):
    decide(memory_engine, unpaid_usage="charge")
    for key in ("metered", "better"):
        sell_by_use(memory_engine, key)
    return payer(memory_engine)


@pytest.fixture
def agreement(memory_engine, customer):
    """It is five days old, and its customer has used 100 by an event of this instant."""
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="metered")
    advance(memory_engine, days=5)
    tell(memory_engine, customer, 100)
    return agreement


def tell(engine, customer, value, at=None, **event):
    report(engine, customer.id, value, at or engine.now(), id=f"{value}", **event)
    follow_usage(engine)


def end(engine, agreement):
    cancel_agreement(engine, agreement_id=agreement.id, is_invoice_now=True)


def after(engine, days):
    advance(engine, days=days)
    run_due(engine)


def billed(engine, customer):
    """Return how much was billed, less what was credited."""
    amounts = [amount for _, amounts in charged(engine, customer) for amount in amounts]
    return sum(amounts) - sum(sum(lines.values()) for _, _, lines in notes_of(engine, customer))


def used(engine, *agreements, feature="ai_tokens"):
    with engine.read() as tx:
        return [tx.usage.total(one.id, feature, Period(NOON, NOON + 60 * DAY)) for one in agreements]


@pytest.mark.parametrize("is_late", [False, True])
def test_a_change_of_plan_leaves_what_is_used_at_its_instant_to_the_new_plan(
    memory_engine, customer, agreement, is_late
):
    tell(memory_engine, customer, 10, NOON + 5 * DAY - TICK)
    better = subscribe(memory_engine, customer_id=customer.id, plan_key="better", options=BILLED_NOW)
    assert charged(memory_engine, customer) == [("change", [10])]
    if is_late:
        after(memory_engine, 1)
        tell(memory_engine, customer, 7, NOON + 5 * DAY)
        tell(memory_engine, customer, 1, NOON + 4 * DAY)
    after(memory_engine, 30)

    late = [("adjustment", [1])] if is_late else []
    assert charged(memory_engine, customer) == [("change", [10]), *late, ("renewal", [107 if is_late else 100])]
    assert notes_of(memory_engine, customer) == []
    assert used(memory_engine, agreement, better) == ([11, 107] if is_late else [10, 100])


def test_a_plan_without_the_feature_leaves_what_is_used_at_its_begin_to_the_old_one(memory_engine, customer, agreement):
    sell(memory_engine, "seats", flat=2_000)
    subscribe(memory_engine, customer_id=customer.id, plan_key="seats", options=BILLED_NOW)
    after(memory_engine, 3)

    assert charged(memory_engine, customer) == [("change", [2_000, 100])]
    assert used(memory_engine, agreement) == [100]


def test_what_is_used_at_the_instant_of_the_end_is_billed_and_stays_so_when_more_comes_late(
    memory_engine, customer, agreement
):
    use(memory_engine, agreement, 3)
    end(memory_engine, agreement)
    assert charged(memory_engine, customer) == [("end", [103])]
    after(memory_engine, 1)
    tell(memory_engine, customer, 7, NOON + 5 * DAY)
    tell(memory_engine, customer, 1, NOON + 3 * DAY)
    tell(memory_engine, customer, 50, NOON + 5 * DAY + TICK)
    with pytest.raises(AgreementNotLive):
        use(memory_engine, agreement, 9, NOON + 5 * DAY)
    after(memory_engine, 3)

    assert charged(memory_engine, customer) == [("end", [103]), ("adjustment", [8])]
    assert notes_of(memory_engine, customer) == []
    assert used(memory_engine, agreement) == [111]


def test_what_is_used_at_a_renewal_is_billed_with_the_period_that_begins(memory_engine, customer, agreement):
    tell(memory_engine, customer, 7, NOON + 28 * DAY)
    after(memory_engine, 25)
    tell(memory_engine, customer, 1, NOON + 28 * DAY)
    after(memory_engine, 33)

    assert charged(memory_engine, customer) == [("renewal", [100]), ("renewal", [8])]


def test_an_end_at_a_billing_date_takes_what_is_used_at_its_instant(memory_engine, customer, agreement):
    cancel_agreement(memory_engine, agreement_id=agreement.id, timing="period_end")
    tell(memory_engine, customer, 7, NOON + 28 * DAY)
    tell(memory_engine, customer, 50, NOON + 28 * DAY + TICK)
    after(memory_engine, 25)

    assert charged(memory_engine, customer) == [("end", [100, 7])]


@pytest.mark.parametrize("first", ["older", "younger"])
def test_what_is_used_at_an_instant_at_which_two_agreements_end_is_billed_once(
    memory_engine, customer, agreement, first
):
    group = add_plan_group(memory_engine, key="more", name="More", scope="user")
    sell_by_use(memory_engine, "other", group=group)
    other = subscribe(memory_engine, customer_id=customer.id, plan_key="other")
    advance(memory_engine, days=1)
    tell(memory_engine, customer, 7)
    ending = [agreement, other] if first == "older" else [other, agreement]

    for one in ending:
        end(memory_engine, one)
    after(memory_engine, 3)

    assert sorted(used(memory_engine, *ending)) == [7, 100]
    assert billed(memory_engine, customer) == 107


def test_another_agreement_that_goes_on_takes_what_is_used_at_the_instant_of_an_end(memory_engine, customer, agreement):
    group = add_plan_group(memory_engine, key="more", name="More", scope="user")
    sell_by_use(memory_engine, "other", group=group)
    other = subscribe(memory_engine, customer_id=customer.id, plan_key="other")
    end(memory_engine, agreement)
    after(memory_engine, 30)

    assert used(memory_engine, agreement, other) == [0, 100]
    assert charged(memory_engine, customer) == [("renewal", [100])]


def test_a_plan_that_is_taken_again_at_the_instant_of_its_end_takes_over_what_was_billed_then(
    memory_engine, customer, agreement
):
    use(memory_engine, agreement, 3)
    end(memory_engine, agreement)
    again = subscribe(memory_engine, customer_id=customer.id, plan_key="metered")
    tell(memory_engine, customer, 7)
    assert used(memory_engine, agreement, again) == [3, 107]
    after(memory_engine, 30)

    assert [amounts[0] for _, amounts in charged(memory_engine, customer)] == [103, 107]
    assert [lines for _, _, lines in notes_of(memory_engine, customer)] == [{1: 100}]


@pytest.mark.parametrize(("is_named", "is_taken_again"), [(False, False), (False, True), (True, True)])
def test_an_add_on_that_goes_is_billed_for_its_last_instant_unless_it_is_taken_again_then(
    memory_engine, customer, is_named, is_taken_again
):
    add_on(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")
    add(memory_engine, agreement)
    advance(memory_engine, days=2)
    subject = agreement if is_named else customer
    tell(memory_engine, subject, 100, type="seats")
    remove(memory_engine, agreement)
    assert charged(memory_engine, customer)[-1] == ("change", [100])
    if is_taken_again:
        add(memory_engine, agreement)
        tell(memory_engine, subject, 7, type="seats")
    after(memory_engine, 30)

    metered = [amount for _, amounts in charged(memory_engine, customer) for amount in amounts if 0 < amount < 900]
    assert metered == ([100, 107] if is_taken_again else [100])
    assert [lines for _, _, lines in notes_of(memory_engine, customer)] == ([{1: 100}] if is_taken_again else [])


def test_the_end_of_an_agreement_that_is_paused_takes_nothing(memory_engine, customer, agreement):
    advance(memory_engine, days=1)
    pause_agreement(memory_engine, agreement_id=agreement.id)
    advance(memory_engine, days=1)
    tell(memory_engine, customer, 7)
    end(memory_engine, agreement)

    assert used(memory_engine, agreement) == [100]


def minute(count):
    return NOON + timedelta(minutes=count)


@pytest.mark.parametrize(
    ("others", "takes_its_end"),
    [
        ([], True),
        ([("next", 50, None)], False),
        ([("before", 0, None)], False),
        ([("later", 51, None)], True),
        ([("before", 0, 50)], True),
        ([("after", 20, 50)], False),
        ([("before", 0, 50), ("next", 50, None)], False),
    ],
)
def test_the_instant_of_an_end_is_the_turn_of_one_agreement(others, takes_its_end):
    found = [Tenure(minute(10), "me", minute(10), minute(50), True)]
    found += [
        Tenure(minute(start), key, minute(start), None if end is None else minute(end), end is not None)
        for key, start, end in others
    ]
    instant = Period(minute(50), minute(50) + TICK)

    turns = {one.agreement_id: turns_of(one.agreement_id, found, instant) for one in found}

    assert [turn for its in turns.values() for turn in its] == [instant]
    assert (turns["me"] == (instant,)) is takes_its_end
