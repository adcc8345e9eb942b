"""Usage that is priced in a custom unit, on an invoice in money: a line of nothing that says how many units it is.

What grants of the unit pay of it are lines of nothing as well, each for one grant. What they leave is charged by a line
of its own, at the overage rate that the price has, if it has one: that is the one place where units become money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from billing_sdk.money import Money, digits_of, round_money, zero
from billing_sdk.server.domain.catalog import PricedIn, TaxBehavior, Units, cost_of
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.naming import framed
from billing_sdk.server.domain.invoicing.tax_document import of_component

UNIT = "unit"
OVERAGE = "overage"


def facts_of(
    priced_in: PricedIn, units: Money, rating: Mapping[str, Any], tax_behavior: TaxBehavior | None
) -> dict[str, Any]:
    """Return what a line of usage says of the unit that it is priced in.

    Args:
        priced_in: the unit, and what is charged for it where no grant covers it.
        units: how many are billed by this line.
        rating: how they were worked out, in millionths.
        tax_behavior: whether what is charged includes tax.
    """
    facts: dict[str, Any] = {
        "id": priced_in.id,
        "name": priced_in.name,
        "millionths": str(units.minor),
        "rating": rating,
    }
    overage = priced_in.overage
    if overage is not None:
        facts[OVERAGE] = {
            "id": overage.id,
            "name": overage.name,
            "unit_amount": digits_of(overage.unit_amount),
            "tax": of_component(overage.tax_code, tax_behavior),
        }
    return facts


def rated_amount(line: InvoiceLine) -> Money:
    """Return what a line of usage comes to in what it is priced in: money, or units."""
    said = line.derivation.get(UNIT)
    return line.amount if said is None else Units(int(said["millionths"]), said["id"])


def of_nothing(line: InvoiceLine) -> InvoiceLine:
    """Return a line of usage that bills nothing."""
    said = line.derivation.get(UNIT)
    if said is None:
        return replace(line, amount=zero(line.amount.currency))
    return replace(line, derivation={**line.derivation, UNIT: {**said, "millionths": "0"}})


def with_overage(lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    """Charge for the units that no grant covers, where their price says what they cost.

    Args:
        lines: with what grants have paid.
    """
    left = {
        number: Units(int(line.derivation[UNIT]["millionths"]), line.derivation[UNIT]["id"])
        for number, line in enumerate(lines, start=1)
        if UNIT in line.derivation and line.kind not in ("credit_grant", OVERAGE)
    }
    for line in lines:
        if line.kind == "credit_grant" and UNIT in line.derivation:
            said = line.derivation[UNIT]
            left[int(line.derivation["line"])] -= Units(int(said["millionths"]), said["id"])
    return lines + tuple(
        _charged(lines[number - 1], number, units)
        for number, units in left.items()
        if units.minor > 0 and OVERAGE in lines[number - 1].derivation[UNIT]
    )


def _charged(usage: InvoiceLine, number: int, units: Units) -> InvoiceLine:
    said = usage.derivation[UNIT]
    rate = said[OVERAGE]
    return InvoiceLine(
        subject=usage.subject,
        frames=(*usage.frames, framed("overage", rate=rate["name"])),
        amount=round_money(cost_of(units, Decimal(rate["unit_amount"])), usage.amount.currency),
        period=usage.period,
        plan_version_id=usage.plan_version_id,
        component_id=rate["id"],
        agreement_id=usage.agreement_id,
        quantity=units.value,
        derivation=explain(
            "overage",
            plan_version_id=usage.plan_version_id,
            component_id=rate["id"],
            period=usage.period,
            quantity=units.value,
            line=str(number),
            unit={"id": units.currency, "name": said["name"], "millionths": str(units.minor)},
            unit_amount=rate["unit_amount"],
            tax=rate["tax"],
        ),
    )
