"""What add-ons add to what a plan includes.

Limits add up: a plan with 5 seats and two add-ons of 10 include 25. Without a limit is more than any number, so where
the plan or an add-on has none, there is none. What only an add-on includes comes with its own limit, as often as the
add-on was bought. The least that must be bought is the plan's business alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from billing_sdk.server.domain.catalog import Component, Entitlement, PlanVersion, Rate


@dataclass(frozen=True, slots=True)
class AddedOn:
    """An add-on, in the version that was bought, and how many of it."""

    version: PlanVersion
    quantity: int


def with_add_ons(version: PlanVersion, add_ons: Sequence[AddedOn]) -> PlanVersion:
    """Return a version that includes what its add-ons include, for entitlements only: its fees are still its own.

    Args:
        version: what is agreed to.
        add_ons: what is agreed beside it.
    """
    components = version.components
    for add_on in add_ons:
        for component in add_on.version.components:
            match component:
                case Entitlement():
                    components = _added(components, _times(component, add_on.quantity))
                case Rate():
                    components = (*components, component)
                case _:
                    continue  # what it costs beside usage is no entitlement
    return version if components is version.components else replace(version, components=components)


def _times(entitlement: Entitlement, quantity: int) -> Entitlement:
    limit = None if entitlement.limit_max is None else entitlement.limit_max * quantity
    return replace(entitlement, limit_max=limit, limit_min=None)


def _added(components: tuple[Component, ...], more: Entitlement) -> tuple[Component, ...]:
    for place, found in enumerate(components):
        if isinstance(found, Entitlement) and found.feature_key == more.feature_key:
            limit = None if found.limit_max is None or more.limit_max is None else found.limit_max + more.limit_max
            return (*components[:place], replace(found, limit_max=limit), *components[place + 1 :])
    return (*components, more)
