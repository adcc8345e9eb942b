"""Numbers of licences and of add-ons: which of them can be agreed to."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.errors import InvalidQuantity
from billing_sdk.server.domain.agreements import AgreedAddOn
from billing_sdk.server.domain.catalog import Entitlement, LicenceFee, PlanVersion

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


def with_add_on(add_ons: tuple[AgreedAddOn, ...], one: AgreedAddOn) -> tuple[AgreedAddOn, ...]:
    """Return add-ons with another number of one of them, at its place; at the end where it is new, out for none."""
    others = tuple(other for other in add_ons if other.plan_key != one.plan_key)
    if not one.quantity:
        return others
    if len(others) == len(add_ons):
        return (*add_ons, one)
    return tuple(one if other.plan_key == one.plan_key else other for other in add_ons)
