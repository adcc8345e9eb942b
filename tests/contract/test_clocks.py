"""Test clocks: they move their own customers only, and everything that falls due on the way happens in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from billing_sdk.errors import (
    ClockMovedBack,
    ClockNotAllowed,
    ClockStopped,
    ConfigurationError,
    Conflict,
    InvalidRequest,
    LimitReached,
    NotFound,
)
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.timers import TestClock, Timer, TimerKind
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.storage.tables.timers import test_clocks
from billing_sdk.server.usecases import advance_clock as advancing
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.choose_sign_up_clock import choose_sign_up_clock
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.delete_clock import delete_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.live_environment import refuse_test_clocks
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.timer_handlers import HANDLERS
from tests.databases import copy_sqlite
from tests.engines import NOON, advance, card, engine_on, payer, person

DAY = timedelta(days=1)
KINDS = ("change", "cancel", "trial_end", "renew")


@pytest.fixture
def engine(sqlite_catalogue, tmp_path):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    with engine_on(f"sqlite:///{tmp_path / 'billing.db'}") as opened:
        yield opened


@pytest.fixture
def ran(monkeypatch):
    """What ran, and when by its customer's time; nothing else comes of it."""
    log: list[tuple[str, str, datetime]] = []

    def note(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
            log.append((timer.kind, timer.subject_id, engine.now_for(tx, tx.customers.get(timer.customer_id))))

    for kind in KINDS:
        monkeypatch.setitem(HANDLERS, kind, note)
    return log


def on_clock(engine: Engine, clock: TestClock, email: str = "bo@example.com") -> Customer:
    return become_customer(engine, user_id=person(engine, email), billing_email=email, clock_id=clock.id)


def set_timers(engine: Engine, customer: Customer, *timers: tuple[TimerKind, str, datetime]) -> None:
    with engine.begin() as tx:
        for kind, subject_id, due_at in timers:
            tx.timers.set(kind, subject_id, due_at, customer)


def time_of(engine: Engine, customer: Customer) -> datetime:
    with engine.read() as tx:
        return engine.now_for(tx, customer)


def waiting(engine: Engine, customer: Customer) -> list[tuple[str, str]]:
    with engine.read() as tx:
        return [(timer.kind, timer.subject_id) for timer in tx.timers.of_customer(customer.id)]


def stored(engine: Engine, clock: TestClock) -> TestClock:
    with engine.read() as tx:
        return tx.clocks.get(clock.id)


@pytest.mark.attack(191)
def test_a_clock_moves_its_own_customers_and_nobody_else(engine, ran):
    clock, other = create_clock(engine, at=NOON), create_clock(engine, at=NOON)
    here, there, outside = on_clock(engine, clock), on_clock(engine, other, "cy@example.com"), payer(engine)
    for customer in (here, there, outside):
        set_timers(engine, customer, ("renew", customer.id, NOON + DAY))

    advance_clock(engine, clock.id, to=NOON + 400 * DAY)

    assert (time_of(engine, here), time_of(engine, there), time_of(engine, outside)) == (NOON + 400 * DAY, NOON, NOON)
    assert [subject for _, subject, _ in ran] == [here.id]
    assert run_due(engine) == 0


def test_everything_due_on_the_way_runs_in_order_each_at_its_own_instant(engine, ran):
    clock = create_clock(engine, at=NOON)
    one, two = on_clock(engine, clock), on_clock(engine, clock, "cy@example.com")
    set_timers(
        engine, one, ("renew", "a", NOON + 2 * DAY), ("cancel", "a", NOON + 2 * DAY), ("change", "b", NOON + DAY)
    )
    set_timers(engine, two, ("change", "c", NOON + 2 * DAY), ("trial_end", "c", NOON + 2 * DAY), ("renew", "d", NOON))
    set_timers(engine, two, ("cancel", "e", NOON + 3 * DAY + timedelta(microseconds=1)))

    arrived = advance_clock(engine, clock.id, by=3 * DAY)

    assert ran == [
        ("renew", "d", NOON),
        ("change", "b", NOON + DAY),
        ("change", "c", NOON + 2 * DAY),
        ("cancel", "a", NOON + 2 * DAY),
        ("trial_end", "c", NOON + 2 * DAY),
        ("renew", "a", NOON + 2 * DAY),
    ]
    assert (arrived.status, arrived.frozen_at, arrived.target_at) == ("ready", NOON + 3 * DAY, None)
    assert waiting(engine, two) == [("cancel", "e")]


def test_what_a_timer_sets_anew_runs_again_on_the_same_way(engine, ran, monkeypatch):
    clock = create_clock(engine, at=NOON)
    customer = on_clock(engine, clock)

    def renew(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)
            tx.timers.set("renew", timer.subject_id, timer.due_at + 30 * DAY, customer)
        ran.append(("renew", timer.subject_id, timer.due_at))

    monkeypatch.setitem(HANDLERS, "renew", renew)
    set_timers(engine, customer, ("renew", "a", NOON + 30 * DAY))

    advance_clock(engine, clock.id, by=95 * DAY)

    assert [at for _, _, at in ran] == [NOON + 30 * DAY, NOON + 60 * DAY, NOON + 90 * DAY]


@pytest.mark.parametrize("way", [{"to": NOON - timedelta(microseconds=1)}, {"by": -DAY}])
def test_a_clock_that_is_moved_back_stays_where_it_is_and_nothing_is_written(engine, ran, way):
    clock = create_clock(engine, at=NOON)
    set_timers(engine, on_clock(engine, clock), ("renew", "a", NOON - DAY))

    with pytest.raises(ClockMovedBack):
        advance_clock(engine, clock.id, **way)

    with engine.read() as tx:
        assert [record["action"] for record in tx.audit.of(clock.id)] == ["clock.create"]
    assert (stored(engine, clock), ran) == (clock, [])


@pytest.mark.parametrize(
    "way", [{}, {"to": NOON, "by": DAY}, {"to": NOON.replace(tzinfo=None)}, {"by": timedelta(days=3_000_000)}]
)
def test_a_clock_that_is_told_nothing_that_it_could_do_stays_where_it_is(engine, way):
    clock = create_clock(engine, at=NOON)

    with pytest.raises(InvalidRequest):
        advance_clock(engine, clock.id, **way)

    assert stored(engine, clock) == clock


def test_a_timer_that_fails_stops_the_clock_at_its_instant_and_the_next_advance_goes_on_from_there(
    engine, ran, monkeypatch
):
    clock = create_clock(engine, at=NOON)
    customer = on_clock(engine, clock)
    set_timers(
        engine,
        customer,
        ("change", "a", NOON + DAY),
        ("trial_end", "b", NOON + 2 * DAY),
        ("renew", "c", NOON + 3 * DAY),
    )
    healthy = HANDLERS["trial_end"]

    def fail(_engine: Engine, _timer: Timer) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(HANDLERS, "trial_end", fail)
    with pytest.raises(ClockStopped) as stopped:
        advance_clock(engine, clock.id, to=NOON + 9 * DAY)

    assert (stopped.value.facts["kind"], stopped.value.facts["subject"]) == ("trial_end", "b")
    assert (stored(engine, clock).status, time_of(engine, customer)) == ("advancing", NOON + 2 * DAY)
    monkeypatch.setitem(HANDLERS, "trial_end", healthy)
    assert advance_clock(engine, clock.id).frozen_at == NOON + 9 * DAY
    assert [subject for _, subject, _ in ran] == ["a", "b", "c"]


def test_a_timer_that_meets_a_change_under_way_is_tried_again_before_the_clock_stops(engine, ran, monkeypatch):
    clock = create_clock(engine, at=NOON)
    set_timers(engine, on_clock(engine, clock), ("renew", "a", NOON + DAY))
    healthy, refusals = HANDLERS["renew"], [Conflict("a change is under way"), Conflict("it still is")]

    def renew(engine: Engine, timer: Timer) -> None:
        if refusals:
            raise refusals.pop()
        healthy(engine, timer)

    monkeypatch.setitem(HANDLERS, "renew", renew)
    monkeypatch.setattr(advancing, "PAUSES_SECONDS", (0, 0))

    assert advance_clock(engine, clock.id, by=2 * DAY).status == "ready"
    refusals.extend(Conflict("for ever") for _ in range(3))
    set_timers(engine, on_clock(engine, clock, "cy@example.com"), ("renew", "b", NOON + 3 * DAY))
    with pytest.raises(ClockStopped):
        advance_clock(engine, clock.id, by=2 * DAY)


def test_a_clock_whose_mover_died_goes_on_when_its_lease_has_run_out_and_not_before(engine, ran, monkeypatch):
    clock = create_clock(engine, at=NOON)
    customer = on_clock(engine, clock)
    set_timers(engine, customer, ("change", "a", NOON + DAY), ("renew", "b", NOON + 2 * DAY))
    with engine.begin() as tx:  # as a process leaves it that was killed while a handler ran
        out = clock.set_out(NOON + 5 * DAY, now=engine.now(), leased_until=engine.now() + timedelta(minutes=1))
        tx.clocks.set_out(out)
        tx.timers.take_on_clock(clock.id, until=NOON + 5 * DAY, leased_until=engine.now() + timedelta(minutes=1))
        tx.clocks.save(out.moved(NOON + DAY, leased_until=engine.now() + timedelta(minutes=1)))

    with pytest.raises(Conflict):
        advance_clock(engine, clock.id)
    assert ran == []
    advance(engine, minutes=2)
    assert advance_clock(engine, clock.id).frozen_at == NOON + 5 * DAY
    assert [subject for _, subject, _ in ran] == ["a", "b"]


def test_whoever_was_overtaken_on_the_way_moves_the_clock_no_further(engine):
    clock = create_clock(engine, at=NOON)
    with engine.begin() as tx:
        slow = clock.set_out(NOON + DAY, now=NOON, leased_until=NOON)
        tx.clocks.set_out(slow)
    advance_clock(engine, clock.id, to=NOON + 2 * DAY)

    with pytest.raises(Conflict), engine.begin() as tx:
        tx.clocks.save(slow.moved(NOON + DAY, leased_until=NOON))
    assert stored(engine, clock).frozen_at == NOON + 2 * DAY


@pytest.mark.attack(191)
def test_a_live_environment_has_no_test_clocks(engine):
    clock = create_clock(engine, at=NOON)
    live = replace(
        engine, settings=replace(engine.settings, environment="live", base_url="https://billing.example.com")
    )

    with pytest.raises(ClockNotAllowed):
        create_clock(live)
    with pytest.raises(ClockNotAllowed):
        advance_clock(live, clock.id, by=DAY)
    with pytest.raises(ClockNotAllowed):
        on_clock(live, clock)


@pytest.mark.attack(191)
def test_a_live_environment_does_not_start_on_a_database_with_test_clocks(engine):
    live = replace(
        engine, settings=replace(engine.settings, environment="live", base_url="https://billing.example.com")
    )
    refuse_test_clocks(live)
    create_clock(engine, at=NOON)

    refuse_test_clocks(engine)
    with pytest.raises(ConfigurationError, match="test clocks"):
        refuse_test_clocks(live)


def test_a_clock_goes_by_months_as_a_calendar_does(engine):
    clock = create_clock(engine, at=NOON)

    assert advance_clock(engine, clock.id, by=Cadence("month")).frozen_at == NOON + 28 * DAY
    assert advance_clock(engine, clock.id, by=Cadence("year", 2)).frozen_at == NOON.replace(2028, 2, 28)


def test_a_clock_keeps_taking_sign_ups_while_somebody_moves_it(engine, ran):
    clock = create_clock(engine, at=NOON)
    out = clock.set_out(NOON + DAY, now=NOON, leased_until=NOON)
    with engine.begin() as tx:
        tx.clocks.set_out(out)
    choose_sign_up_clock(engine, clock.id)
    with engine.begin() as tx:
        tx.clocks.save(out.moved(NOON + DAY, leased_until=NOON))

    assert stored(engine, clock).takes_sign_ups


def test_a_customer_can_not_be_made_on_a_clock_that_is_not_there(engine):
    user_id = person(engine)

    with pytest.raises(NotFound):
        become_customer(engine, user_id=user_id, billing_email="ada@example.com", clock_id="clock_none")

    with engine.read() as tx:
        assert tx.customers.find_by_user(user_id) is None


def test_whatever_belongs_to_a_customer_hangs_on_the_customers_row_and_is_deleted_with_the_clock():
    hanging = {test_clocks.name}
    for table in metadata.sorted_tables:
        if {key.column.table.name for key in table.foreign_keys} & hanging:
            hanging.add(table.name)
    owned = {"customer_id", "agreement_id", "invoice_id"}
    owning = {table.name for table in metadata.sorted_tables if owned & set(table.c.keys())}

    # Events have been told to others, and stay with the numbers that say how many there were.
    assert owning - hanging == {"events", "event_counters", "webhook_deliveries"}


def test_deleting_a_clock_takes_its_customers_along_and_nobody_else(engine, ran):
    clock = create_clock(engine, at=NOON)
    gone, stays = on_clock(engine, clock), payer(engine)
    for customer in (gone, stays):
        agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="5")
    add_card(engine, customer_id=gone.id, card=card())
    subscribe(engine, customer_id=gone.id, plan_key="pro_monthly")
    set_timers(engine, gone, ("renew", "a", NOON))

    assert delete_clock(engine, clock.id) == 1

    with engine.read() as tx:
        assert tx.customers.find_by_user(gone.user_id or "") is None
        assert [agreement.plan_key for agreement in tx.agreements.live_of(stays.id)] == ["free"]
        assert tx.agreements.live_of(gone.id) == ()
    with pytest.raises(NotFound):
        advance_clock(engine, clock.id, by=DAY)
    assert become_customer(engine, user_id=gone.user_id, billing_email="bo@example.com").clock_id is None


@pytest.mark.attack(191)
def test_a_customer_on_a_clock_agrees_uses_and_pays_in_the_clocks_time(engine):
    clock = create_clock(engine, at=NOON + 100 * DAY)
    customer = on_clock(engine, clock)
    add_card(engine, customer_id=customer.id, card=card())
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance_clock(engine, clock.id, to=NOON + 110 * DAY)
    reading = record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="5")
    held = reserve_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", units="5")

    with engine.read() as tx:
        [invoice] = tx.invoices.newest_of(customer.id)
        occurred = {event.occurred_at for event in tx.outbox.list(customer_id=customer.id)}
    assert customer.created_at == agreement.started_at == invoice.issued_at == NOON + 100 * DAY
    assert reading.used_at == reading.recorded_at == held.reserved_at == NOON + 110 * DAY
    assert occurred == {NOON + 100 * DAY, NOON + 110 * DAY}


def test_a_reservation_of_a_customer_on_a_clock_expires_by_the_clock(engine):
    clock = create_clock(engine, at=NOON)
    agreement = subscribe(engine, customer_id=on_clock(engine, clock).id, plan_key="free")
    limit = {"agreement_id": agreement.id, "feature_key": "ai_tokens"}
    reserve_usage(engine, units="1000", **limit)

    advance(engine, days=1)
    with pytest.raises(LimitReached):
        reserve_usage(engine, units="1", **limit)
    advance_clock(engine, clock.id, by=DAY)
    assert reserve_usage(engine, units="1", **limit).status == "held"


def test_events_of_a_customer_on_a_clock_go_out_at_once_and_the_audit_keeps_real_time(engine):
    register_endpoint(
        engine, url="https://hooks.example.com/", name="Hooks", event_types=("customer.agreement_created",)
    )
    clock = create_clock(engine, at=NOON + 1_000 * DAY)
    agreement = subscribe(engine, customer_id=on_clock(engine, clock).id, plan_key="free")

    with engine.read() as tx:
        [delivery] = tx.deliveries.list()
        [event] = tx.outbox.list(types=["customer.agreement_created"])
        [record] = tx.audit.of(agreement.id)
    assert (delivery.queued_at, delivery.due_at, record["at"]) == (NOON, NOON, NOON)
    assert event.occurred_at == NOON + 1_000 * DAY
