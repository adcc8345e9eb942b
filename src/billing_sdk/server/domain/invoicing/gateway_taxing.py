"""Taxes that the payment processor works out, on the lines of an invoice.

Each line says of them what it says of taxes that are worked out here, and those that are added are lines at the end. So
whatever corrects the invoice later goes by the same shares, wherever they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from billing_sdk.errors import Conflict
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import TaxBehavior, TaxSettings
from billing_sdk.server.domain.invoicing.in_force import Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.tax_document import Treatment, of_line
from billing_sdk.server.domain.invoicing.taxing import TaxItem, items_of, tax_line
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.tax import GatewayTax, Share, TaxAmount

BY_GATEWAY = "by_gateway"


@dataclass(frozen=True, slots=True)
class GatewayTaxation:
    """What the processor has answered when it was asked for the taxes of lines.

    Attributes:
        settings: of the customer's billing profile.
        lines: what it was asked about; what is taxed has to be the same.
        taxes: None where they could not be worked out, and the lines go without.
    """

    settings: TaxSettings
    lines: Lines
    taxes: tuple[GatewayTax, ...] | None


@dataclass(frozen=True, slots=True)
class LineTaxation:
    """What the processor is told about one line.

    Attributes:
        is_taxed: else it has nothing to do with tax, such as money that the customer has to its credit.
        code: what kind of thing it is, by our own key; None for the processor's default.
    """

    is_taxed: bool
    code: str | None = None
    is_inclusive: bool = False


def with_gateway_taxes(
    lines: Lines, taxation: GatewayTaxation, *, plan_version_id: str | None, period: Period
) -> Lines:
    """Put the taxes of the processor on the lines of an invoice.

    Args:
        lines: what is charged, taken off and given back, and what credit has paid for.
        taxation: what the processor has answered.
        plan_version_id: of the agreement that it is about; None for several of them, or none.
        period: which period is billed.

    Raises:
        Conflict: it was asked about other lines.
    """
    if _asked(lines) != _asked(taxation.lines):
        raise Conflict("what is billed has changed since its tax was asked for", remedy="Ask again.")
    items = items_of(lines, taxation.settings)
    taxes = taxation.taxes or ()
    treatment: Treatment = "location_missing" if taxation.taxes is None else "rates"
    taxed = tuple(
        _taxed(items[place], taxes, place, treatment) if place in items else line for place, line in enumerate(lines)
    )
    return taxed + tuple(
        tax_line(_amount_of(tax), plan_version_id, period) for tax in taxes if tax.amount and not tax.is_inclusive
    )


def told_of(lines: Lines, settings: TaxSettings) -> tuple[LineTaxation, ...]:
    """Return what the processor is told about each line that is not a tax itself."""
    items = items_of(lines, settings)
    return tuple(
        LineTaxation(is_taxed=False)
        if place not in items
        else LineTaxation(True, items[place].code, items[place].behavior == "inclusive")
        for place in range(len(lines))
    )


def awaits_gateway_tax(lines: Lines, settings: TaxSettings) -> bool:
    """Tell whether the processor has still to be asked for the tax of lines."""
    if not settings.is_by_gateway:
        return False
    return any(BY_GATEWAY not in (one.line.derivation.get("tax") or {}) for one in items_of(lines, settings).values())


def is_taxed_by_gateway(lines: Lines) -> bool:
    """Tell whether the processor has worked out the taxes of lines, also where they come to nothing."""
    said = [line.derivation.get("tax") or {} for line in lines]
    return any(BY_GATEWAY in tax and tax["treatment"] != "location_missing" for tax in said)


def untaxed(line: InvoiceLine) -> InvoiceLine:
    """Return a line that the processor has taxed as it is for another invoice, whose tax is to be asked for anew."""
    tax = line.derivation.get("tax") or {}
    if BY_GATEWAY not in tax:
        return line
    said = {name: tax[name] for name in ("code", "behavior", "as_charged") if name in tax}
    return replace(line, derivation={**line.derivation, "tax": said})


def _asked(lines: Sequence[InvoiceLine]) -> list[tuple[str | None, str, Money]]:
    return [(line.kind, line.component_id, line.amount) for line in lines]


def _taxed(item: TaxItem, taxes: tuple[GatewayTax, ...], place: int, treatment: Treatment) -> InvoiceLine:
    found = [(tax, share) for tax in taxes for share in tax.shares if share.position == place]
    behavior: TaxBehavior = item.behavior
    if found:
        behavior = "inclusive" if found[0][0].is_inclusive else "exclusive"
    tax = of_line(
        item.tax,
        code=item.code,
        behavior=behavior,
        treatment=treatment,
        location=None,
        shares=tuple(Share(one.applied, share.base, share.amount) for one, share in found),
    )
    return replace(item.line, derivation={**item.line.derivation, "tax": {**tax, BY_GATEWAY: True}})


def _amount_of(tax: GatewayTax) -> TaxAmount:
    base = Money(sum(share.base.minor for share in tax.shares), tax.amount.currency)
    return TaxAmount(tax.applied, base, tax.amount, tax.is_inclusive)
