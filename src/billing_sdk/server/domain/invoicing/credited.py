"""Credit grants on an invoice: a line of its own for each grant and each line of usage that it pays for.

Lines are paid in their order, after discounts and before taxes and the customer balance. Licence fees and one-off
charges are never paid with credit (Stripe documentation, "Billing credits", Eligibility).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.money import Money, zero
from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import CreditGrant, Payable, Share, burn_down
from billing_sdk.server.domain.invoicing.derivation import explain
from billing_sdk.server.domain.invoicing.in_force import Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.naming import bought_as, paid_with
from billing_sdk.server.domain.invoicing.unit_lines import UNIT, rated_amount
from billing_sdk.server.domain.periods import Period

Key = tuple[str | None, str | None, str, Period]

# What is charged by usage: at a billing date, and when it has come late.
METERED = ("usage", "adjustment")


@dataclass(frozen=True, slots=True)
class Application:
    """What a grant pays of a line; `line` is the number of the line that is paid, counted from 1."""

    grant_id: str
    line: int
    amount: Money


def payables_of(lines: Lines) -> tuple[tuple[int, Payable], ...]:
    """Return what credit can pay of lines, discounts taken off, each with the number of its line."""
    off: dict[Key, int] = {}
    for line in lines:
        if line.kind == "discount" and line.derivation.get("of") in METERED:
            off[_key(line)] = off.get(_key(line), 0) + line.amount.minor
    return tuple(
        (number, _payable(line, off.get(_key(line), 0)))
        for number, line in enumerate(lines, start=1)
        if line.kind in METERED
    )


def with_credit_grants(lines: Lines, grants: Iterable[CreditGrant]) -> Lines:
    """Pay for usage with credit, as far as there is some.

    Args:
        lines: what is charged, discounts taken off.
        grants: of the customer, with what is left of each.
    """
    numbered = payables_of(lines)
    shares = burn_down(grants, [payable for _, payable in numbered])
    return lines + tuple(_credit_line(lines, share, *numbered[share.index]) for share in shares)


def applications_of(lines: Lines) -> tuple[Application, ...]:
    """Return what lines say about which grants have paid for which lines."""
    return tuple(
        Application(line.component_id, int(line.derivation["line"]), _paid(line))
        for line in lines
        if line.kind == "credit_grant"
    )


def bought_line(grant: CreditGrant, *, at: datetime) -> InvoiceLine:
    """Return the line of credit that is sold; what is paid for it is owed to the customer until it is used."""
    period = Period(at, at)
    subject, frames = bought_as(grant.name)
    return InvoiceLine(
        subject=subject,
        frames=frames,
        amount=grant.cost,
        period=period,
        plan_version_id=None,
        component_id=grant.id,
        derivation=explain(
            "one_off",
            plan_version_id=None,
            component_id=grant.id,
            period=period,
            amount_minor=str(grant.cost.minor),
            grant=grant.id,
            credit_minor=None if grant.price is None else str(grant.amount.minor),
        ),
    )


def grants_bought(lines: Lines) -> tuple[str, ...]:
    """Return which grants lines are for."""
    return tuple(line.derivation["grant"] for line in lines if "grant" in line.derivation)


def _credit_line(lines: Lines, share: Share, number: int, payable: Payable) -> InvoiceLine:
    grant, paid = share.grant, lines[number - 1]
    unit = paid.derivation.get(UNIT)
    return InvoiceLine(
        subject=paid.subject,
        frames=(*paid.frames, paid_with(grant.name)),
        amount=-share.amount if unit is None else zero(paid.amount.currency),
        period=paid.period,
        plan_version_id=paid.plan_version_id,
        component_id=grant.id,
        agreement_id=paid.agreement_id,
        derivation=explain(
            "credit_grant",
            plan_version_id=paid.plan_version_id,
            component_id=grant.id,
            period=paid.period,
            line=str(number),
            of_minor=str(payable.amount.minor),
            owed_minor=str(share.owed.minor),
            left_minor=str(share.left.minor),
            category=grant.category,
            priority=str(grant.priority),
            feature=payable.feature_key,
            unit=unit and {"id": unit["id"], "name": unit["name"], "millionths": str(share.amount.minor)},
        ),
    )


def _paid(line: InvoiceLine) -> Money:
    """Return what a line of credit has used of its grant: as much money as it takes off, or units."""
    return rated_amount(line) if UNIT in line.derivation else -line.amount


def _payable(line: InvoiceLine, off: int) -> Payable:
    facts, amount = line.derivation, rated_amount(line)
    return Payable(
        feature_key=facts["feature"],
        amount=amount_of(max(amount.minor + off, 0), amount.currency),
        period=line.period,
        item_id=facts.get("item"),
        card_id=facts.get("card"),
    )


def _key(line: InvoiceLine) -> Key:
    return (line.agreement_id, line.plan_version_id, line.component_id, line.period)
