"""What charges come to, as this door takes it apart: before discounts, by taxes, and after credit."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

from billing_sdk.money import EXACT, Rounding, round_money
from billing_sdk.server.api.konnect.bodies import View
from billing_sdk.server.api.konnect.prices import major_of
from billing_sdk.server.api.konnect.values import Numeric
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, line_tax, lowering
from billing_sdk.server.domain.rating import Charged, Derivation

ZERO = Decimal(0)
LOWER = ("discount_percentage", "maximum")
RAISE = ("minimum",)
ROUND = "round"


class TotalsView(View):
    """`amount` is before discounts and taxes; `total` is what is to be paid."""

    amount: Numeric
    taxes_total: Numeric
    taxes_inclusive_total: Numeric
    taxes_exclusive_total: Numeric
    charges_total: Numeric
    discounts_total: Numeric
    credits_total: Numeric
    total: Numeric


class ChargeTotalsView(View):
    """What is on an issued invoice, and what usage comes to so far."""

    booked: TotalsView
    realtime: TotalsView | None = None


def nothing(currency: str) -> TotalsView:
    """Return the totals of what nobody has been asked for."""
    return _totals(currency, ZERO, Derivation(()))


def totals_of(found: Charged) -> TotalsView:
    """Return the totals of what usage comes to, before taxes and credit, which are those of the day of the invoice."""
    return _totals(found.amount.currency, Decimal(found.amount.minor), found.derivation)


def totals_on(invoice: Invoice, number: int) -> TotalsView:
    """Return the totals of a line of an issued invoice."""
    line = invoice.lines[number - 1]
    included, added = _taxes(line)
    return _totals(
        invoice.currency,
        Decimal(line.amount.minor),
        Derivation.from_document(line.derivation.get("rating", {"steps": []})),
        included=included,
        added=added,
        credit=-sum(one.amount.minor for _, one in lowering(invoice, number, "credit_grant")),
    )


def _totals(
    currency: str, charged: Decimal, why: Derivation, *, included: int = 0, added: int = 0, credit: int = 0
) -> TotalsView:
    """Put totals together; all amounts are in minor units."""
    before, lowered, raised = _parts(currency, charged, why)

    def shown(minor: Decimal | int) -> Decimal:
        return major_of(Decimal(minor), currency)

    return TotalsView(
        amount=shown(before),
        taxes_total=shown(included + added),
        taxes_inclusive_total=shown(included),
        taxes_exclusive_total=shown(added),
        charges_total=shown(raised),
        discounts_total=shown(lowered),
        credits_total=shown(credit),
        total=shown(charged + added - credit),
    )


def _parts(currency: str, charged: Decimal, why: Derivation) -> tuple[Decimal, Decimal, Decimal]:
    """Return what was charged before it was lowered and raised, and by how much it was, in whole minor units.

    Each is rounded once from what is exact, and what rounding leaves goes to the last of them that there is, so that
    they come to what was charged.
    """
    lowered = -_come_to(why, LOWER)
    raised = _come_to(why, RAISE)
    if not lowered and not raised:
        return charged, ZERO, ZERO
    rounding = next((one.fact("rounding") for one in why.steps if one.name == ROUND), None)

    def whole(amount: Decimal) -> Decimal:
        return Decimal(round_money(amount, currency, cast("Rounding", rounding or "half_up")).minor)

    before = whole(EXACT.subtract(EXACT.subtract(EXACT.add(charged, lowered), raised), _come_to(why, (ROUND,))))
    if not raised:
        return before, before - charged, ZERO
    lowered = max(whole(lowered), before - charged) if lowered else ZERO
    return before, lowered, charged - before + lowered


def _come_to(why: Derivation, names: tuple[str, ...]) -> Decimal:
    return Derivation(tuple(one for one in why.steps if one.name in names)).total


def _taxes(line: InvoiceLine) -> tuple[int, int]:
    """Return what taxes a line includes, and what they add to it."""
    tax = line_tax(line.derivation, line.amount.currency)
    if tax is None:
        return 0, 0
    together = sum(share.amount.minor for share in tax.shares)
    return (together, 0) if tax.is_inclusive else (0, together)
