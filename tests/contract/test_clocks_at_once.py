"""Whoever moves one clock at the same time, on a real PostgreSQL: it goes forward once, and everything happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from billing_sdk.errors import ClockMovedBack, Conflict
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.timer_handlers import HANDLERS
from tests.engines import NOON, person

DAY = timedelta(days=1)


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_of_many_who_move_a_clock_at_once_each_is_told_what_became_of_it_and_nothing_happens_twice(engine, monkeypatch):
    clock = create_clock(engine, at=NOON)
    customer = become_customer(engine, user_id=person(engine), billing_email="ada@example.com", clock_id=clock.id)
    with engine.begin() as tx:
        for number in range(20):
            tx.timers.set("renew", f"agreement_{number:02d}", NOON + number * DAY, customer)
    ran: list[str] = []

    def note(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
            assert engine.now_for(tx, customer) == timer.due_at
        ran.append(timer.subject_id)

    monkeypatch.setitem(HANDLERS, "renew", note)
    together = Barrier(4)

    def move(days: int) -> str:
        together.wait()
        try:
            return advance_clock(engine, clock.id, to=NOON + days * DAY).status
        except (Conflict, ClockMovedBack) as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(move, (19, 20, 21, 22)))

    arrived = advance_clock(engine, clock.id, to=NOON + 23 * DAY)
    assert "ready" in outcomes
    assert set(outcomes) <= {"ready", "conflict", "clock_moved_back"}
    assert ran == [f"agreement_{number:02d}" for number in range(20)]
    assert (arrived.status, arrived.frozen_at) == ("ready", NOON + 23 * DAY)
