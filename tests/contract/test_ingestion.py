"""Ingestion: events are recorded once for ever, each with an answer of its own, on a real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import OperationalError

from billing_sdk.errors import (
    BillingError,
    EventConflict,
    EventTooEarly,
    InvalidQuantity,
    UnknownMeter,
    UnknownSubject,
)
from billing_sdk.server.domain.metering import Meter
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage.meters import MeterRepository
from billing_sdk.server.storage.subjects import SubjectKey, SubjectRepository
from billing_sdk.server.storage.usage_stores import SqlUsageLog
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.incoming_events import IncomingEvent
from billing_sdk.server.usecases.ingest_usage import Ingestion
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, NOON, advance, engine_on, payer, person

DAY = timedelta(days=1)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as engine:
        yield engine


@pytest.fixture
def seconds():
    """A clock for how long what is known stays good: its only element."""
    return [0.0]


@pytest.fixture
def ingestion(engine, seconds):
    ingestion = Ingestion(engine, seconds=lambda: seconds[0])
    yield ingestion
    ingestion.close()


@pytest.fixture
def ada(engine):
    return payer(engine)


def event(subject, id_="1", value=5, **change):
    return IncomingEvent(
        **{"source": "/app", "id": id_, "type": "ai_tokens", "subject": subject, "data": {"value": value}, **change}
    )


def stored(engine):
    with engine.read() as tx:
        return [one.event for one in tx.usage_log.events()]


def total(engine, key="ai_tokens"):
    with engine.read() as tx:
        hours = tx.usage_log.hours(tx.meters.get(key), Period(NOON - 400 * DAY, NOON + 400 * DAY))
    return sum((one.bucket.total for one in hours), Decimal(0))


def meter_of(key, event_type=None, **fields):
    return Meter(f"meter_{key}", key, key, event_type or key, "sum", NOON, "$.value", **fields)


def add_meter(engine, key, **fields):
    with engine.begin() as tx:
        tx.meters.add(meter_of(key, **fields))


def outcomes(answers):
    return [type(one) if isinstance(one, BillingError) else one.outcome for one in answers]


def test_an_event_of_a_metered_feature_is_counted_without_further_ado(engine, ingestion, ada):
    [recorded] = ingestion.ingest([event(ada.id)])
    assert (recorded.outcome, recorded.recorded_at) == ("accepted", NOON)
    assert total(engine) == 5


@pytest.mark.attack(138)
def test_an_event_counts_once_in_a_batch_again_and_after_years(engine, ingestion, ada):
    first = ingestion.ingest([event(ada.id), event(ada.id), event(ada.id, id_="2")])
    advance(engine, days=1_200)
    again = ingestion.ingest([event(ada.id)])
    assert outcomes([*first, *again]) == ["accepted", "duplicate", "accepted", "duplicate"]
    assert again[0].recorded_at == NOON
    assert total(engine) == 10


@pytest.mark.attack(138)
def test_an_event_counts_once_whoever_brings_it_at_the_same_time(engine, ingestion, ada):
    other = Ingestion(engine)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda place: (ingestion, other)[place % 2].ingest([event(ada.id)]), range(16)))
    other.close()
    assert sorted(one.outcome for [one] in answers) == ["accepted", *["duplicate"] * 15]
    assert total(engine) == 5


@pytest.mark.attack(147)
def test_nearly_all_events_on_one_customer_from_two_processes_are_all_counted(engine, ingestion, ada):
    other = Ingestion(engine)
    bea = payer(engine, "bea@example.com")

    def bring(place):
        batch = [event(bea.id if number == 7 else ada.id, f"{place}-{number}") for number in range(10)]
        return (ingestion, other)[place % 2].ingest(batch if place % 3 else batch[::-1])

    with ThreadPoolExecutor(8) as pool:
        answers = [one for found in pool.map(bring, range(24)) for one in found]
    other.close()
    assert outcomes(answers) == ["accepted"] * 240
    assert total(engine) == 1_200


@pytest.mark.attack(141)
def test_sums_are_exact_however_large(engine, ingestion, ada):
    largest = "99999999999999999999.999999999999"
    ingestion.ingest([event(ada.id, str(number), largest) for number in range(11)])
    with engine.read() as tx:
        [hour] = tx.usage_log.hours(tx.meters.get("ai_tokens"), Period(NOON, NOON + DAY))
    assert hour.bucket.total == Decimal("1099999999999999999999.999999999989")


@pytest.mark.attack(139)
def test_of_two_events_with_one_id_the_first_counts_and_the_other_hears_of_it(engine, ingestion, ada):
    answers = ingestion.ingest([event(ada.id), event(ada.id, value=7)])
    advance(engine, hours=1)
    answers += ingestion.ingest([event(ada.id, value=8), event(ada.id)])
    assert outcomes(answers) == ["accepted", EventConflict, EventConflict, "duplicate"]
    assert total(engine) == 5


@pytest.mark.attack(143, 144)
def test_each_bad_event_has_its_own_error_and_the_others_are_recorded(engine, ingestion, ada):
    batch = [
        event(ada.id, id_="1"),
        event("nobody", id_="2"),
        event(ada.id, id_="3", type="unheard_of"),
        event(ada.id, id_="4", value=-1),
        event(ada.id, id_="5", time=NOON + DAY),
        event(ada.id, id_="6"),
    ]
    expected = ["accepted", UnknownSubject, UnknownMeter, InvalidQuantity, EventTooEarly, "accepted"]
    assert outcomes(ingestion.ingest(batch)) == expected
    assert outcomes(ingestion.ingest(batch)) == ["duplicate", *expected[1:5], "duplicate"]
    assert [one.id for one in stored(engine)] == ["1", "6"]
    assert total(engine) == 10


@pytest.mark.attack(144)
def test_what_was_refused_is_taken_once_there_are_a_meter_and_a_subject(engine, ingestion, ada):
    early = event("tenant-7", type="calls")
    assert outcomes(ingestion.ingest([early])) == [UnknownMeter]
    add_meter(engine, "calls")
    assert outcomes(ingestion.ingest([early])) == [UnknownSubject]
    with engine.begin() as tx:
        tx.subjects.add_key(SubjectKey("tenant-7", ada.id, NOON))
    assert outcomes(ingestion.ingest([early])) == ["accepted"]


@pytest.mark.attack(144)
def test_events_of_nobody_are_kept_where_the_meter_keeps_them(engine, ingestion):
    add_meter(engine, "calls", unknown_subjects="keep")
    assert outcomes(ingestion.ingest([event("somebody later", type="calls")])) == ["accepted"]
    assert total(engine, "calls") == 5


def test_an_agreement_a_customer_and_a_person_are_subjects(engine, ingestion, ada):
    agreement = subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    subjects = [agreement.id, ada.id, ada.user_id]
    answers = ingestion.ingest([event(subject, id_=subject) for subject in subjects])
    assert outcomes(answers) == ["accepted"] * 3


def test_a_new_meter_of_a_known_type_counts_the_very_next_event(engine, ingestion, ada):
    ingestion.ingest([event(ada.id)])
    add_meter(engine, "tokens_too", event_type="ai_tokens")
    ingestion.ingest([event(ada.id, id_="2")])
    assert (total(engine), total(engine, "tokens_too")) == (10, 5)


def test_a_batch_is_measured_anew_when_meters_have_changed_meanwhile(engine, ingestion, ada, monkeypatch):
    ingestion.ingest([event(ada.id)])
    append, counts = SqlUsageLog.append, []

    def append_late(log, events, meters):
        answers = append(log, events, meters)
        counts.append(len(events))
        if len(counts) == 1:
            MeterRepository(log._connection).add(meter_of("tokens_too", event_type="ai_tokens"))
        return answers

    monkeypatch.setattr(SqlUsageLog, "append", append_late)
    assert outcomes(ingestion.ingest([event(ada.id, id_="2")])) == ["accepted"]
    assert counts == [1, 1]
    assert [one.id for one in stored(engine)] == ["1", "2"]


def test_customers_on_a_test_clock_live_by_its_time(engine, ingestion):
    clock = create_clock(engine, at=NOON - 100 * DAY)
    user_id = person(engine, "bea@example.com")
    bea = become_customer(engine, user_id=user_id, billing_email="bea@example.com", clock_id=clock.id)
    past, now = ingestion.ingest([event(bea.id, id_="1"), event(bea.id, id_="2", time=NOON)])
    assert past.recorded_at == NOON - 100 * DAY
    assert type(now) is EventTooEarly


def test_a_subject_that_has_gone_is_unknown_within_a_second(engine, ingestion, ada, seconds):
    with engine.begin() as tx:
        tx.subjects.add_key(SubjectKey("tenant-7", ada.id, NOON))
    assert outcomes(ingestion.ingest([event("tenant-7")])) == ["accepted"]
    with engine.begin() as tx:
        tx.subjects.remove_key("tenant-7")
    seconds[0] += 1
    assert outcomes(ingestion.ingest([event("tenant-7", id_="2")])) == [UnknownSubject]


def test_subjects_of_the_last_second_are_looked_up_again_together(engine, ingestion, ada, seconds, monkeypatch):
    find, asked = SubjectRepository.find_reporting, []
    monkeypatch.setattr(
        SubjectRepository, "find_reporting", lambda self, names: asked.append(set(names)) or find(self, names)
    )
    for id_, subject in enumerate([ada.id, ada.user_id, ada.id, ada.user_id]):
        seconds[0] += id_ == 2
        ingestion.ingest([event(subject, id_=str(id_))])
    assert asked == [{ada.id}, {ada.user_id}, {ada.id, ada.user_id}]


@pytest.mark.attack(146)
def test_an_outage_is_told_to_everybody_and_nothing_is_half_recorded(engine, ingestion, ada, monkeypatch):
    def away(_log, _events, _meters):
        raise OperationalError("INSERT", {}, ConnectionError("the disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(SqlUsageLog, "append", away)
        with pytest.raises(OperationalError):
            ingestion.ingest([event(ada.id)])
    assert stored(engine) == []
    assert outcomes(ingestion.ingest([event(ada.id)])) == ["accepted"]
