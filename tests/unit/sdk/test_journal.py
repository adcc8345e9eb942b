"""A journal: what was written is there after a crash, comes in order, and stays until it was delivered."""

from __future__ import annotations

import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing_sdk import Journal
from billing_sdk.errors import InvalidSetting, JournalFull, Unreachable
from tests.contract.test_usecases_at_once import at_once
from tests.unit.sdk.test_fork import holds_in_a_child

EVENT = {"source": "test", "id": "1", "data": {"value": "0.5", "note": "grün"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal is."""
    return tmp_path / "usage.journal"


def ids(journal: Journal) -> list[str]:
    return [event["id"] for _, event in journal.pending()]


def numbered(count: int) -> list[dict[str, Any]]:
    return [{**EVENT, "id": str(number)} for number in range(count)]


def test_what_was_written_is_there_for_whoever_opens_the_file_next_in_the_order_in_which_it_came(path: Path) -> None:
    Journal(path).append(EVENT)
    Journal(path).append_many([{**EVENT, "id": "2"}, {**EVENT, "id": "3"}])
    assert next(Journal(path).pending()) == (1, EVENT)
    assert ids(Journal(path)) == ["1", "2", "3"]


def test_what_was_delivered_is_gone_and_its_number_is_never_given_again(path: Path) -> None:
    journal = Journal(path)
    numbers = journal.append_many(numbered(3))
    journal.done(*numbers)
    journal.done(*numbers, 99)
    assert (len(journal), ids(journal)) == (0, [])
    assert journal.append(EVENT) == numbers[-1] + 1


def test_more_than_is_read_at_once_comes_all_the_same(path: Path) -> None:
    journal = Journal(path)
    journal.append_many(numbered(1_234))
    assert ids(journal) == [str(number) for number in range(1_234)]


def test_nobody_but_its_owner_may_read_it(path: Path) -> None:
    Journal(path).append(EVENT)
    files = list(path.parent.iterdir())
    assert len(files) >= 2
    assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in files} == {0}


def test_a_link_that_somebody_has_put_there_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreachable):
        Journal(path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_journal_refuses_more_and_keeps_what_it_has(path: Path) -> None:
    journal = Journal(path, max_bytes=65_536)
    large = {**EVENT, "data": "x" * 10_000}
    with pytest.raises(JournalFull):
        journal.append_many([large] * 100)
    journal.append_many([large] * 2)
    with pytest.raises(JournalFull):
        journal.append_many([large] * 5)
    assert len(journal) == 2
    journal.done(*(number for number, _ in journal.pending()))
    assert journal.append(large)


@pytest.mark.parametrize("event", [{"value": Decimal(1)}, {"value": float("nan")}, {"value": {1}}], ids=str)
def test_of_events_of_which_one_is_no_json_none_is_written(path: Path, event: dict[str, Any]) -> None:
    journal = Journal(path)
    with pytest.raises((TypeError, ValueError)):
        journal.append_many([EVENT, event])
    assert len(journal) == 0


def test_threads_that_write_at_once_lose_nothing(path: Path) -> None:
    journal = Journal(path)
    numbers = at_once(lambda number: journal.append({**EVENT, "id": str(number)}), 8)
    assert sorted(numbers) == list(range(1, 9))
    assert sorted(ids(journal)) == [str(number) for number in range(8)]


def test_a_process_that_was_forked_off_writes_to_the_same_journal(path: Path) -> None:
    journal = Journal(path)
    journal.append(EVENT)
    assert holds_in_a_child(lambda: journal.append({**EVENT, "id": "child"}) == 2)
    assert ids(journal) == ["1", "child"]


def test_an_event_that_can_not_be_read_any_more_does_not_stop_the_others(path: Path) -> None:
    journal = Journal(path)
    journal.append_many(numbered(3))
    with journal._connected() as connection:
        connection.execute("UPDATE journal SET event = '{\"id\": ' WHERE number = 2")
    assert (ids(journal), len(journal)) == (["0", "2"], 2)


def test_what_is_no_journal_is_not_taken_for_one(path: Path) -> None:
    path.write_bytes(os.urandom(8_192))
    with pytest.raises(Unreachable):
        Journal(path)
    with pytest.raises(InvalidSetting):
        Journal(path, max_bytes=1)
