"""A database of customers of every kind, processes that bill them and are killed on the way, and what is left.

Nothing here waits: time is what a process is told, and a process is killed before a statement of its own.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import event

from billing_sdk.money import Money
from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.collection import TaxSettings
from billing_sdk.server.domain.customers import Address, Customer
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.sealing_keys import sealer_for
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_tax_rate import create_tax_rate
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.pause_agreement import pause_agreement
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.seed_catalog import seed_catalog
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_customer import update_customer
from tests.databases import copy_sqlite
from tests.engines import DECLINED_WHEN_CHARGED, NOON, card, payer
from tests.killed.bank import Bank

# Renewals, what waits for late usage, retries of what was declined, and the renewals after that.
MOMENTS = tuple(datetime(2026, month, day, 12, 30, tzinfo=UTC) for month, day in ((2, 28), (3, 2), (3, 5), (3, 31)))
# Longer than anybody holds what they have begun.
LEASE = timedelta(minutes=5)
TOKENS = "ai_tokens"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database and its bank are."""

    database_url: str
    bank: Path

    def engine(self, at: datetime) -> Engine:
        """Return an engine for which it is some time."""
        limits: dict[str, Any] = dict(NO_LIMITS)
        settings = Settings(base_url="http://127.0.0.1:3000", database_url=self.database_url, **limits)
        database = Database.open(self.database_url, sealer=sealer_for(settings))
        return Engine(database, TestClock(at), Bank(self.bank), settings)


def new_place(folder: Path) -> Place:
    """Return a place with the demo catalogue and customers of every kind."""
    place = Place(f"sqlite:///{folder / 'billing.db'}", folder / "bank.db")
    engine = place.engine(NOON)
    engine.database.migrate()
    with engine.begin() as tx:
        seed_catalog(tx, at=NOON)
    enable_billing(engine, actor="operator")
    populate(engine)
    engine.database.close()
    return place


def copy_of(place: Place, folder: Path) -> Place:
    """Return a copy of a place that nobody works at, in a folder of its own."""
    folder.mkdir(parents=True)
    copy_sqlite(place.database_url.removeprefix("sqlite:///"), str(folder / "billing.db"))
    shutil.copy(place.bank, folder / "bank.db")
    return Place(f"sqlite:///{folder / 'billing.db'}", folder / "bank.db")


def populate(engine: Engine) -> None:
    """Add customers of every kind: ten who are billed alike, and one each of those who are not."""
    for number in range(6):
        _use(engine, _subscribed(engine, f"alike{number}@example.com"), 3_000 * (number + 1))
    declined = payer(engine, "declined@example.com")
    subscribe(engine, customer_id=declined.id, plan_key="pro_monthly")
    add_card(engine, customer_id=declined.id, card=card(DECLINED_WHEN_CHARGED))
    owing = payer(engine, "owing@example.com", number=None)
    assign_plan(engine, customer_id=owing.id, plan_key="pro_monthly")
    pause_agreement(engine, agreement_id=_subscribed(engine, "paused@example.com"))
    cancel_agreement(engine, agreement_id=_subscribed(engine, "leaving@example.com"), timing="period_end")
    changing = payer(engine, "changing@example.com")
    subscribe(engine, customer_id=changing.id, plan_key="enterprise_monthly")
    later = ChangeOptions(timing="period_end")
    change_plan(engine, customer_id=changing.id, plan_key="pro_monthly", options=later)
    credited = payer(engine, "credited@example.com")
    agreement = subscribe(engine, customer_id=credited.id, plan_key="enterprise_monthly")
    grant_credit(engine, customer_id=credited.id, name="Welcome", amount=Money(1_000, "USD"), category="paid")
    _use(engine, agreement.id, 40_000)
    _populate_profiles(engine)


def _populate_profiles(engine: Engine) -> None:
    create_tax_rate(engine, country="DE", percent=Decimal(19))
    patient = create_profile(
        engine,
        name="Waits for late usage",
        wait_for_late_usage=Duration(days=1),
        wait_before_sending=Duration(hours=12),
        tax=TaxSettings(is_enabled=True),
    )
    waiting = payer(engine, "waiting@example.com")
    update_customer(engine, waiting.id, profile_id=patient.id, address=Address("DE", city="Ulm"))
    agreement = subscribe(engine, customer_id=waiting.id, plan_key="enterprise_monthly")
    _use(engine, agreement.id, 7_777)
    by_invoice = create_profile(engine, name="By invoice", collection_method="send_invoice", due_after=Duration(days=3))
    sent = payer(engine, "sent@example.com", number=None)
    update_customer(engine, sent.id, profile_id=by_invoice.id)
    subscribe(engine, customer_id=sent.id, plan_key="pro_monthly")


def _subscribed(engine: Engine, email: str) -> str:
    customer: Customer = payer(engine, email)
    return subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly").id


def _use(engine: Engine, agreement_id: str, units: int) -> None:
    record_usage(engine, agreement_id=agreement_id, feature_key=TOKENS, value=str(units))


def run(place: Place, *, moments: Sequence[datetime] = MOMENTS, kill_at: int | None = None) -> int:
    """Do all that is due at some moments, and return how many statements that took; or be killed before one."""
    statements = 0

    def count(*_statement: Any) -> None:
        nonlocal statements
        statements += 1
        if statements == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    for moment in moments:
        engine = place.engine(moment)
        event.listen(engine.database._engine, "before_cursor_execute", count)
        event.listen(engine.database._engine, "commit", count)
        settle_left_over_charges(engine)
        while run_due(engine):
            settle_left_over_charges(engine)
        engine.database.close()
    return statements


def run_killed(place: Place, *, kill_at: int) -> None:
    """Run in a process of its own, which is killed before one of its statements."""
    process = FORKS.Process(target=_run, args=(place, kill_at, MOMENTS))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"the process has ended with {process.exitcode}"


def run_beside(place: Place, workers: int) -> None:
    """Run in several processes at once, which all have come to the same moment before any goes on to the next."""
    for moment in MOMENTS:
        processes = [FORKS.Process(target=_run, args=(place, None, (moment,))) for _ in range(workers)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0] * workers


def go_on(place: Place) -> None:
    """Do what a killed process has left, once its leases are over."""
    run(place, moments=[moment + LEASE for moment in MOMENTS])


def _run(place: Place, kill_at: int | None, moments: Sequence[datetime]) -> None:
    run(place, kill_at=kill_at, moments=moments)


def books(place: Place) -> dict[str, Any]:
    """Return what was invoiced, paid and posted, for each customer and in all; ids and times of day left out."""
    engine = place.engine(MOMENTS[-1])
    told: dict[str, Any] = {"bank": place.engine(MOMENTS[-1]).gateway.collected()}  # type: ignore[attr-defined]  # a Bank
    numbers: list[str] = []
    with engine.read() as tx:
        for customer in tx.customers.list(PageRequest(500)).items:
            invoices = sorted(tx.invoices.newest_of(customer.id, limit=1_000), key=lambda one: str(one.number))
            numbers += [str(invoice.number) for invoice in invoices]
            told[customer.billing_email] = {
                "invoices": [
                    (
                        invoice.status,
                        invoice.reason,
                        [
                            (line.description, line.amount.minor, line.period.start, line.quantity)
                            for line in invoice.lines
                        ],
                    )
                    for invoice in invoices
                ],
                "payments": Counter(
                    (one.status, one.amount.minor)
                    for one in tx.invoices.list_payments(PageRequest(500), customer_id=customer.id).items
                ),
                "agreements": [
                    (one.status, one.is_unpaid, one.billed_until)
                    for one in tx.agreements.list(customer_id=customer.id, live_only=False).items
                ],
                "postings": sorted(
                    (one.month, one.account, one.amount_minor)
                    for one in tx.ledger.sums_by_month(customer_id=customer.id)
                ),
                "timers": sorted((one.kind, one.due_at.date()) for one in tx.timers.of_customer(customer.id)),
                "events": Counter(one.type for one in tx.outbox.list(customer_id=customer.id, limit=1_000)),
                "sequence": [one.sequence for one in tx.outbox.list(customer_id=customer.id, limit=1_000)],
                "has_charge": tx.charges.has_open(customer.id),
            }
    engine.database.close()
    told["numbers"] = sorted(numbers)
    return told


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Return where two books differ, each customer and each kind of fact by itself."""
    told = []
    for name in sorted(found.keys() | expected.keys()):
        left, right = found.get(name), expected.get(name)
        if isinstance(left, dict) and isinstance(right, dict):
            told += [
                f"{name}, {fact}: {left[fact]} and not {right[fact]}" for fact in left if left[fact] != right[fact]
            ]
        elif left != right:
            told.append(f"{name}: {left} and not {right}")
    return told


# Clean processes, each a copy of one that has imported everything and done nothing.
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["tests.killed.runs", "tests.killed.serving"])
