"""Prices: the line that a licence fee or a rate makes for one service interval.

An amount is rounded once. Of a fee that is charged for a part of its interval, or more than once, the exact amount is
multiplied first; the derivation's steps still add up to the line's amount.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing_sdk.money import EXACT, Money, digits_of, round_money, zero
from billing_sdk.server.domain.catalog import LicenceFee, Policies, Rate, Units
from billing_sdk.server.domain.invoicing.derivation import explain, of_period
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.tax_document import of_component
from billing_sdk.server.domain.invoicing.unit_lines import UNIT, facts_of
from billing_sdk.server.domain.periods import Period, fraction
from billing_sdk.server.domain.rating import Charged, Derivation, RatingPolicy, Step, Usage, charge

WHOLE = Fraction(1)
ROUNDING_STEP = "round"


def fee_line(
    fee: LicenceFee,
    *,
    agreement_id: str,
    plan_version_id: str,
    licences: int,
    times: int = 1,
    part: Period,
    interval: Period,
    zone: str,
    policies: Policies,
) -> InvoiceLine:
    """Return the line of a licence fee.

    Args:
        fee: in the currency of the invoice.
        agreement_id: what it is charged under.
        plan_version_id: where it comes from.
        licences: how many are paid for, where the price depends on that.
        times: how often it is charged, such as an add-on that was bought twice.
        part: what is paid for of the service interval.
        interval: the whole service interval.
        zone: where days begin.
        policies: whether a part is measured in days or in seconds, and how the amount is rounded.

    Raises:
        InvalidAmount: it comes to more than can be real.
        InvalidQuantity: the number of licences is below zero.
    """
    share = fraction(part, interval, by=policies.proration, zone=zone)
    charged = in_part(
        charge(fee.terms, Usage.licensed(licences), currency=fee.currency, policy=policies.rating),
        times,
        share,
        policies.rating,
    )
    quantity = Decimal(licences) if fee.is_licensed else None
    return InvoiceLine(
        subject=fee.line_description or fee.name,
        amount=charged.amount,
        period=part,
        plan_version_id=plan_version_id,
        component_id=fee.id,
        agreement_id=agreement_id,
        quantity=quantity,
        derivation=explain(
            "licence_fee",
            plan_version_id=plan_version_id,
            component_id=fee.id,
            period=part,
            quantity=quantity,
            policies=policies,
            fee=fee.key,
            charged=None if fee.charged == "in_advance" else fee.charged,
            tax=of_component(fee.tax_code, fee.tax_behavior),
            rating=charged.derivation.document(),
            proration=proration_of(share, interval, policies),
        ),
    )


def worth(fee: LicenceFee, *, licences: int, times: int, policies: Policies) -> Fraction:
    """Return what a licence fee comes to for a whole service interval, exactly; see `fee_line`.

    Raises:
        InvalidAmount: it comes to more than can be real.
        InvalidQuantity: the number of licences is below zero.
    """
    charged = charge(fee.terms, Usage.licensed(licences), currency=fee.currency, policy=policies.rating)
    return Fraction(_unrounded(charged).total) * times


@dataclass(frozen=True, slots=True)
class Billed:
    """What earlier invoices have billed of a service interval, before discounts: money, or units."""

    amount: Money
    quantity: Decimal


def usage_line(
    rate: Rate,
    *,
    agreement_id: str,
    plan_version_id: str,
    used: Usage,
    part: Period,
    interval: Period,
    policies: Policies,
    billed: Billed | None = None,
) -> InvoiceLine:
    """Return the line of what was used in a service interval; it may be below zero where something was billed before.

    Args:
        rate: in the currency of the invoice.
        agreement_id: what it is charged under.
        plan_version_id: where it comes from.
        used: how much, all of it.
        part: when; shorter than the service interval at the start and at the end of an agreement.
        interval: the whole service interval.
        policies: how zero usage is priced and the amount is rounded.
        billed: what comes off, because it was billed before.

    Raises:
        InvalidAmount: it comes to more than can be real.
    """
    charged = charge(rate.terms, used, currency=rate.currency, policy=policies.rating)
    amount, facts = _rated(rate, charged, billed)
    return InvoiceLine(
        subject=rate.line_description or rate.name,
        amount=amount,
        period=part,
        plan_version_id=plan_version_id,
        component_id=rate.id,
        agreement_id=agreement_id,
        quantity=used.quantity,
        derivation=explain(
            "usage",
            plan_version_id=plan_version_id,
            component_id=rate.id,
            period=part,
            quantity=used.quantity,
            policies=policies,
            feature=rate.feature_key,
            item=rate.item_id,
            card=rate.card_id,
            tax=of_component(rate.tax_code, rate.tax_behavior),
            interval=of_period(interval) if part != interval else None,
            billed_before=_of_billed(billed) if billed else None,
            **facts,
        ),
    )


def _rated(rate: Rate, charged: Charged, billed: Billed | None) -> tuple[Money, dict[str, object]]:
    """Return what is billed now, and how it was worked out; usage that is priced in a unit is billed as units."""
    if rate.priced_in is None:
        amount = charged.amount - billed.amount if billed else charged.amount
        return amount, {"rating": charged.derivation.document()}
    units: Money = Units(charged.amount.minor, rate.priced_in.id)
    if billed:
        units -= billed.amount
    facts = facts_of(rate.priced_in, units, charged.derivation.document(), rate.tax_behavior)
    return zero(rate.currency), {UNIT: facts}


def _of_billed(billed: Billed) -> dict[str, str]:
    return {"amount_minor": str(billed.amount.minor), "quantity": digits_of(billed.quantity)}


def in_part(charged: Charged, times: int, share: Fraction, policy: RatingPolicy) -> Charged:
    """Return a charge so many times, or for a share of what it was for: multiplied exactly, and rounded once."""
    if times == 1 and share == WHOLE:
        return charged
    unrounded = _unrounded(charged)
    exact = unrounded.total
    currency = charged.amount.currency
    amount = round_money(Fraction(exact) * times * share, currency, policy.rounding)
    step = Step(
        "prorate",
        (
            ("before", digits_of(exact)),
            ("currency", currency),
            ("fraction", str(share)),
            ("rounding", policy.rounding),
            ("times", str(times)),
        ),
        digits_of(EXACT.subtract(Decimal(amount.minor), exact)),
    )
    return replace(charged, amount=amount, derivation=Derivation((*unrounded.steps, step)))


def _unrounded(charged: Charged) -> Derivation:
    return Derivation(tuple(step for step in charged.derivation.steps if step.name != ROUNDING_STEP))


def proration_of(share: Fraction, interval: Period, policies: Policies) -> dict[str, Any] | None:
    """Return what a line says of the share that it is for; None where that is the whole."""
    if share == WHOLE:
        return None
    return {"by": policies.proration, "fraction": str(share), "interval": of_period(interval)}
