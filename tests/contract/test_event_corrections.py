"""Corrections: what was wrong with an event counts no more, and nobody forgets that it was said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.errors import EventCancelled, InvalidQuantity, InvalidRequest, NotFound
from billing_sdk.server.domain.metering import UsageQuery
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.usecases import list_usage_events as listing
from billing_sdk.server.usecases.correct_event import amend_event, cancel_event, event_reference
from billing_sdk.server.usecases.list_usage_events import EventFilter, list_usage_events
from billing_sdk.server.usecases.query_usage import query_usage
from billing_sdk.server.usecases.update_meter import update_meter
from tests.contract.using import used
from tests.engines import NOON, advance, payer
from tests.metering import event, meter

ONE = {"source": "app", "id": "1"}
DAY = Period(datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def engine(memory_engine):
    """An engine with two meters, and three events that both count."""
    with memory_engine.begin() as tx:
        for one in (meter("sum"), meter("maximum", value_path="$.most")):
            tx.meters.add(one)
    used(memory_engine, event("1", 5, most=2, at=NOON), event("2", 3, most=7, at=NOON + timedelta(minutes=1)),
         event("3", 1, most=1, at=NOON + timedelta(hours=3)))  # fmt: skip
    return memory_engine


def shown(engine) -> tuple[str, str]:
    """Return what both meters show for the day."""
    found = (query_usage(engine, meter_key=f"tokens_{one}", query=UsageQuery(DAY)) for one in ("sum", "maximum"))
    total, most = ([f"{row.value:f}" for row in rows] for rows in found)
    return total[0], most[0]


def test_a_cancelled_event_counts_no_more_and_leaves_a_trail(engine):
    advance(engine, days=2)
    cancelled = cancel_event(engine, source="app", id="2", reason=" a test run ", actor="kp_1")

    assert shown(engine) == ("6", "2")
    assert (cancelled.is_cancelled, cancelled.event.data) == (True, {"value": 3, "most": 7})
    assert [(one.data, one.reason, one.actor, one.at) for one in cancelled.corrections] == [
        (None, "a test run", "kp_1", NOON + timedelta(days=2))
    ]
    assert cancel_event(engine, source="app", id="2", reason="again") == cancelled


def test_an_amended_event_counts_as_if_it_had_always_said_so_and_at_its_time(engine):
    advance(engine, days=2)
    data = {"value": 50, "most": 20, "model": "large"}
    amended = amend_event(engine, **ONE, data=data, reason="wrong unit", actor="kp_1")

    assert shown(engine) == ("54", "20")
    assert (amended.event.data, amended.event.counted_at, amended.is_cancelled) == (data, NOON, False)
    assert amended.first_data == {"value": 5, "most": 2}
    assert amend_event(engine, **ONE, data=data, reason="sent again") == amended

    again = amend_event(engine, **ONE, data={"value": 6, "most": 1}, reason="still wrong")
    assert shown(engine) == ("10", "7")
    assert [one.reason for one in again.corrections] == ["wrong unit", "still wrong"]
    assert again.first_data == {"value": 5, "most": 2}


def test_both_are_in_the_audit(engine):
    amend_event(engine, **ONE, data={"value": 6, "most": 1}, reason="a", actor="kp_1")
    amend_event(engine, **ONE, data={"value": 6, "most": 1}, reason="a", actor="kp_2")
    cancel_event(engine, **ONE, reason="b", actor="kp_3")

    with engine.read() as tx:
        found = [(record["action"], record["actor"]) for record in tx.audit.of(event_reference(tx, "app", "1"))]
    assert found == [("usage_event.amend", "kp_1"), ("usage_event.cancel", "kp_3")]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"value": "NaN", "most": 1}, InvalidQuantity),
        ({"value": 1}, InvalidQuantity),
        ({"value": 1, "most": -1}, InvalidQuantity),
        ({"value": 1, "most": 1, "model": "x" * 201}, InvalidRequest),
        ({}, InvalidQuantity),
    ],
)
def test_what_one_meter_can_not_read_amends_nothing(engine, data, error):
    with pytest.raises(error):
        amend_event(engine, **ONE, data=data, reason="a")

    assert shown(engine) == ("9", "7")
    with engine.read() as tx:
        assert tx.usage_log.find("app", "1").corrections == ()


def test_an_event_is_cancelled_for_good(engine):
    cancel_event(engine, **ONE, reason="a")

    with pytest.raises(EventCancelled):
        amend_event(engine, **ONE, data={"value": 1, "most": 1}, reason="a")
    assert shown(engine) == ("4", "7")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "a\x00b"])
def test_a_correction_has_a_reason(engine, reason):
    with pytest.raises(InvalidRequest):
        cancel_event(engine, **ONE, reason=reason)


def test_only_an_event_that_there_is_is_corrected(engine):
    for named in ({"source": "app", "id": "none"}, {"source": "none", "id": "1"}):
        with pytest.raises(NotFound):
            cancel_event(engine, **named, reason="a")


def test_a_correction_reaches_archived_meters_too(engine):
    update_meter(engine, key="tokens_maximum", is_archived=True)
    cancel_event(engine, source="app", id="2", reason="a")

    assert shown(engine) == ("6", "2")


def ids(engine, page_size=10, after=0, **wanted):
    page = list_usage_events(engine, EventFilter(**wanted), page_size=page_size, after=after)
    return [stored.event.id for stored in page.events], page.following


def test_events_are_listed_as_they_arrived_and_page_by_page(engine):
    first, following = ids(engine, page_size=2)
    assert (first, ids(engine, page_size=2, after=following)) == (["1", "2"], (["3"], None))


def test_events_are_found_by_what_is_known_of_them(engine):
    ada = payer(engine)
    used(engine, event("4", 1, most=1, subject=ada.id, source="other"), event("1", type="else", source="other"))
    later = NOON + timedelta(minutes=1)

    assert ids(engine, source="app")[0] == ["1", "2", "3"]
    assert ids(engine, id="1")[0] == ["1", "1"]
    assert ids(engine, source="app", id="1")[0] == ["1"]
    assert ids(engine, source="app", id="1", type="else")[0] == []
    assert ids(engine, source="app", id="1", customer_id=ada.id)[0] == []
    assert ids(engine, source="app", id="1", since=later)[0] == []
    assert ids(engine, type="else")[0] == ["1"]
    assert ids(engine, customer_id=ada.id)[0] == ["4"]
    assert ids(engine, customer_id=ada.id, subject="customer_1")[0] == []
    assert ids(engine, subject="customer_1", since=later)[0] == ["2", "3"]
    assert ids(engine, until=later, source="app")[0] == ["1"]
    with pytest.raises(NotFound):
        ids(engine, customer_id="customer_none")


def test_a_page_that_few_events_fit_is_short_and_goes_on(engine, monkeypatch):
    monkeypatch.setattr(listing, "MOST_LOOKED_AT", 2)

    found, following = ids(engine, id="3")
    assert found == []
    assert ids(engine, id="3", after=following) == (["3"], None)


def test_a_correction_changes_an_archived_meter_by_what_it_had_counted_alone(engine):
    update_meter(engine, key="tokens_maximum", is_archived=True)
    advance(engine, minutes=2)
    used(engine, event("4", 1, most=50, at=NOON, recorded_at=NOON + timedelta(minutes=2)))

    cancel_event(engine, source="app", id="2", reason="a test run")

    assert shown(engine) == ("7", "2")


def test_a_meter_that_could_never_read_an_event_does_not_keep_it_from_being_amended(engine):
    with engine.begin() as tx:
        tx.meters.add(meter("sum", id="meter_young", key="young", value_path="$.other"))

    amend_event(engine, **ONE, data={"value": 50, "most": 20}, reason="counted wrongly")

    assert shown(engine) == ("54", "20")
