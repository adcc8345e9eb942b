"""The history of usage moves from one store to another, whole and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.errors import EventConflict
from billing_sdk.server.domain.metering import Correction
from billing_sdk.server.usecases import move_usage as moving
from billing_sdk.server.usecases.move_usage import Progress, compare_usage, move_usage
from tests.clickhouse import emptied
from tests.metering import DAY, NOON, event, measured, meter

METERS = (meter(), meter("unique_count"), meter("weighted_sum"))
TOKENS = METERS[0]


@pytest.fixture
def sqlite(memory_engine):
    return memory_engine.database.usage


@pytest.fixture
def clickhouse_store(clickhouse):
    return emptied(clickhouse)


@pytest.fixture(params=["to_clickhouse", "to_sqlite"])
def stores(request, sqlite, clickhouse_store):
    """The store to leave, with a history, and an empty one."""
    pair = (sqlite, clickhouse_store) if request.param == "to_clickhouse" else (clickhouse_store, sqlite)
    record(pair[0], event("1", "2.50", model="large"), event("2", 3), event("3", 4, at=DAY - timedelta(days=40)))
    record(pair[0], event("4", 10, kind="absolute"), event("5", 1, subject="agreement_1"), event("6", 8))
    correct(pair[0], "2", {"value": 7})
    correct(pair[0], "3", None)
    return pair


def record(store, *events, meters=METERS):
    with store.begin() as log:
        return log.append(measured(events, meters), meters)


def correct(store, id_, data):
    with store.begin() as log:
        log.correct(Correction("app", id_, data, "a mistake", "test", NOON), METERS)


def move(stores, progress=None, meters=METERS, tell=lambda: None):
    progress = progress or Progress()
    move_usage(*stores, meters, progress, tell)
    return progress


def compare(stores, progress, meters=METERS):
    return compare_usage(*stores, meters, progress, lambda _done, _days: None)


def content(store):
    with store.begin(read_only=True) as log:
        return [one._replace(number=0) for one in log.events()]


def test_all_that_there_is_moves_with_its_trail_and_nothing_changes_where_it_was(stores):
    before = content(stores[0])

    progress = move(stores)

    assert content(stores[1]) == content(stores[0]) == before
    found = compare(stores, progress)
    assert (found.is_equal, found.events, progress.moved) == (True, (6, 6), 6)
    assert {(subject, f"{month:%Y-%m}") for key, subject, month in found.compared if key == TOKENS.key} == {
        ("customer_1", "2026-01"),
        ("agreement_1", "2026-01"),
    }


def test_a_move_that_is_interrupted_goes_on_and_counts_once(stores, monkeypatch):
    monkeypatch.setattr(moving, "AT_ONCE", 2)
    progress = Progress()

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(stores, progress, tell=interrupt)
    again = move(stores, replace(progress, after=0, moved=0))  # as if the last batch had not been written down

    assert (again.moved, compare(stores, again).is_equal) == (6, True)
    assert content(stores[1]) == content(stores[0])


def test_a_second_move_brings_what_has_arrived_and_was_corrected_since(stores):
    progress = move(stores)
    record(stores[0], event("7", 5, at=NOON + timedelta(days=1)))
    correct(stores[0], "1", None)
    correct(stores[0], "2", {"value": 8})
    assert not compare(stores, progress).is_equal

    move(stores, progress)

    assert (progress.moved, compare(stores, progress).is_equal) == (7, True)
    assert content(stores[1]) == content(stores[0])


def test_what_differs_is_named(stores):
    progress = move(stores)
    with stores[1].begin() as log:
        log.correct(Correction("app", "6", {"value": 9}, "by hand", "test", NOON), METERS)

    found = compare(stores, progress)

    assert not found.is_equal
    assert (TOKENS.key, "customer_1", DAY.replace(day=1)) in found.differing
    assert {subject for _, subject, _ in found.differing} == {"customer_1"}


def test_another_event_in_the_place_of_one_stops_the_move(stores):
    record(stores[1], event("1", 99))

    with pytest.raises(EventConflict, match="another event 1 of app"):
        move(stores)


def test_a_meter_that_is_archived_counts_what_came_before(sqlite, clickhouse_store):
    archived = replace(TOKENS, archived_at=NOON + timedelta(hours=1))
    record(sqlite, event("1", 5), meters=[archived])
    record(sqlite, event("2", 7, recorded_at=NOON + timedelta(hours=2)), meters=[])

    progress = move((sqlite, clickhouse_store), meters=[archived])

    assert compare((sqlite, clickhouse_store), progress, meters=[archived]).is_equal
