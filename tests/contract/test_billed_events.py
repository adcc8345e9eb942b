"""Events of a customer's usage are billed: under which agreement, by which value, and what is late is adjusted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from billing_sdk.server.domain.catalog import Rate
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import ByDimension, PerUnit, Terms
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.correct_event import amend_event, cancel_event
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.delete_clock import delete_clock
from billing_sdk.server.usecases.follow_usage import follow_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subject_keys import give_subject_key, take_subject_key
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.late import charged, notes_of, rated_of, recomputed, sell_by_use, use
from tests.contract.usage_events import measure_by, report
from tests.engines import NOON, advance, events_of, payer, person

DAY = timedelta(days=1)


@pytest.fixture
def customer(memory_engine):
    sell_by_use(memory_engine)
    return payer(memory_engine)


@pytest.fixture
def agreement(memory_engine, customer):
    return subscribe(memory_engine, customer_id=customer.id, plan_key="metered")


def total(engine, agreement, start=NOON, end=NOON + 28 * DAY):
    with engine.read() as tx:
        return tx.usage.total(agreement.id, "ai_tokens", Period(start, end))


def correct(engine, source, data):
    if data is None:
        cancel_event(engine, source=source, id="a", reason="sent twice")
    else:
        amend_event(engine, source=source, id="a", data=data, reason="counted twice")


def test_events_of_the_customer_and_of_the_agreement_are_billed_together(memory_engine, customer, agreement):
    give_subject_key(memory_engine, customer.id, "tenant-7")
    for number, subject in enumerate((customer.id, customer.user_id, "tenant-7", agreement.id)):
        report(memory_engine, subject, 10, NOON + number * DAY, id=str(number))
    use(memory_engine, agreement, 2)
    advance(memory_engine, days=29)

    run_due(memory_engine)

    assert charged(memory_engine, customer) == [("renewal", [42])]
    assert recomputed(memory_engine, customer) == [("renewal", [42])]


def test_an_event_that_is_sent_again_is_billed_once(memory_engine, customer, agreement):
    outcomes = [report(memory_engine, customer.id, 10, NOON, id="a") for _ in range(3)]
    advance(memory_engine, days=29)
    run_due(memory_engine)

    assert outcomes == ["accepted", "duplicate", "duplicate"]
    assert charged(memory_engine, customer) == [("renewal", [10])]


def test_what_a_customer_uses_before_or_after_its_agreement_is_not_billed(memory_engine, customer):
    report(memory_engine, customer.id, 1, NOON, id="before")
    advance(memory_engine, days=1)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="metered")
    report(memory_engine, customer.id, 10, NOON + DAY, id="at its begin")
    advance(memory_engine, days=2)
    cancel_agreement(memory_engine, agreement_id=agreement.id)
    report(memory_engine, customer.id, 100, NOON + 3 * DAY + timedelta(microseconds=1), id="after its end")

    assert total(memory_engine, agreement, NOON, NOON + 28 * DAY) == 10


def test_the_agreement_that_began_first_takes_what_its_customer_uses(memory_engine, customer, agreement):
    sell_by_use(memory_engine, "other", group=add_plan_group(memory_engine, key="more", name="More", scope="user"))
    advance(memory_engine, days=1)
    other = subscribe(memory_engine, customer_id=customer.id, plan_key="other")
    report(memory_engine, customer.id, 5, NOON + DAY, id="a")
    report(memory_engine, other.id, 7, NOON + DAY, id="b")
    advance(memory_engine, days=1)
    cancel_agreement(memory_engine, agreement_id=agreement.id)
    report(memory_engine, customer.id, 3, NOON + 2 * DAY, id="c")

    assert (total(memory_engine, agreement), total(memory_engine, other)) == (5, 10)


@pytest.mark.parametrize(
    ("aggregation", "amount"),
    [("sum", 19), ("count", 3), ("unique_count", 2), ("maximum", 12), ("minimum", 2), ("latest", 5), ("average", 6)],
)
def test_an_interval_is_billed_by_what_its_meter_shows(memory_engine, customer, agreement, aggregation, amount):
    measure_by(memory_engine, "ai_tokens", aggregation)
    values = ("a", "b", "a") if aggregation == "unique_count" else (12, 2, 5)
    for number, value in enumerate(values):
        report(memory_engine, customer.id, value, NOON + number * DAY, type="ai_tokens_used", id=str(number))
    advance(memory_engine, days=29)

    run_due(memory_engine)

    assert charged(memory_engine, customer) == [("renewal", [amount])]
    assert recomputed(memory_engine, customer) == [("renewal", [amount])]


def test_what_is_stored_is_billed_by_its_average_and_goes_on_in_the_next_period(memory_engine, customer, agreement):
    measure_by(memory_engine, "ai_tokens", "weighted_sum")
    report(memory_engine, customer.id, 28, NOON - DAY, type="ai_tokens_used", id="before")
    report(memory_engine, customer.id, 56, NOON + 14 * DAY, type="ai_tokens_used", id="from the half on")
    for _ in range(2):
        advance(memory_engine, days=31)
        run_due(memory_engine)

    assert charged(memory_engine, customer) == [("renewal", [28 + 28]), ("renewal", [84])]


def test_prices_by_dimension_take_the_value_of_each_set_of_dimensions(memory_engine, customer):
    price = ByDimension(("model",), ((("large",), PerUnit(Decimal(10))),), PerUnit(Decimal(1)))
    sell_by_use(memory_engine, "by_model", price=price)
    measure_by(memory_engine, "ai_tokens", "maximum")
    subscribe(memory_engine, customer_id=customer.id, plan_key="by_model")
    for number, (value, model) in enumerate([(3, "large"), (5, "large"), (7, "small"), (4, "small")]):
        report(memory_engine, customer.id, value, NOON, type="ai_tokens_used", id=str(number), model=model)
    advance(memory_engine, days=29)

    run_due(memory_engine)

    assert charged(memory_engine, customer) == [("renewal", [5 * 10 + 7])]


def test_an_event_that_comes_after_its_invoice_is_billed_by_an_adjustment(memory_engine, customer, agreement):
    report(memory_engine, customer.id, 10, NOON, id="a")
    advance(memory_engine, days=29)
    run_due(memory_engine)
    report(memory_engine, customer.user_id, 4, NOON + DAY, id="late")
    report(memory_engine, customer.user_id, 1, memory_engine.now(), id="at present")
    run_due(memory_engine)
    advance(memory_engine, days=2)
    run_due(memory_engine)

    assert charged(memory_engine, customer) == [("renewal", [10]), ("adjustment", [4])]
    (one,) = rated_of(memory_engine, agreement)
    assert (one.billed.minor, one.quantity, one.is_dirty) == (14, 14, False)


@pytest.mark.parametrize(("data", "left"), [(None, 0), ({"value": 3}, 3)])
def test_what_was_billed_of_an_event_that_is_corrected_is_given_back(memory_engine, customer, agreement, data, left):
    report(memory_engine, customer.id, 10, NOON, id="a")
    advance(memory_engine, days=29)
    run_due(memory_engine)
    correct(memory_engine, "app", data)
    run_due(memory_engine)
    advance(memory_engine, days=2)
    run_due(memory_engine)

    ((_, _, credited),) = notes_of(memory_engine, customer)
    assert credited == {1: 10 - left}
    (one,) = rated_of(memory_engine, agreement)
    assert (one.billed.minor, one.quantity) == (left, left)


def test_a_reading_that_is_corrected_is_given_back_as_well(memory_engine, customer, agreement):
    use(memory_engine, agreement, 10, idempotency_key="a")
    advance(memory_engine, days=29)
    run_due(memory_engine)
    correct(memory_engine, f"agreement/{agreement.id}", None)
    run_due(memory_engine)
    advance(memory_engine, days=2)
    run_due(memory_engine)

    assert [lines for _, _, lines in notes_of(memory_engine, customer)] == [{1: 10}]


def test_events_are_announced_once_for_each_customer_and_feature(memory_engine, customer, agreement):
    for number in range(3):
        report(memory_engine, customer.id, 10, NOON, id=str(number))

    assert [follow_usage(memory_engine), follow_usage(memory_engine)] == [1, 0]

    with memory_engine.read() as tx:
        (event,) = tx.outbox.list(types=["customer.meter_usage_updated"])
    usage = {"feature_code": "ai_tokens", "value": "30", "kind": "absolute", "total": "30"}
    assert (event.data["agreement_id"], event.data["usage"]) == (agreement.id, usage)


def test_what_was_attended_to_when_it_was_recorded_is_not_followed(memory_engine, customer, agreement):
    use(memory_engine, agreement, 10)

    assert follow_usage(memory_engine) == 0
    assert events_of(memory_engine, customer.id).count("customer.meter_usage_updated") == 1


def test_who_nobody_knows_holds_up_nobody(memory_engine, customer, agreement):
    measure_by(memory_engine, "ai_tokens", "sum", unknown_subjects="keep")
    report(memory_engine, "nobody", 10, NOON, type="ai_tokens_used", id="a")
    report(memory_engine, customer.id, 10, NOON, type="ai_tokens_used", id="b")

    assert follow_usage(memory_engine) == 1


def test_a_customer_who_can_not_be_attended_to_holds_up_nobody_and_is_tried_again(
    memory_engine, customer, agreement, monkeypatch
):
    other = payer(memory_engine, "eve@example.com")
    for one in (customer, other):
        report(memory_engine, one.id, 10, NOON, id=one.id)
    follow = "billing_sdk.server.usecases.follow_usage._follow"
    with monkeypatch.context() as patch:
        patch.setattr(follow, lambda _tx, one, *_rest, **_at: 1 / (one.id != customer.id))
        assert follow_usage(memory_engine) == 1

    assert follow_usage(memory_engine) == 1
    assert events_of(memory_engine, customer.id).count("customer.meter_usage_updated") == 1


def test_a_key_that_is_given_or_taken_later_changes_what_is_billed(memory_engine, customer, agreement):
    measure_by(memory_engine, "ai_tokens", "sum", unknown_subjects="keep")
    report(memory_engine, "tenant-7", 10, NOON + timedelta(minutes=30), type="ai_tokens_used", id="a")
    advance(memory_engine, days=29)
    run_due(memory_engine)
    give_subject_key(memory_engine, customer.id, "tenant-7")
    run_due(memory_engine)
    advance(memory_engine, days=2)
    run_due(memory_engine)
    assert charged(memory_engine, customer) == [("adjustment", [10])]

    take_subject_key(memory_engine, customer.id, "tenant-7")
    run_due(memory_engine)
    advance(memory_engine, days=2)
    run_due(memory_engine)

    assert [lines for _, _, lines in notes_of(memory_engine, customer)] == [{1: 10}]


def test_a_late_reading_is_adjusted_for_each_feature_that_shares_its_meter(memory_engine, customer):
    add_feature(memory_engine, key="words", name="Words", feature_type="metered", meter_key="ai_tokens")
    words = Rate("rate_words", "words", "Words", "USD", Terms(PerUnit(Decimal(2))))
    sell_by_use(memory_engine, "shared", beside=(words,))
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key="shared")
    use(memory_engine, agreement, 10)
    advance(memory_engine, days=29)
    run_due(memory_engine)

    use(memory_engine, agreement, 3, NOON + DAY)
    advance(memory_engine, days=2)
    run_due(memory_engine)

    assert charged(memory_engine, customer) == [("renewal", [10, 20]), ("adjustment", [3, 6])]


def test_agreements_that_are_renewed_together_are_billed_by_their_own_hours(memory_engine, caplog):
    sell_by_use(memory_engine)
    sell_by_use(memory_engine, "other", group=add_plan_group(memory_engine, key="more", name="More", scope="user"))
    payers = [payer(memory_engine, f"{number}@example.com") for number in range(3)]
    agreements = [subscribe(memory_engine, customer_id=one.id, plan_key="metered") for one in payers]
    subscribe(memory_engine, customer_id=payers[0].id, plan_key="other")
    for number, one in enumerate(payers):
        # In hours that the period's boundaries go through, and between them.
        for place, hours in enumerate((0, 0.4, 30, 31, 27.9 * 24, 27.99 * 24, 28 * 24)):
            report(memory_engine, one.id, 10**number, NOON + timedelta(hours=hours), id=f"{number}.{place}")
    advance(memory_engine, days=2)
    use(memory_engine, agreements[1], 5, NOON + DAY, kind="absolute")
    use(memory_engine, agreements[1], 2)
    advance(memory_engine, days=27)

    run_due(memory_engine)

    assert [charged(memory_engine, one)[:1] for one in payers] == [
        [("renewal", [6])],
        [("renewal", [67])],
        [("renewal", [600])],
    ]
    assert "one by one" not in caplog.text


def test_whoever_becomes_a_customer_anew_after_a_test_clock_has_used_nothing_yet(memory_engine):
    sell_by_use(memory_engine)
    user_id = person(memory_engine, "bo@example.com")
    totals = []
    for number in range(2):
        clock = create_clock(memory_engine)
        customer = become_customer(
            memory_engine, user_id=user_id, billing_email="bo@example.com", plan_key="metered", clock_id=clock.id
        )
        report(memory_engine, user_id, 10, NOON, id=str(number))
        with memory_engine.read() as tx:
            (agreement,) = tx.agreements.live_of(customer.id)
        totals.append(total(memory_engine, agreement))
        assert delete_clock(memory_engine, clock.id) == 1

    assert totals == [10, 10]
