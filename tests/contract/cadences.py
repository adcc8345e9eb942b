"""What tests of billing cadences have in common: an engine that sells two plans of groups of their own."""

from __future__ import annotations

from contextlib import contextmanager
from decimal import Decimal

from billing_sdk.server.domain.catalog import LicenceFee, Rate, VersionContent
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, Terms
from billing_sdk.server.usecases.add_plan_group import add_plan_group
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, advance, engine_on, payer

MONTH, QUARTER = Cadence("month"), Cadence("month", 3)


@contextmanager
def cadence_engine():
    """Sell two plans of groups of their own: a monthly fee with usage by the week, and a fee alone."""
    with engine_on(IN_MEMORY) as opened:
        tokens = Terms(PerUnit(Decimal(2)))
        rate = Rate("rate_tokens", "ai_tokens", "Tokens", "USD", tokens, service=Cadence("week"))
        sell(opened, "hybrid", monthly("base", 1_000), rate)
        sell(opened, "support", monthly("support", 700))
        yield opened


def monthly(key, amount) -> LicenceFee:
    return LicenceFee(f"fee_{key}", key, key, "USD", Terms(Flat(Decimal(amount))), service=MONTH)


def sell(engine, key, *components):
    add_plan_group(engine, key=f"{key}-group", name=key, scope="user")
    # The plan's own pace is that of its prices; whoever has a cadence is billed at that.
    content = VersionContent(components=components, cadence=MONTH)
    create_plan(engine, key=key, name=key, group_key=f"{key}-group", content=content)
    publish_plan(engine, plan_key=key)


_numbers = iter(range(1_000))


def customer_of(engine, **given):
    return payer(engine, f"somebody{next(_numbers)}@example.com", **given)


def on(cadence) -> ChangeOptions:
    return ChangeOptions(billing_cadence_id=cadence.id)


def join(engine, customer, cadence, key):
    return subscribe(engine, customer_id=customer.id, plan_key=key, options=on(cadence))


def renew(engine, **units):
    advance(engine, **units)
    run_due(engine)


def shown(invoice):
    return invoice.billing_cadence_id, invoice.status, [line.amount.minor for line in invoice.lines]
