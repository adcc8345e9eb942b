"""What is taken off: coupons, each a line of its own for every line that it lowers, and the credit balance last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from billing_sdk.money import Money, digits_of, total
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog.discount import Taken, discount
from billing_sdk.server.domain.invoicing.credit import BALANCE
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.naming import framed
from billing_sdk.server.domain.periods import Period


def with_discounts(
    lines: tuple[InvoiceLine, ...], discounts: tuple[AgreedDiscount, ...], plans: Mapping[str, str]
) -> tuple[InvoiceLine, ...]:
    """Add what coupons take off; a discount as a whole is rounded once, and its shares keep the sum.

    Args:
        lines: what is charged.
        discounts: what is agreed.
        plans: the key of the plan, or the add-on, of each plan version; a coupon may be for some of them only.

    Raises:
        CurrencyMismatch: an amount is taken off in another currency.
    """
    taken = discount(
        [line.amount for line in lines], discounts, [plans.get(line.plan_version_id or "") for line in lines]
    )
    return lines + tuple(
        _discount_line(line, one, place) for one in taken for place, line in enumerate(lines) if one.shares[place]
    )


def with_balance(
    lines: tuple[InvoiceLine, ...], balance: Money, *, plan_version_id: str | None, period: Period
) -> tuple[InvoiceLine, ...]:
    """Pay as much as there is with what a customer has to its credit.

    Args:
        lines: what is charged.
        balance: the credit.
        plan_version_id: of the agreement that the invoice is about, if it is about one.
        period: which period is billed.
    """
    owed = total([line.amount for line in lines], balance.currency)
    used = min(balance, owed, key=lambda money: money.minor)
    if used.minor <= 0:
        return lines
    line = InvoiceLine(
        subject="",
        frames=(framed("balance_used"),),
        amount=-used,
        period=period,
        plan_version_id=plan_version_id,
        component_id=BALANCE,
        derivation=explain(
            "credit_balance",
            plan_version_id=plan_version_id,
            component_id=BALANCE,
            period=period,
            balance_minor=str(balance.minor),
            owed_minor=str(owed.minor),
        ),
    )
    return (*lines, line)


def with_surplus_kept(
    lines: tuple[InvoiceLine, ...], currency: str, *, plan_version_id: str | None, period: Period
) -> tuple[InvoiceLine, ...]:
    """Put what lines give back beyond what they charge on the customer's balance, so that they come to zero.

    Args:
        lines: what is charged and given back.
        currency: of the invoice.
        plan_version_id: of the agreement that the invoice is about, if it is about one.
        period: which period is billed.
    """
    surplus = -total([line.amount for line in lines], currency)
    if surplus.minor <= 0:
        return lines
    line = InvoiceLine(
        subject="",
        frames=(framed("balance_kept"),),
        amount=surplus,
        period=period,
        plan_version_id=plan_version_id,
        component_id=BALANCE,
        derivation=explain(
            "credit_balance",
            plan_version_id=plan_version_id,
            component_id=BALANCE,
            period=period,
            surplus_minor=str(surplus.minor),
        ),
    )
    return (*lines, line)


def with_period_discounted(agreement: Agreement) -> Agreement:
    """Return the agreement when its discounts were taken off one more period; those that are used up are gone.

    What is added within the period is discounted as the period was, so they are kept apart.
    """
    left = (
        one if one.periods_left is None else replace(one, periods_left=one.periods_left - 1)
        for one in agreement.discounts
    )
    return replace(
        agreement,
        discounts=tuple(one for one in left if one.periods_left != 0),
        billed_discounts=agreement.discounts,
    )


def _discount_line(line: InvoiceLine, taken: Taken, place: int) -> InvoiceLine:
    one = taken.discount
    return InvoiceLine(
        subject=line.subject,
        frames=(*line.frames, framed("discount", coupon=one.coupon_key)),
        amount=-taken.shares[place],
        period=line.period,
        plan_version_id=line.plan_version_id,
        component_id=line.component_id,
        agreement_id=line.agreement_id,
        derivation=explain(
            "discount",
            plan_version_id=line.plan_version_id,
            component_id=line.component_id,
            period=line.period,
            coupon=one.coupon_key,
            of=line.kind,
            charged=line.derivation.get("charged"),
            of_minor=str(line.amount.minor),
            percent_off=None if one.percent_off is None else digits_of(one.percent_off),
            amount_off_minor=None if one.amount_off is None else str(one.amount_off.minor),
            whole_minor=str(sum(share.minor for share in taken.shares)),
            weights=[str(weight) for weight in taken.weights],
            place=str(place),
        ),
    )
