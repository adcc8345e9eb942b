"""What tests of agreements have in common: plans to agree to, and what became of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import BillingSettings, Entitlement, LicenceFee, Plan, PlanVersion, Trial
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.usecases.engine import Engine
from tests.engines import NOON


def sell(
    engine: Engine,
    key: str,
    *,
    flat: int = 0,
    seat: int = 0,
    seats: tuple[int | None, int | None] = (None, None),
    trial: Trial | None = None,
    cadence: str = "month",
    at: datetime = NOON,
) -> Plan:
    """Publish another plan for people: a fixed fee, a fee for each seat, or both.

    Args:
        engine: where.
        key: of the plan.
        flat: minor units for each period.
        seat: minor units for each seat and period.
        seats: how many of them there have to be, and may be.
        trial: of the plan.
        cadence: how often it is billed.
        at: when it was made.
    """
    low, high = seats
    components = (
        *([_fee(key, "base_price", Terms(Flat(Decimal(flat))))] if flat else []),
        *([_fee(key, "seats", Terms(PerUnit(Decimal(seat))))] if seat else []),
        *([Entitlement(f"included_{key}", "seats", "Seats", high, low)] if seat else []),
    )
    version = PlanVersion(f"version_{key}", key, 1, "USD", components, at, Cadence.from_text(cadence), trial)
    with engine.begin() as tx:
        pro = tx.catalog.get_plan("pro_monthly")
        plan = Plan.draft(version, name=key.capitalize(), group=pro.group).selling(version)
        tx.catalog.add_plan(plan)
    return plan


def decide(engine: Engine, **policies: object) -> None:
    """Let the business decide otherwise about the middle of a period."""
    with engine.begin() as tx:
        settings = tx.billing_settings.find() or BillingSettings()
        tx.billing_settings.save(replace(settings, policies=replace(settings.policies, **policies)))  # type: ignore[arg-type]  # each test names its own


def stored(engine: Engine, agreement: Agreement) -> Agreement:
    """Return an agreement as it is now."""
    with engine.read() as tx:
        return tx.agreements.get(agreement.id)


def live(engine: Engine, customer: Customer) -> Agreement | None:
    """Return what a customer has agreed to, if anything."""
    with engine.read() as tx:
        return next(iter(tx.agreements.live_of(customer.id)), None)


def invoices_of(engine: Engine, customer: Customer) -> list[Invoice]:
    """Return a customer's invoices, the oldest first."""
    with engine.read() as tx:
        found = tx.invoices.newest_of(customer.id, limit=100)
    # What fell due while nobody looked is dated by its own day, and numbered as it was written.
    return sorted(found, key=lambda one: one.name)


def bills(engine: Engine, customer: Customer) -> list[tuple[str, int]]:
    """Return the status and the amount of each invoice, the oldest first."""
    return [(invoice.status, invoice.amount.minor) for invoice in invoices_of(engine, customer)]


def balance_of(engine: Engine, customer: Customer) -> int:
    """Return a customer's credit balance in cents."""
    with engine.read() as tx:
        return tx.credits.balance(customer.id, "USD").minor


def timers_of(engine: Engine, customer: Customer) -> dict[str, datetime]:
    """Return when what happens to a customer."""
    with engine.read() as tx:
        return {timer.kind: timer.due_at for timer in tx.timers.of_customer(customer.id)}


def rows(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return all that is stored, but for the audit, which hears of refusals, too."""
    tables = {name: table for name, table in metadata.tables.items() if not name.startswith("audit_")}
    with engine.read() as tx:
        connection = tx.agreements._connection
        return {
            name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for name, table in tables.items()
        }


def _fee(plan_key: str, key: str, terms: Terms) -> LicenceFee:
    return LicenceFee(f"fee_{plan_key}_{key}", key, key.replace("_", " ").capitalize(), "USD", terms)
