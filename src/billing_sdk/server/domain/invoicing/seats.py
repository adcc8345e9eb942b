"""What another number of licences, such as seats, costs for the rest of the service intervals that are paid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from billing_sdk.errors import InvalidQuantity
from billing_sdk.server.domain.agreements import AgreedDiscount, Agreement
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, PlanVersion
from billing_sdk.server.domain.invoicing.deductions import with_discounts
from billing_sdk.server.domain.invoicing.in_force import InForce, Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.priced import fee_line
from billing_sdk.server.domain.periods import Period, Schedule

MOST_LICENCES = 1_000_000


def check_quantities(version: PlanVersion, quantities: Mapping[str, int]) -> None:
    """Let numbers of licences pass that a version of a plan can be agreed to with.

    Raises:
        InvalidQuantity: one is not a whole number above zero, or out of the bounds that the plan sets for the feature
            of the same key; or the plan has no such licensed fee.
    """
    licensed = {fee.key for fee in version.of_kind(LicenceFee) if fee.is_licensed}
    bounds = {found.feature_key: found for found in version.of_kind(Entitlement)}
    for key, quantity in quantities.items():
        if key not in licensed:
            raise InvalidQuantity(
                f"the plan {version.plan_key!r} has no fee {key[:64]!r} that depends on a quantity",
                remedy=f"Choose from {', '.join(sorted(licensed))}." if licensed else "Leave the quantity out.",
            )
        if type(quantity) is not int or not 0 < quantity <= MOST_LICENCES:
            raise InvalidQuantity(
                f"{str(quantity)[:40]} of {key!r} can't be agreed to", remedy="Ask for one or more, or cancel."
            )
        bound = bounds.get(key)
        if bound and bound.limit_min is not None and quantity < bound.limit_min:
            raise InvalidQuantity(f"the plan comes with at least {bound.limit_min} of {key!r}")
        if bound and bound.limit_max is not None and quantity > bound.limit_max:
            raise InvalidQuantity(f"the plan comes with at most {bound.limit_max} of {key!r}")


def lines_for_quantities(before: InForce, quantities: Mapping[str, int], *, at: datetime) -> Lines:
    """Return the difference that new numbers of licences make from an instant on; below zero where there are fewer.

    Only service intervals that were paid for in advance have a difference: those that are billed later are billed
    with the number of that time. What coupons take off in per cent is taken off the difference, too; amounts are
    taken off once a period, which they have been.

    Args:
        before: what is in force until then.
        quantities: how many from then on, by the key of the fee.
        at: the instant.
    """
    return with_percents_off(_differences(before, quantities, at), before)


def percents_off(agreement: Agreement) -> tuple[AgreedDiscount, ...]:
    """Return the discounts in per cent; amounts are taken off once a period, on its own invoice."""
    return tuple(one for one in agreement.discounts if one.percent_off is not None)


def with_percents_off(differences: Iterable[InvoiceLine], before: InForce) -> Lines:
    """Add to each line what coupons take off it in per cent; of a line below zero they give back as much less."""
    percents = percents_off(before.agreement)
    lines: list[InvoiceLine] = []
    for line in differences:
        if line.amount.minor > 0:
            lines += with_discounts((line,), percents, before.plans)
        else:
            mirrored = with_discounts((replace(line, amount=-line.amount),), percents, before.plans)
            lines += [replace(one, amount=-one.amount) for one in mirrored]
    return tuple(lines)


def _differences(before: InForce, quantities: Mapping[str, int], at: datetime) -> Iterator[InvoiceLine]:
    agreement = before.agreement
    for fee in before.version.of_kind(LicenceFee):
        old, new = agreement.quantity_of(fee.key), quantities.get(fee.key, agreement.quantity_of(fee.key))
        interval = Schedule(agreement.anchor, fee.service or agreement.cadence, agreement.zone).period_at(at)
        if not fee.is_licensed or old == new or interval.start > agreement.billed_period.start:
            continue
        was, becomes = (_line(before, fee, licences, at, interval) for licences in (old, new))
        amount = becomes.amount - was.amount
        derivation = {**becomes.derivation, "instead_of": {"quantity": str(old), "rating": was.derivation["rating"]}}
        if amount:
            description = f"{becomes.description}, {new} instead of {old}"
            yield replace(becomes, amount=amount, description=description, derivation=derivation)


def _line(before: InForce, fee: LicenceFee, licences: int, at: datetime, interval: Period) -> InvoiceLine:
    return fee_line(
        fee,
        plan_version_id=before.version.id,
        licences=licences,
        part=Period(at, interval.end),
        interval=interval,
        zone=before.agreement.zone,
        policies=before.policies,
    )
