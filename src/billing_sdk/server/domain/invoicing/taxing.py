"""Taxes on an invoice: each rate is rounded once for all of its lines, and every line knows its share.

Where prices exclude tax, each rate is a line of its own at the end. Where they include it there is no line: the shares
of the other lines say what is included. What is charged, taken off and given back is taxed; money that a customer has
to its credit is not, since it was taxed when it was earned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from billing_sdk.money import Money, digits_of, total
from billing_sdk.server.domain.catalog import TaxBehavior
from billing_sdk.server.domain.collection import TaxSettings
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.in_force import Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.naming import framed
from billing_sdk.server.domain.invoicing.tax_document import Treatment, line_tax, of_line, rates_as_charged
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.tax import (
    REVERSE_CHARGE,
    AppliedRate,
    Location,
    Share,
    Taxable,
    TaxAmount,
    TaxEngine,
    TaxRate,
    assess,
    share_of_part,
)

TAXED = frozenset({"licence_fee", "usage", "discount", "unused_time", "credit_grant", "one_off", "adjustment"}) | {
    "overage"
}
UNTAXED: Mapping[str | None, tuple[TaxRate, ...]] = {}


@dataclass(frozen=True, slots=True)
class Taxation:
    """How one customer is taxed.

    Attributes:
        settings: of the customer's billing profile; they say that there is tax.
        engine: knows the rates.
        location: where the customer is; None where nobody knows.
        is_reverse_charged: the customer accounts for the tax itself.
        at: the instant at which rates have to hold.
    """

    settings: TaxSettings
    engine: TaxEngine
    location: Location | None
    is_reverse_charged: bool
    at: datetime

    @property
    def treatment(self) -> Treatment:
        """How lines are taxed that don't give back what was taxed before."""
        if self.location is None:
            return "location_missing"
        return "reverse_charge" if self.is_reverse_charged else "rates"


@dataclass(frozen=True, slots=True)
class TaxItem:
    """A line that is taxed; `tax` is what it says of that beforehand."""

    line: InvoiceLine
    tax: Mapping[str, Any]
    code: str | None
    behavior: TaxBehavior


def with_taxes(
    lines: Lines, taxation: Taxation, *, currency: str, plan_version_id: str | None, period: Period
) -> Lines:
    """Tax the lines of an invoice.

    Args:
        lines: what is charged, taken off and given back, and what credit has paid for.
        taxation: how the customer is taxed.
        currency: of the invoice.
        plan_version_id: of the agreement that it is about; None for several of them, or none.
        period: which period is billed.

    Raises:
        InvalidAmount: a tax comes to more than can be real.
    """
    items = items_of(lines, taxation.settings)
    if not items:
        return lines
    rates = _rates(taxation, items)
    taxables = [Taxable(one.line.amount, rates[place], one.behavior == "inclusive") for place, one in items.items()]
    assessment = assess(taxables, currency)
    shares = dict(zip(items, assessment.shares, strict=True))
    taxed = tuple(
        _taxed(items[place], taxation, shares[place]) if place in items else line for place, line in enumerate(lines)
    )
    return taxed + tuple(
        tax_line(tax, plan_version_id, period) for tax in assessment.taxes if tax.amount and not tax.is_inclusive
    )


def items_of(lines: Lines, settings: TaxSettings) -> Mapping[int, TaxItem]:
    """Return the lines that are taxed, by their places."""
    return {place: _item(line, lines, settings) for place, line in enumerate(lines) if _is_taxed(line)}


def lacks_location(lines: Lines) -> bool:
    """Tell whether lines are without tax because nobody knows where the customer is."""
    taxes = (line_tax(line.derivation, line.amount.currency) for line in lines)
    return any(tax is not None and tax.treatment == "location_missing" for tax in taxes)


def given_back(lines: Lines, currency: str) -> Money:
    """Return what completed lines give back of what was paid, with its tax: zero or more."""
    back = [line for line in lines if rates_as_charged(line.derivation) is not None]
    taxes = [tax for line in back if (tax := line_tax(line.derivation, currency)) is not None]
    return -(total([line.amount for line in back], currency) + Money(sum(tax.added for tax in taxes), currency))


def shares_of_part(line: InvoiceLine, *, part: Money, before: Money) -> tuple[Share, ...]:
    """Return what a part of a line has of its taxes; parts that make up the line have all of them between them.

    Args:
        line: of an invoice that was completed.
        part: the part in question, such as what a credit note gives back; its base is without tax that it includes.
        before: parts of the line that had theirs already.
    """
    tax = line_tax(line.derivation, line.amount.currency)
    if tax is None or not line.amount:
        return ()
    return tuple(
        Share(
            share.rate,
            share_of_part(share.base, whole=line.amount, part=part, before=before),
            share_of_part(share.amount, whole=line.amount, part=part, before=before),
        )
        for share in tax.shares
    )


def _is_taxed(line: InvoiceLine) -> bool:
    return line.kind in TAXED and bool(line.amount)


def _item(line: InvoiceLine, lines: Lines, settings: TaxSettings) -> TaxItem:
    tax = line.derivation.get("tax")
    if tax is None and line.kind in ("discount", "credit_grant"):
        tax = _said_of_what_it_lowers(line, lines)
    tax = tax or {}
    return TaxItem(line, tax, tax.get("code", settings.default_tax_code), tax.get("behavior", settings.behavior))


def _said_of_what_it_lowers(line: InvoiceLine, lines: Lines) -> Mapping[str, Any] | None:
    """Return what is said of tax by the line whose amount a discount or a grant lowers."""
    if line.kind == "credit_grant":  # it says which of the lines it pays for
        return lines[int(line.derivation["line"]) - 1].derivation.get("tax")
    what = line.plan_version_id, line.component_id
    lowered = (one for one in lines if (one.plan_version_id, one.component_id) == what and one.kind != line.kind)
    return next((one.derivation.get("tax") for one in lowered), None)


def _rates(taxation: Taxation, items: Mapping[int, TaxItem]) -> Mapping[int, tuple[AppliedRate, ...]]:
    as_charged = {place: rates_as_charged(one.line.derivation) for place, one in items.items()}
    codes = {items[place].code for place, rates in as_charged.items() if rates is None}
    found = UNTAXED
    if codes and taxation.location is not None and not taxation.is_reverse_charged:
        found = taxation.engine.rates_for(taxation.location, codes, taxation.at)
    of_today = (REVERSE_CHARGE,) if taxation.treatment == "reverse_charge" else None

    def rates_of(place: int) -> tuple[AppliedRate, ...]:
        charged = as_charged[place]
        if charged is not None:
            return charged
        return of_today or tuple(rate.applied for rate in found.get(items[place].code, ()))

    return {place: rates_of(place) for place in items}


def _taxed(item: TaxItem, taxation: Taxation, shares: tuple[Share, ...]) -> InvoiceLine:
    is_as_charged = rates_as_charged(item.line.derivation) is not None
    tax = of_line(
        item.tax,
        code=item.code,
        behavior=item.behavior,
        treatment=item.tax.get("treatment", "rates") if is_as_charged else taxation.treatment,
        location=None if is_as_charged else taxation.location,
        shares=shares,
    )
    return replace(item.line, derivation={**item.line.derivation, "tax": tax})


def tax_line(tax: TaxAmount, plan_version_id: str | None, period: Period) -> InvoiceLine:
    """Return the line of a tax that is added to prices."""
    percent = digits_of(tax.percent)
    return InvoiceLine(
        subject=tax.rate.name,
        frames=(framed("tax", percent=percent),),
        amount=tax.amount,
        period=period,
        plan_version_id=plan_version_id,
        component_id=tax.rate.rate_id,
        derivation=explain(
            "tax",
            plan_version_id=plan_version_id,
            component_id=tax.rate.rate_id,
            period=period,
            name=tax.rate.name,
            percent=percent,
            base_minor=str(tax.base.minor),
            rounding="half_up",
        ),
    )
