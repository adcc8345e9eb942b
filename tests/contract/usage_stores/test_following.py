"""Whoever follows hears of every change once, in the order in which it was committed."""

from __future__ import annotations

import threading

import pytest

from billing_sdk.server.domain.metering import Correction
from tests.metering import DAY, NOON, event, measured, meter

TOKENS = meter()


def test_changes_say_whose_usage_is_different_from_when_on(store):
    with store.begin() as log:
        sent = [event("1"), event("2", at=DAY), event("3", subject="customer_2"), event("1")]
        log.append(measured(sent, [TOKENS]), [TOKENS])
    with store.begin(read_only=True) as log:
        changes, place = log.changes(after=0, limit=100)
        after, same = log.changes(after=place, limit=100)

    assert [(one.type, one.subject, one.since, one.source) for one in changes] == [
        ("tokens", "customer_1", DAY, "app"),
        ("tokens", "customer_2", NOON, "app"),
    ]
    assert (after, same) == ((), place)


def test_a_correction_is_a_change(store):
    with store.begin() as log:
        log.append(measured([event("1", at=DAY)], [TOKENS]), [TOKENS])
    with store.begin() as log:
        _, place = log.changes(after=0, limit=100)
        log.correct(Correction("app", "1", None, "a mistake", "test", NOON), [TOKENS])
    with store.begin(read_only=True) as log:
        [change] = log.changes(after=place, limit=100)[0]

    assert (change.subject, change.since) == ("customer_1", DAY)


def test_few_at_a_time_come_to_the_same(store):
    with store.begin() as log:
        for number in range(1, 8):
            log.append(measured([event("0"), event(str(number), subject=f"customer_{number}")], [TOKENS]), [TOKENS])
    place, found = 0, []
    with store.begin(read_only=True) as log:
        while (following := log.changes(after=place, limit=2))[1] != place:
            changes, place = following
            found += [change.subject for change in changes]

    assert sorted(found) == [f"customer_{number}" for number in range(1, 8)]


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_nothing_that_commits_late_has_an_early_place(store):
    done = threading.Event()

    def append() -> None:
        with store.begin() as log:
            log.append(measured([event("2", subject="customer_2")], [TOKENS]), [TOKENS])
        done.set()

    with store.begin() as log:
        log.append(measured([event("1")], [TOKENS]), [TOKENS])
        other = threading.Thread(target=append)
        other.start()
        with store.begin(read_only=True) as reader:
            assert reader.changes(after=0, limit=10) == ((), 0)
        assert not done.wait(0)
    other.join()
    with store.begin(read_only=True) as reader:
        assert [one.event.id for one in reader.events()] == ["1", "2"]
