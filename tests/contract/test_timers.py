"""The worker loop: what is due happens once, in order, however many look for it and whatever fails."""

from __future__ import annotations

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import get_args

import httpx
import pytest

from billing_sdk.cli.doctor import examine
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.timers import Timer, TimerKind
from billing_sdk.server.storage.timers import TimerTaken
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.obsolete import Obsolete
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.run_timer import HandlerFault, run_timer
from billing_sdk.server.usecases.timer_handlers import HANDLERS, TOGETHER
from billing_sdk.server.usecases.timer_worker import TimerWorker
from tests.databases import copy_sqlite
from tests.engines import NOON, advance, engine_on, payer, person
from tests.serving import serving
from tests.waiting import wait_until

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def here(sqlite_catalogue, tmp_path):
    """An engine on SQLite, for what does not depend on the database."""
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    with engine_on(f"sqlite:///{tmp_path / 'billing.db'}") as opened:
        yield opened


@pytest.fixture
def handle(monkeypatch):
    """Register a handler for the length of a test."""

    def register(kind: TimerKind, handler) -> None:
        monkeypatch.setitem(HANDLERS, kind, handler)
        monkeypatch.delitem(TOGETHER, kind, raising=False)

    return register


@pytest.fixture
def ran(handle):
    """The subjects of what ran; nothing else comes of it."""
    log: list[tuple[str, str]] = []

    def note(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
        log.append((timer.kind, timer.subject_id))

    for kind in ("change", "cancel", "trial_end", "renew"):
        handle(kind, note)
    return log


def customer_of(engine: Engine, email: str) -> Customer:
    return payer(engine, email, number=None)


def set_timer(engine: Engine, customer: Customer, kind: TimerKind, subject_id: str, due_at=NOON) -> Timer:
    with engine.begin() as tx:
        return tx.timers.set(kind, subject_id, due_at, customer)


def waiting(engine: Engine, customer: Customer) -> list[tuple[str, str]]:
    with engine.read() as tx:
        return [(timer.kind, timer.subject_id) for timer in tx.timers.of_customer(customer.id)]


def fail(_engine: Engine, _timer: Timer) -> None:
    raise ZeroDivisionError


def test_what_is_due_runs_in_order_and_what_is_not_waits(engine, ran):
    ada = customer_of(engine, "ada@example.com")
    set_timer(engine, ada, "renew", "a")
    set_timer(engine, ada, "cancel", "a")
    set_timer(engine, ada, "change", "a")
    set_timer(engine, ada, "renew", "b", NOON - HOUR)
    set_timer(engine, ada, "renew", "c", NOON + SECOND)

    assert run_due(engine) == 4

    assert ran == [("renew", "b"), ("change", "a"), ("cancel", "a"), ("renew", "a")]
    assert waiting(engine, ada) == [("renew", "c")]


def test_a_subject_has_one_timer_of_a_kind_and_the_last_one_counts(engine, ran):
    ada = customer_of(engine, "ada@example.com")
    set_timer(engine, ada, "renew", "a", NOON - HOUR)
    set_timer(engine, ada, "renew", "a", NOON + HOUR)

    assert run_due(engine) == 0
    advance(engine, hours=1)
    assert run_due(engine) == 1


def test_what_was_cleared_does_not_happen(engine, ran):
    ada = customer_of(engine, "ada@example.com")
    for kind in ("change", "cancel", "renew"):
        set_timer(engine, ada, kind, "a")
    set_timer(engine, ada, "renew", "b")
    with engine.begin() as tx:
        tx.timers.clear("a", "change")
        assert tx.timers.find("cancel", "a") is not None
        tx.timers.clear("a")

    run_due(engine)

    assert ran == [("renew", "b")]


def test_a_timer_that_fails_rests_longer_each_time_and_is_logged_without_what_it_was_asked(here, handle, ran, caplog):
    ada = customer_of(here, "ada@example.com")
    handle("change", fail)
    set_timer(here, ada, "change", "a")

    with caplog.at_level(logging.ERROR):
        assert run_due(here) == run_due(here) == 0
        advance(here, seconds=5)
        run_due(here)
        advance(here, seconds=29)
        run_due(here)

    assert [record.getMessage().partition("(change of a) ")[2] for record in caplog.records] == [
        "failed at attempt 1 (ZeroDivisionError); trying again in 0:00:05",
        "failed at attempt 2 (ZeroDivisionError); trying again in 0:00:30",
    ]
    assert all(record.exc_info is None for record in caplog.records)


def test_a_timer_that_fails_holds_up_what_follows_for_its_customer_and_nobody_else(engine, handle, ran):
    ada, bo = customer_of(engine, "ada@example.com"), customer_of(engine, "bo@example.com")
    healthy = HANDLERS["change"]
    handle("change", fail)
    set_timer(engine, ada, "change", "a")
    set_timer(engine, ada, "renew", "a")
    set_timer(engine, bo, "renew", "b", NOON)

    run_due(engine)
    assert ran == [("renew", "b")]
    handle("change", healthy)
    advance(engine, seconds=5)
    run_due(engine)
    assert ran == [("renew", "b"), ("change", "a"), ("renew", "a")]


def test_a_handler_that_leaves_its_timer_in_place_has_failed(here, handle):
    ada = customer_of(here, "ada@example.com")
    handle("renew", lambda _engine, _timer: None)
    timer = set_timer(here, ada, "renew", "a")

    with pytest.raises(HandlerFault, match="left its timer in place"):
        run_timer(here, timer)


def test_a_handler_that_sets_its_timer_to_the_same_instant_has_failed(here, handle):
    ada = customer_of(here, "ada@example.com")

    def forever(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
            tx.timers.set("renew", timer.subject_id, timer.due_at, ada)

    handle("renew", forever)
    with pytest.raises(HandlerFault, match="without moving it on"):
        run_timer(here, set_timer(here, ada, "renew", "a"))


def test_a_kind_that_nobody_handles_is_a_failure_and_not_forgotten(here, monkeypatch, caplog):
    ada = customer_of(here, "ada@example.com")
    monkeypatch.delitem(HANDLERS, "renew")
    set_timer(here, ada, "renew", "a")

    run_due(here)

    assert "nothing is registered" in caplog.text
    assert waiting(here, ada) == [("renew", "a")]


def test_every_kind_of_timer_has_a_handler():
    assert set(HANDLERS) == set(get_args(TimerKind))


def test_a_timer_whose_subject_is_gone_is_dropped_with_a_line_in_the_log(here, handle, caplog):
    ada = customer_of(here, "ada@example.com")

    def obsolete(_engine: Engine, _timer: Timer) -> None:
        raise Obsolete("the agreement has ended")

    handle("renew", obsolete)
    set_timer(here, ada, "renew", "a")

    assert run_due(here) == 1
    assert "(renew of a) is dropped: the agreement has ended" in caplog.text
    assert waiting(here, ada) == []


def test_the_effect_and_the_removal_of_the_timer_are_kept_together_or_not_at_all(engine, handle):
    ada = customer_of(engine, "ada@example.com")
    timer = set_timer(engine, ada, "renew", "a")

    def half(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
            tx.timers.set("renew", "b", NOON + HOUR, ada)
            raise ZeroDivisionError

    handle("renew", half)
    with pytest.raises(ZeroDivisionError):
        run_timer(engine, timer)

    assert waiting(engine, ada) == [("renew", "a")]


def test_what_a_worker_does_whose_timer_was_replaced_meanwhile_is_undone(engine, handle, ran):
    ada = customer_of(engine, "ada@example.com")

    def slow(engine: Engine, timer: Timer) -> None:
        set_timer(engine, ada, "change", "a", NOON + HOUR)  # somebody plans something else
        with engine.begin() as tx:
            tx.timers.set("renew", "effect", NOON, ada)
            tx.timers.done(timer)

    handle("change", slow)
    set_timer(engine, ada, "change", "a")
    run_due(engine)

    assert waiting(engine, ada) == [("change", "a")]


@pytest.mark.attack(190)
def test_a_timer_whose_worker_died_is_taken_up_after_its_lease_and_the_dead_can_not_finish_it(engine, ran):
    ada = customer_of(engine, "ada@example.com")
    set_timer(engine, ada, "renew", "a")
    with engine.begin() as tx:
        held = tx.timers.claim(now=NOON, leased_until=NOON + HOUR)
    assert held is not None

    assert run_due(engine) == 0
    advance(engine, hours=1)
    with engine.begin() as tx:
        taken = tx.timers.claim(now=engine.now(), leased_until=engine.now() + HOUR)
    assert taken is not None
    with pytest.raises(TimerTaken), engine.begin() as tx:
        tx.timers.done(held)
    with engine.begin() as tx:
        tx.timers.done(taken)


def test_customers_on_a_test_clock_are_none_of_the_workers_business(here, ran):
    clock = create_clock(here, at=NOON - 30 * 24 * HOUR)
    ada = become_customer(here, user_id=person(here), billing_email="ada@example.com", clock_id=clock.id)
    set_timer(here, ada, "renew", "a", NOON - 31 * 24 * HOUR)

    assert run_due(here) == 0
    assert waiting(here, ada) == [("renew", "a")]


def test_a_worker_that_is_told_to_stop_begins_nothing_more(here, ran):
    ada = customer_of(here, "ada@example.com")
    set_timer(here, ada, "renew", "a")
    set_timer(here, ada, "renew", "b")

    assert run_due(here, is_stopping=lambda: bool(ran)) == 1


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_two_workers_never_hold_one_timer_and_do_not_wait_for_each_other(engine, handle):
    ada, bo = customer_of(engine, "ada@example.com"), customer_of(engine, "bo@example.com")
    set_timer(engine, ada, "renew", "a")
    set_timer(engine, bo, "renew", "b")
    with engine.begin() as tx, engine.begin() as other:
        held = tx.timers.claim(now=NOON, leased_until=NOON + HOUR)
        also_held = other.timers.claim(now=NOON, leased_until=NOON + HOUR)

    assert held is not None
    assert also_held is not None
    assert {held.subject_id, also_held.subject_id} == {"a", "b"}


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_many_workers_run_each_timer_once_and_each_customers_in_order(engine, handle):
    customers = [customer_of(engine, f"{name}@example.com") for name in ("ada", "bo", "cy")]
    for customer in customers:
        for number in range(8):
            set_timer(engine, customer, "renew", f"{customer.id}/{number}", NOON - HOUR + number * SECOND)
    ran: list[tuple[str, str]] = []

    def note(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
            ran.append((timer.customer_id, timer.subject_id))

    handle("renew", note)
    together = Barrier(4)

    def work(_: int) -> int:
        together.wait()
        return run_due(engine)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(work, range(4)))
    run_due(engine)  # what a worker found taken that was done a moment later

    assert Counter(subject for _, subject in ran).most_common(1)[0][1] == 1
    assert sum(counts) <= len(ran) == 24
    for customer in customers:
        subjects = [subject for owner, subject in ran if owner == customer.id]
        assert subjects == sorted(subjects)


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_worker_with_much_to_do_works_on_several_customers_at_once(engine, handle):
    customers = [customer_of(engine, f"{name}@example.com") for name in ("ada", "bo")]
    together = Barrier(2, timeout=60)

    def meet(engine: Engine, timer: Timer) -> None:
        if timer.subject_id.startswith("first"):
            together.wait()  # which breaks, and with it the handler, unless the other customer's is running
        with engine.begin() as tx:
            tx.timers.done(timer)

    handle("renew", meet)
    for customer in customers:
        set_timer(engine, customer, "renew", f"first of {customer.id}", NOON - HOUR)
        for number in range(12):
            set_timer(engine, customer, "renew", f"{number} of {customer.id}")
    worker = TimerWorker(engine)

    worker.look()

    assert worker.backlog.count == 0


def test_a_worker_knows_how_late_the_oldest_timer_is_and_says_so(here, handle, caplog):
    ada = customer_of(here, "ada@example.com")
    handle("renew", fail)
    set_timer(here, ada, "renew", "a", NOON - HOUR)
    worker = TimerWorker(here)

    worker.look()

    assert (worker.backlog.count, worker.backlog.lag, worker.backlog.is_late) == (1, HOUR, True)
    assert "1 timers are due, renew of a for 1:00:00" in caplog.text


def test_a_server_runs_what_is_due_while_it_serves(sqlite_catalogue, tmp_path, ran):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    with serving(f"sqlite:///{tmp_path / 'billing.db'}", timer_seconds=1) as server:
        set_timer(server.engine, customer_of(server.engine, "cy@example.com"), "renew", "a")

        wait_until(lambda: ran == [("renew", "a")])

        [lag] = httpx.get(f"{server.base_url}/health", timeout=60).json()["checks"]["timers:lag"]
    assert lag["observedUnit"] == "s"


def test_the_doctor_names_what_has_been_due_for_long(here, monkeypatch):
    ada = customer_of(here, "ada@example.com")
    set_timer(here, ada, "renew", "agreement_1", datetime.now(UTC) - 2 * HOUR)

    found = [finding.what for finding in examine(here.settings.database_url, here.settings.base_url)]

    assert any("renew of agreement_1 has been due for 2:" in what for what in found)
