"""What tests of late usage have in common: a plan by use, and what was billed of it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import Component, Entitlement, LicenceFee, Plan, PlanGroup, PlanVersion, Rate
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import RatedInterval
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Price, Terms
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.record_usage import record_usage
from tests.contract.agreements import invoices_of
from tests.engines import NOON
from tests.explaining import recomputed_amount

TOKENS = "ai_tokens"
CENT = PerUnit(Decimal(1))


def sell_by_use(
    engine: Engine,
    key: str = "metered",
    *,
    price: Price = CENT,
    flat: int = 0,
    limit: int | None = None,
    cadence: str = "month",
    service: str | None = None,
    group: PlanGroup | None = None,
    beside: tuple[Component, ...] = (),
    **terms: Any,
) -> Plan:
    """Publish a plan that charges tokens by use, and a fixed fee if there is to be one."""
    every = None if service is None else Cadence.from_text(service)
    components: list[Component] = [
        Rate(f"rate_{key}", TOKENS, "Tokens", "USD", Terms(price, **terms), service=every),
        Entitlement(f"included_{key}", TOKENS, "Tokens", limit),
    ]
    components += beside
    if flat:
        components.append(LicenceFee(f"fee_{key}", "base", "Base price", "USD", Terms(Flat(Decimal(flat)))))
    version = PlanVersion(f"version_{key}", key, 1, "USD", tuple(components), NOON, Cadence.from_text(cadence))
    with engine.begin() as tx:
        pro = tx.catalog.get_plan("pro_monthly")
        plan = Plan.draft(version, name=key.capitalize(), group=group or pro.group).selling(version)
        tx.catalog.add_plan(plan)
    return plan


def use(engine: Engine, agreement: Agreement, units: int | str, at: datetime | None = None, **options: Any) -> Decimal:
    """Record tokens, and return the total of their period."""
    reading = record_usage(
        engine, agreement_id=agreement.id, feature_key=TOKENS, value=str(units), used_at=at, **options
    )
    return reading.total


def charged(engine: Engine, customer: Customer) -> list[tuple[str, list[int]]]:
    """Return what each invoice is for and the amounts of its lines, the oldest first."""
    return [(one.reason, [line.amount.minor for line in one.lines]) for one in invoices_of(engine, customer)]


def recomputed(engine: Engine, customer: Customer) -> list[tuple[str, list[int]]]:
    """Return the same as `charged`, with every amount computed from the explanation of its line alone."""
    invoices = invoices_of(engine, customer)
    with engine.read() as tx:
        return [
            (one.reason, [recomputed_amount(explain_line(tx, one.id, number + 1)) for number in range(len(one.lines))])
            for one in invoices
        ]


def rated_of(engine: Engine, agreement: Agreement) -> tuple[RatedInterval, ...]:
    """Return what is kept of an agreement's service intervals, the oldest first."""
    with engine.read() as tx:
        return tx.rated_intervals.of_agreement(agreement.id)


def notes_of(engine: Engine, customer: Customer) -> list[tuple[str, str, dict[int, int]]]:
    """Return the invoice of each credit note, where it went, and the amounts by line, the oldest first."""
    with engine.read() as tx:
        notes = tx.credit_notes.page(customer_id=customer.id).items
    return [
        (note.invoice_id, note.destination, {line.number: line.amount.minor for line in note.lines})
        for note in sorted(notes, key=lambda note: note.number)
    ]
