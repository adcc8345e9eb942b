"""Queries: what meters show of events that are stored, and of whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from billing_sdk.errors import NotFound, QueryTooLarge
from billing_sdk.server.domain.metering import DimensionFilter, UsageQuery, answer
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.subjects import SubjectKey
from billing_sdk.server.usecases import query_usage as asking
from billing_sdk.server.usecases.query_usage import answered, query_usage
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.web.usage_csv import usage_csv
from tests.contract.using import used
from tests.engines import NOON, payer
from tests.metering import event, meter

START = datetime(2026, 1, 1, tzinfo=UTC)
QUARTER = Period(START, datetime(2026, 4, 1, tzinfo=UTC))
EVERY = ("sum", "count", "unique_count", "average", "minimum", "maximum", "latest")


@pytest.fixture
def engine(memory_engine):
    """An engine with a meter of every kind over the same events."""
    with memory_engine.begin() as tx:
        for aggregation in EVERY:
            tx.meters.add(meter(aggregation))
        tx.meters.add(meter("weighted_sum", event_type="levels"))
    return memory_engine


def shown(engine, aggregation="sum", query=None, **more):
    """Return when the windows of an answer begin, whom they are about and what the meter shows."""
    rows = query_usage(engine, meter_key=f"tokens_{aggregation}", query=query or UsageQuery(QUARTER), **more)
    return [(f"{row.window.start:%m-%d %H:%M}", *row.group, f"{row.value:f}") for row in rows]


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return START + timedelta(days=day - 1, hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("aggregation", "by_day"),
    [
        ("sum", ["6", "4"]),
        ("count", ["3", "1"]),
        ("unique_count", ["2", "1"]),
        ("average", ["2", "4"]),
        ("minimum", ["1", "4"]),
        ("maximum", ["4", "4"]),
        ("latest", ["1", "4"]),
    ],
)
def test_every_aggregation_is_shown_by_day(engine, aggregation, by_day):
    used(engine, event("1", 4, at=at(5, 9)), event("2", 1, at=at(5, 9, 30)), event("3", 1, at=at(5, 23, 59)),
         event("4", 4, at=at(20)))  # fmt: skip

    found = shown(engine, aggregation, UsageQuery(QUARTER, "day"))

    assert found == list(zip(["01-05 00:00", "01-20 00:00"], by_day, strict=True))


def test_a_level_goes_on_over_weeks_without_an_event(engine):
    used(engine, event("1", 10, at=START - timedelta(days=40), type="levels"),
         event("2", -4, at=at(16, 12), type="levels"))  # fmt: skip

    found = shown(engine, "weighted_sum", UsageQuery(Period(at(15), at(18)), "day"))

    assert found == [("01-15 00:00", "10"), ("01-16 00:00", "8"), ("01-17 00:00", "6")]


def test_events_are_read_where_a_boundary_cuts_an_hour(engine):
    used(engine, event("1", 1, at=at(5, 9, 29)), event("2", 2, at=at(5, 9, 30)), event("3", 4, at=at(5, 10, 29)),
         event("4", 8, at=at(5, 10, 31), subject="other"), event("5", 16, at=at(5, 9, 31), type="else"))  # fmt: skip
    day = Period(at(5), at(6))

    assert shown(engine, query=UsageQuery(day, "hour", "Asia/Kolkata")) == [
        ("01-05 08:30", "1"),
        ("01-05 09:30", "6"),
        ("01-05 10:30", "8"),
    ]
    assert shown(engine, query=UsageQuery(day, "minute"), subjects=["customer_1"]) == [
        ("01-05 09:29", "1"),
        ("01-05 09:30", "2"),
        ("01-05 10:29", "4"),
    ]
    assert shown(engine, query=UsageQuery(Period(at(5, 9, 30), at(5, 10, 30)))) == [("01-05 09:30", "6")]


@pytest.mark.attack(148)
def test_no_more_events_are_read_than_may_be(engine, monkeypatch):
    monkeypatch.setattr(answer, "MOST_EVENTS", 3)
    used(engine, *(event(str(number), at=at(1 + 10 * number, minute=minute)) for number, minute in
                   ((1, 0), (2, 0), (3, 0), (4, 0))),
         *(event(f"{number}b", at=at(1 + 10 * number, minute=1)) for number in (1, 2)))  # fmt: skip

    assert len(shown(engine, query=UsageQuery(Period(at(1), at(15)), "minute"))) == 2
    with pytest.raises(QueryTooLarge):
        shown(engine, query=UsageQuery(QUARTER, "minute"))


def test_much_usage_is_read_in_short_stretches_and_little_in_long_ones(engine, monkeypatch):
    monkeypatch.setattr(asking, "FEW_HOURS", 2)
    monkeypatch.setattr(asking, "MANY_HOURS", 3)
    used(engine, *(event(str(number), 1, at=at(5 + number // 5, 2 * (number % 5)), subject=f"subject {number % 7}")
                   for number in range(50)), event("last", 1, at=at(80)))  # fmt: skip

    assert [row[-1] for row in shown(engine)] == ["51"]
    assert [row[-1] for row in shown(engine, query=UsageQuery(QUARTER, "day"))] == ["5"] * 10 + ["1"]


def test_a_total_that_is_said_begins_anew_for_its_subject_alone(engine):
    used(engine, event("1", 7, at=at(5)), event("2", 5, at=at(6), subject="other"),
         event("3", 2, at=at(40), kind="absolute"), event("4", 1, at=at(41)))  # fmt: skip

    assert shown(engine, query=UsageQuery(Period(at(1), at(30)))) == [("01-01 00:00", "12")]
    assert shown(engine) == [("01-01 00:00", "8")]
    assert [row[1:] for row in shown(engine, query=UsageQuery(QUARTER, group_by=("subject",)))] == [
        ("customer_1", "3"),
        ("other", "5"),
    ]


@pytest.mark.parametrize("aggregation", [*EVERY, "weighted_sum"])
def test_everybody_side_by_side_comes_to_what_everybody_by_themselves_does(engine, aggregation):
    type_ = "levels" if aggregation == "weighted_sum" else "tokens"
    used(engine, *(event(str(number), number % 5, at=at(5, number % 3, 7 * number % 60), subject=f"s{number % 4}",
                         type=type_, model=("large", "small")[number % 2]) for number in range(24)))  # fmt: skip
    query = UsageQuery(Period(at(5, 0, 20), at(5, 2, 40)), "hour", "Asia/Kathmandu", group_by=("model",))
    with engine.read() as tx:
        found = tx.meters.get(f"tokens_{aggregation}")
        apart = answered(tx, found, query, None, partial(tx.usage_log.hours, found))

    assert apart
    assert query_usage(engine, meter_key=found.key, query=query) == apart


def test_usage_is_grouped_and_filtered_by_dimensions(engine):
    used(engine, event("1", 1, model="large"), event("2", 2, model="small"), event("3", 4))
    by_model = UsageQuery(QUARTER, group_by=("model",))
    marked = UsageQuery(QUARTER, filters=(DimensionFilter("model", "exists"),))

    assert [row[1:] for row in shown(engine, query=by_model)] == [(None, "4"), ("large", "1"), ("small", "2")]
    assert [row[1:] for row in shown(engine, query=marked)] == [("3",)]


def test_a_customer_is_everything_that_it_goes_by_and_its_agreements(engine):
    ada, bob = payer(engine), payer(engine, "bob@example.com")
    agreement = subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    with engine.begin() as tx:
        tx.subjects.add_key(SubjectKey("tenant-7", ada.id, NOON))
    subjects = (ada.id, agreement.id, "tenant-7", ada.user_id, bob.id, "nobody")
    used(engine, *(event(subject, 1, subject=subject) for subject in subjects))

    assert [row[1:] for row in shown(engine, customer_ids=[ada.id])] == [("4",)]
    assert [row[1:] for row in shown(engine, customer_ids=[ada.id, bob.id])] == [("5",)]
    assert [row[1:] for row in shown(engine, customer_ids=[ada.id], subjects=["tenant-7", bob.id])] == [("1",)]
    assert shown(engine, customer_ids=[ada.id], subjects=["nobody"]) == []
    by_customer = UsageQuery(QUARTER, group_by=("customer_id",))
    assert sorted(row[1:] for row in shown(engine, query=by_customer) if row[1]) == sorted(
        [(ada.id, "4"), (bob.id, "1")]
    )
    with pytest.raises(NotFound):
        shown(engine, customer_ids=["customer_none"])


def test_only_a_meter_that_there_is_shows_anything(engine):
    with pytest.raises(NotFound):
        query_usage(engine, meter_key="nothing", query=UsageQuery(QUARTER))


@pytest.mark.attack(148)
def test_a_million_different_marks_do_not_make_a_million_rows(engine, monkeypatch):
    monkeypatch.setattr(answer, "MOST_ROWS", 3)
    used(engine, *(event(str(number), model=f"model {number}") for number in range(5)))

    assert [row[-1] for row in shown(engine)] == ["5"]
    with pytest.raises(QueryTooLarge):
        shown(engine, query=UsageQuery(QUARTER, group_by=("model",)))


def test_no_cell_of_a_csv_is_a_formula(engine):
    names = ("=1+1", "+1", "-1", "@A1", "a,b", 'say "a"', "\u2212 fine")
    used(engine, *(event(name, 1, model=name) for name in names))
    rows = query_usage(engine, meter_key="tokens_sum", query=UsageQuery(QUARTER, group_by=("model",)))

    lines = usage_csv(("model",), rows).splitlines()

    assert lines[0] == "from,to,model,value"
    assert {line.removeprefix("2026-01-01T00:00:00Z,2026-04-01T00:00:00Z,") for line in lines[1:]} == {
        "'=1+1,1",
        "'+1,1",
        "'-1,1",
        "'@A1,1",
        '"a,b",1',
        '"say ""a""",1',
        "\u2212 fine,1",
    }
