"""One-off charges: what a customer is asked to pay once, beside what was agreed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from billing_sdk.errors import InvalidAmount, InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import TaxBehavior
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.tax_document import of_component
from billing_sdk.server.domain.periods import Period

# The component of lines that are about none.
ONE_OFF = "one_off"
MOST_MINOR = 10**14
LONGEST = 500
# As long as the longest cadence; revenue is earned month by month, and each month is an entry.
LONGEST_PERIOD = timedelta(days=3_653)


def one_off_line(
    description: str,
    amount: Money,
    *,
    at: datetime,
    period: Period | None = None,
    tax_code: str | None = None,
    tax_behavior: TaxBehavior | None = None,
    agreement_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> InvoiceLine:
    """Return the line of a one-off charge.

    Args:
        description: what it is for, in a line.
        amount: how much it is; money is given back by credit notes, and credit is granted.
        at: when it is made.
        period: what it pays for, over which it is earned; that instant where it is not given.
        tax_code: what kind of thing it is; the default of the billing profile where it is not given.
        tax_behavior: whether the amount includes tax; as the billing profile says where it is not given.
        agreement_id: what it is charged under; it need not be under any.
        facts: what the amount was computed from, in JSON values.

    Raises:
        InvalidRequest: the description is empty, too long, or more than a line; or the period is not within ten years
            of the present.
        InvalidAmount: the amount is not above zero, or more than can be real.
    """
    check_description(description)
    if amount.minor <= 0:
        remedy = "Charge more than nothing; give back by credit note."
        raise InvalidAmount(f"{str(amount)[:40]} is not an amount to charge", remedy=remedy)
    if amount.minor > MOST_MINOR:
        raise InvalidAmount(
            "that is more than can be charged at once", remedy=f"Charge {Money(MOST_MINOR, amount.currency)} at most."
        )
    period = period or Period(at, at)
    check_period(period, at=at)
    return InvoiceLine(
        subject=description,
        amount=amount,
        period=period,
        plan_version_id=None,
        component_id=ONE_OFF,
        derivation=explain(
            "one_off",
            plan_version_id=None,
            component_id=ONE_OFF,
            period=period,
            amount_minor=str(amount.minor),
            tax=of_component(tax_code, tax_behavior),
            **(facts or {}),
        ),
        agreement_id=agreement_id,
    )


def check_description(description: str, parameter: str = "description") -> None:
    """Let pass what can stand on an invoice.

    Raises:
        InvalidRequest: it is empty, too long, or more than a line.
    """
    if not description.strip() or len(description) > LONGEST or not description.isprintable():
        raise InvalidRequest(f"the {parameter} is not a line of up to {LONGEST} characters", parameter=parameter)


def check_period(period: Period, *, at: datetime, parameter: str = "period") -> None:
    """Let pass what can be charged for at an instant.

    Raises:
        InvalidRequest: it is not within ten years of the present.
    """
    if not at - LONGEST_PERIOD <= period.start <= period.end <= at + LONGEST_PERIOD:
        raise InvalidRequest(
            "the period of a charge lies within ten years of the present",
            parameter=parameter,
            remedy="Charge for a shorter period, and for the next one when it comes.",
        )
