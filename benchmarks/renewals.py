"""Three years of monthly renewals of one customer: usage recorded each month, billed, charged and announced."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.timers import TestClock as Clock
from billing_sdk.server.gateways import CardEntry, ManagedGateway
from billing_sdk.server.sealing_keys import sealer_for
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from billing_sdk.server.usecases.subscribe import subscribe

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
YEARS = 3
Seconds = tuple[float, float]
ROUNDS = 7


def measure() -> list[tuple[str, str]]:
    """Return what was measured, a name and a figure each."""
    with tempfile.TemporaryDirectory() as folder:
        return [
            figure
            for place, url in (
                ("SQLite in memory", "sqlite:///:memory:"),
                ("SQLite on disk", f"sqlite:///{Path(folder) / 'billing.db'}"),
            )
            for figure in _measure_on(url, place)
        ]


def _measure_on(database_url: str, place: str) -> list[tuple[str, str]]:
    engine = fresh_engine(database_url)
    at_once = [_at_once(engine, f"once{number}") for number in range(ROUNDS)]
    by_month = [_month_by_month(engine, f"month{number}") for number in range(ROUNDS)]
    engine.database.close()
    return [
        (f"three years of monthly renewals of one customer, {place}", _shown(at_once)),
        ("the same month by month, with usage recorded in each", _shown(by_month)),
    ]


def _shown(rounds: list[Seconds]) -> str:
    wall, processor = (statistics.median(seconds) for seconds in zip(*rounds, strict=True))
    return f"{wall:.2f} s ({processor:.2f} s of the processor)"


def _at_once(engine: Engine, name: str) -> Seconds:
    """Return the seconds that a clock takes for three years."""
    clock, agreement = subscribed(engine, name)
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")
    wall, processor = time.perf_counter(), time.process_time()
    advance_clock(engine, clock.id, to=NOON.replace(year=NOON.year + YEARS))
    seconds = time.perf_counter() - wall, time.process_time() - processor
    _check(engine, agreement)
    return seconds


def _month_by_month(engine: Engine, name: str) -> Seconds:
    """Return the seconds of as many months, each with a report of usage and an advance of the clock."""
    clock, agreement = subscribed(engine, name)
    wall, processor = time.perf_counter(), time.process_time()
    for due in islice(agreement.schedule.boundaries_after(NOON), 12 * YEARS):
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")
        advance_clock(engine, clock.id, to=due)
    seconds = time.perf_counter() - wall, time.process_time() - processor
    _check(engine, agreement)
    return seconds


def subscribed(engine: Engine, name: str) -> tuple[Clock, Agreement]:
    email = f"{name}@example.com"
    user = register_user(engine, email=email, password="correct horse battery staple")
    clock = create_clock(engine, at=NOON)
    customer = become_customer(engine, user_id=user.id, billing_email=email, clock_id=clock.id)
    card = CardEntry(number="4242424242424242", exp_month=12, exp_year=2034, cvc="123")
    add_card(engine, customer_id=customer.id, card=card)
    return clock, subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")


def _check(engine: Engine, agreement: Agreement) -> None:
    with engine.read() as tx:
        paid = [invoice.status for invoice in tx.invoices.newest_of(agreement.customer_id, limit=100)]
    assert paid == ["paid"] * (12 * YEARS + 1)


def fresh_engine(database_url: str) -> Engine:
    settings = Settings(base_url="http://127.0.0.1:3000", database_url=database_url, **NO_LIMITS)
    database = Database.open(database_url, sealer=sealer_for(settings))
    database.migrate()
    engine = Engine(database, TestClock(NOON), ManagedGateway(), settings)
    with engine.begin() as tx:
        seed_catalog(tx, at=NOON)
    enable_billing(engine, actor="operator")
    return engine
