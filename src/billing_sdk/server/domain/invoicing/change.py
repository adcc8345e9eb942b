"""What a change of plan adds to the bill, beside the new plan's price.

By default it adds nothing: usage of the old plan that was not billed is forgiven, and days that were paid for
are not credited (Kinde documentation, "Billing policies"). Each of the two can be asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from billing_sdk.money import Money, round_money, total
from billing_sdk.server.domain.catalog import PlanVersion, Rate
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Usage, charge


def lines_in_arrears(version: PlanVersion, period: Period, used: Mapping[str, Decimal]) -> tuple[InvoiceLine, ...]:
    """Return the lines for the usage of a period, by feature key; each is rounded once.

    Raises:
        InvalidAmount: so much was used that the amount can't be real.
    """
    lines = [
        _usage_line(rate, version, period, used.get(rate.feature_key, Decimal(0))) for rate in version.of_kind(Rate)
    ]
    return tuple(line for line in lines if line.amount)


def credit_for_unused(paid: Money, period: Period, at: datetime) -> Money:
    """Return the part of what was paid for a period that falls on its time after `at`, to the second."""
    whole = int((period.end - period.start).total_seconds())
    unused = max(0, min(whole, int((period.end - at).total_seconds())))
    return round_money(Fraction(paid.minor * unused, whole), paid.currency)


def with_credit(lines: tuple[InvoiceLine, ...], credit: Money, *, of: InvoiceLine) -> tuple[InvoiceLine, ...]:
    """Add a credit to lines; where it is more than they come to, the rest lapses.

    Args:
        lines: what is charged.
        credit: how much is given back at most.
        of: says what the credit is for; its amount is replaced.
    """
    owed = total([line.amount for line in lines], credit.currency)
    given = min(credit, owed, key=lambda money: money.minor)
    return (*lines, replace(of, amount=-given)) if given.minor > 0 else lines


def _usage_line(rate: Rate, version: PlanVersion, period: Period, quantity: Decimal) -> InvoiceLine:
    return InvoiceLine(
        description=rate.line_description or rate.name,
        amount=charge(rate.terms, Usage(quantity), currency=rate.currency).amount,
        period=period,
        plan_version_id=version.id,
        component_id=rate.id,
    )
