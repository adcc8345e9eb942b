"""A billing run: the renewals of thousands of customers that fall due at one instant, five components each."""

from __future__ import annotations

import gc
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.renewals import fresh_engine
from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Feature, LicenceFee, Plan, PlanVersion, Rate
from billing_sdk.server.domain.collection import CollectionMethod
from billing_sdk.server.domain.customers import Customer, PaymentMethod
from billing_sdk.server.domain.metering import MeasuredEvent, Reading, own_meter, told
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, Graduated, Package, PerUnit, Terms, Tier, Volume
from billing_sdk.server.gateways import CardEntry
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.save_agreement import add_agreement

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
RENEWED = datetime(2026, 2, 1, tzinfo=UTC)
USED = datetime(2026, 1, 17, 9, 30, tzinfo=UTC)
SIZES = (1_000, 10_000)
METHODS: tuple[tuple[CollectionMethod, str], ...] = (
    ("send_invoice", "issued and sent"),
    ("charge_automatically", "issued and collected"),
)
IN_A_TRANSACTION = 500
MONTH = Cadence("month")
METERS = ("tokens", "storage", "requests", "seconds")


def measure(sizes: tuple[int, ...] = SIZES) -> list[tuple[str, str]]:
    """Return what was measured, a name and a figure each."""
    figures = []
    for method, what in METHODS:
        costs = {size: _cost(size, method) for size in sizes}
        figures += [
            (
                f"invoices of {size:,} customers, 5 components each, {what}",
                f"{1 / wall:,.0f} a second ({processor * 1_000:.2f} ms of the processor each)",
            )
            for size, (wall, processor) in costs.items()
        ]
        first, *_, last = sizes
        ratio = costs[last][1] / costs[first][1]
        figures.append((f"{what}: cost of one at {last:,} over that at {first:,}", f"{ratio:.2f}"))
    return figures


def _cost(customers: int, method: CollectionMethod) -> tuple[float, float]:
    """Return the seconds that one renewal takes, on the clock and of the processor; on SQLite, on disk."""
    with tempfile.TemporaryDirectory() as folder:
        engine = fresh_engine(f"sqlite:///{Path(folder) / 'billing.db'}")
        create_profile(engine, name="Of the benchmark", is_default=True, collection_method=method)
        populate(engine, customers)
        assert isinstance(engine.clock, TestClock)
        engine.clock.advance(seconds=(RENEWED - engine.now()).total_seconds())
        gc.freeze()  # as `billing-sdk serve` does
        wall, processor = time.perf_counter(), time.process_time()
        ran = run_due(engine)
        seconds = time.perf_counter() - wall, time.process_time() - processor
        assert ran == customers
        with engine.read() as tx:
            assert tx.timers.count_due(engine.now()) == 0
        engine.database.close()
    return seconds[0] / customers, seconds[1] / customers


def populate(engine: Engine, customers: int) -> None:
    """Put customers on a plan of five components, each with a card and usage of a month."""
    card = engine.gateway.store_card(CardEntry(number="4242424242424242", exp_month=12, exp_year=2034, cvc="123"))
    with engine.begin() as tx:
        plan = _add_plan(tx)
    for start in range(0, customers, IN_A_TRANSACTION):
        with engine.begin() as tx:
            for number in range(start, min(start + IN_A_TRANSACTION, customers)):
                customer = Customer(
                    id=new_id("customer"),
                    kind="organization",
                    billing_email=f"{number}@example.com",
                    created_at=STARTED,
                    org_code=f"org_{number:011x}",
                )
                method = PaymentMethod(
                    id=new_id("method"),
                    customer_id=customer.id,
                    gateway_token=card.token,
                    brand=card.brand,
                    last4=card.last4,
                    exp_month=card.exp_month,
                    exp_year=card.exp_year,
                    is_default=True,
                    created_at=STARTED,
                )
                tx.customers.add(customer)
                tx.customers.add_payment_method(method)
                _subscribe(tx, customer, plan, number)


def _subscribe(tx: UnitOfWork, customer: Customer, plan: Plan, number: int) -> None:
    agreement = Agreement(
        id=new_id("agreement"),
        customer_id=customer.id,
        group_id=plan.group.id,
        plan_key=plan.key,
        plan_version_id=plan.version.id,
        status="active",
        currency="USD",
        cadence=MONTH,
        anchor=STARTED,
        started_at=STARTED,
        billed_until=RENEWED,
    )
    add_agreement(tx, customer, agreement)
    for meter in METERS:
        reading = Reading(
            id=new_id("reading"),
            agreement_id=agreement.id,
            feature_key=meter,
            kind="delta",
            value=Decimal(1_000 + number % 977),
            used_at=USED,
            recorded_at=USED,
            counted_at=USED,
        )
        counted = tx.usage.meter_of(meter)
        assert counted is not None
        event = told(reading, counted)
        measured = counted.measure(event.data)
        assert measured is not None
        tx.usage.add(MeasuredEvent(event, (measured,)), (counted,))


def _add_plan(tx: UnitOfWork) -> Plan:
    for key in METERS:
        feature = Feature(f"feature_{key}", key, key.title(), "metered")
        tx.features.add(feature)
        tx.meters.add(own_meter(feature, at=STARTED))
    (template, *_) = tx.catalog.list_plans(["enterprise_monthly"])
    tiers = (Tier(Decimal(500), Decimal("0.8")), Tier(None, Decimal("0.5"), Decimal(100)))
    prices = (PerUnit(Decimal("0.2")), Graduated(tiers), Volume(tiers), Package(Decimal(100), Decimal(40)))
    rates = tuple(
        Rate(id=f"rate_{meter}", feature_key=meter, name=meter.title(), currency="USD", terms=Terms(price))
        for meter, price in zip(METERS, prices, strict=True)
    )
    fee = LicenceFee(id="fee_base", key="base", name="Base fee", currency="USD", terms=Terms(Flat(Decimal(2_900))))
    version = PlanVersion(
        id=new_id("version"),
        plan_key="five_components",
        number=1,
        currency="USD",
        components=(fee, *rates),
        created_at=STARTED - timedelta(days=1),
        cadence=MONTH,
    )
    plan = Plan(
        key="five_components",
        name="Five components",
        description="",
        group=template.group,
        status="published",
        kind="plan",
        version=version,
        latest_version_id=version.id,
        live_version_id=version.id,
    )
    tx.catalog.add_plan(plan)
    return plan
