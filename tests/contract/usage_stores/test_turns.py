"""Whoever appends to a store that has no locks of its own does so alone, also among processes."""

from __future__ import annotations

import pytest

from billing_sdk.errors import ServerBusy
from billing_sdk.server.storage.usage_stores import turns, turns_at


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_kind(request):
    return request.param


@pytest.fixture
def of_two_processes(engine, monkeypatch):
    """The turns of two processes that share a main database, and have no patience."""
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0.05)
    return turns_at(engine.database._engine), turns_at(engine.database._engine)


def test_one_process_appends_while_another_waits_and_gets_its_turn_after_it(of_two_processes):
    first, second = of_two_processes

    with first(), pytest.raises(ServerBusy), second():
        pass
    with second():
        pass


def test_a_process_whose_append_fails_lets_go_of_its_turn(of_two_processes):
    first, second = of_two_processes

    with pytest.raises(RuntimeError, match="went wrong"), first():
        raise RuntimeError("it went wrong")
    with second():
        pass


def test_the_threads_of_a_process_take_turns(memory_engine, monkeypatch):
    monkeypatch.setattr(turns, "WAIT_SECONDS", 0)
    turn = turns_at(memory_engine.database._engine)

    with turn(), pytest.raises(ServerBusy), turn():
        pass
    with turn():
        pass
