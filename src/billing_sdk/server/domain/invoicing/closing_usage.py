"""What an invoice says that has waited for late usage: its usage as it is now, and its discounts with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing_sdk.server.domain.catalog import PlanVersion, Policies, total_of
from billing_sdk.server.domain.invoicing.deductions import with_discounts
from billing_sdk.server.domain.invoicing.in_force import Lines
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.rated_interval import RatedInterval, place_of, rate_again, without
from billing_sdk.server.domain.invoicing.unit_lines import of_nothing, rated_amount
from billing_sdk.server.domain.invoicing.usage_interval import Used

CHARGES = ("licence_fee", "usage")


@dataclass(frozen=True, slots=True)
class ClosedUsage:
    """The lines of an invoice with the usage of now, and what is kept of its intervals."""

    lines: Lines
    rated: tuple[RatedInterval, ...]


def close_intervals(
    lines: Lines,
    rated: Sequence[RatedInterval],
    used: Used,
    versions: Mapping[str, PlanVersion],
    policies: Policies,
) -> ClosedUsage:
    """Rate the usage of one agreement on an invoice that has waited for it, and discount all of its charges again.

    Where no usage has come, the lines stay as they are.

    Args:
        lines: what the invoice says about the agreement.
        rated: the service intervals that it bills, those included that came to nothing.
        used: how much of a feature was used in a period.
        versions: the prices of the intervals, in the agreement's currency, by the id of the version; that of the plan
            before those of add-ons.
        policies: those of today; how usage is rated is taken from the intervals.

    Raises:
        InvalidAmount: something comes to more than can be real.
    """
    usage, kept = [], []
    places = {version_id: place for place, version_id in enumerate(versions)}
    for one in sorted(rated, key=lambda one: _in_order(one, places, versions)):
        its = [line for line in lines if _is_of(line, one)]
        before = without(one, total_of([rated_amount(line) for line in its], one.billed.currency))
        line, after = rate_again(before, versions[one.plan_version_id], used, policies)
        if rated_amount(line).minor < 0:
            # As at a boundary: what an earlier invoice has billed too much is given back by a credit note for that.
            line, after = of_nothing(line), replace(before, is_dirty=True)
        usage.append(line)
        kept.append(after)
    changed = {(after.key, after.billed) for after in kept} != {(one.key, one.billed) for one in rated}
    if not changed:
        return ClosedUsage(lines, tuple(kept))
    charges = [line for line in lines if line.kind in CHARGES and not any(_is_of(line, one) for one in rated)]
    charges += [line for line in usage if rated_amount(line)]
    plans = {version.id: version.plan_key for version in versions.values()}
    rest = tuple(line for line in lines if line.kind not in (*CHARGES, "discount"))
    discounts = rated[0].discounts if rated else ()
    return ClosedUsage(with_discounts(tuple(charges), discounts, plans) + rest, tuple(kept))


def _in_order(
    one: RatedInterval, places: Mapping[str, int], versions: Mapping[str, PlanVersion]
) -> tuple[int, int, datetime]:
    """Return the place of an interval on its invoice."""
    version_id = one.plan_version_id
    return places[version_id], place_of(versions[version_id], one.component_id), one.period.start


def _is_of(line: InvoiceLine, one: RatedInterval) -> bool:
    its = (line.plan_version_id, line.component_id, line.period.start)
    return line.kind == "usage" and its == one.key
