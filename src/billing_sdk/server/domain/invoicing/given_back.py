"""What later invoices have given back of a fee: for time that is not used any more, or for what was given up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from billing_sdk.money import round_money
from billing_sdk.server.domain.invoicing.credit_note import CreditedLine
from billing_sdk.server.domain.invoicing.derivation import of_period
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine

NONE = Fraction(0)


def gives_back(line: InvoiceLine) -> bool:
    """Tell whether a line gives back some of what another one has charged."""
    return line.kind == "unused_time" or "given_back" in line.derivation


def back_of(line: InvoiceLine, others: Iterable[InvoiceLine]) -> Iterator[CreditedLine]:
    """Yield what other lines have given back of a line, above zero, with its taxes; the number says nothing.

    What gives back less, because a credit note had taken some of the line before, is below zero.

    Args:
        line: what was charged.
        others: lines of the same customer.
    """
    if line.kind != "licence_fee" or gives_back(line):
        return
    its = (line.agreement_id, line.plan_version_id, line.component_id)
    backs = [
        one for one in others if gives_back(one) and its == (one.agreement_id, one.plan_version_id, one.component_id)
    ]
    for other in backs:
        share = _share_of(line, other, backs)
        amounts = (other.amount.minor, tax_minor(other, is_inclusive=False), tax_minor(other, is_inclusive=True))
        back = [round_money(-share * minor, line.amount.currency) for minor in amounts]
        if any(back):
            yield CreditedLine(0, *back)


def tax_minor(line: InvoiceLine, *, is_inclusive: bool) -> int:
    """Return the taxes that were added to a line, or those that its price includes."""
    tax = line.derivation.get("tax") or {}
    if (tax.get("behavior") == "inclusive") != is_inclusive:
        return 0
    return sum(int(share["amount_minor"]) for share in tax.get("shares", ()))


def _share_of(line: InvoiceLine, other: InvoiceLine, backs: Iterable[InvoiceLine]) -> Fraction:
    """Return which share of what another line gives back was charged by this one."""
    facts = other.derivation
    if "given_back" in facts:
        return _share_of_given_up(line, other)
    if facts.get("of") == "licence_fee" and int(facts.get("of_minor", 0)) < 0:
        # What was given back for fewer seats is not unused any more: it lowers what is given back for all.
        of = [one for one in backs if "given_back" in one.derivation and of_period(one.period) == facts["period"]]
        return next((_share_of_given_up(line, one) for one in of if str(one.amount.minor) == facts["of_minor"]), NONE)
    return Fraction(int(facts.get("period") == of_period(line.period)))


def _share_of_given_up(line: InvoiceLine, other: InvoiceLine) -> Fraction:
    paid = other.derivation["given_back"]["paid"]
    whole = sum((_weight(one) for one in paid), NONE)
    mine = sum((_weight(one) for one in paid if one["period"] == of_period(line.period)), NONE)
    return mine / whole if whole else NONE


def _weight(paid: Mapping[str, Any]) -> Fraction:
    return int(paid["amount_minor"]) * Fraction(paid["fraction"])
