"""What differs between two versions of a plan: a list of parts that were added, removed or changed.

Parts are matched by what they are called, not by their ids, which are new with every version. What a difference means
for whoever is on a version is not decided here (see `usecases.migrate_customers`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Literal, TypeAlias, TypeVar

from billing_sdk.server.domain.catalog.component import Component, CreditGrant, Entitlement, LicenceFee, Rate
from billing_sdk.server.domain.catalog.version import Phase, PlanVersion, Trial
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.domain.rating import ByDimension

DifferenceKind = Literal["added", "removed", "changed"]
PartKind = Literal["cadence", "alignment", "currencies", "trial", "phase", "fee", "rate", "grant", "entitlement"]
# How long an opening phase lasts; its components are parts of their own.
PhaseLength: TypeAlias = int
Part: TypeAlias = Component | Trial | Cadence | Alignment | PhaseLength | tuple[str, ...]

_Key = TypeVar("_Key")

KINDS: dict[type[Component], PartKind] = {
    LicenceFee: "fee",
    Rate: "rate",
    CreditGrant: "grant",
    Entitlement: "entitlement",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not the same in both versions.

    Attributes:
        part: what it is a part of: the terms of the version, a phase, or a component.
        name: what people call it; empty where there is only one of its kind.
        phase: the key of the opening phase that it belongs to; empty for what counts in every regular period.
        before: as it is in the old version; None where it is added.
        after: as it is in the new version; None where it is removed.
        members: which members of a component differ, in the order of their definition.
    """

    kind: DifferenceKind
    part: PartKind
    name: str
    phase: str
    before: Part | None
    after: Part | None
    members: tuple[str, ...] = ()


def differences(before: PlanVersion, after: PlanVersion) -> tuple[Difference, ...]:
    """Return what differs between two versions, in the order in which they read: terms, phases, regular components.

    Args:
        before: the old version; which is the older one does not matter.
        after: the new version.
    """
    old, new = _phases(before), _phases(after)
    found = [*_terms(before, after)]
    for key in _in_order(old, new):
        found += _phase(key, old.get(key), new.get(key))
    found += _components(before.components, after.components, phase="")
    return tuple(found)


def _terms(before: PlanVersion, after: PlanVersion) -> Iterator[Difference]:
    pairs: tuple[tuple[PartKind, Part | None, Part | None], ...] = (
        ("cadence", before.cadence, after.cadence),
        ("alignment", before.alignment, after.alignment),
        ("currencies", before.currencies, after.currencies),
        ("trial", before.trial, after.trial),
    )
    for part, old, new in pairs:
        if old != new:
            yield Difference(_kind(old, new), part, "", "", old, new)


def _phase(key: str, before: Phase | None, after: Phase | None) -> Iterator[Difference]:
    old, new = (None if phase is None else phase.periods for phase in (before, after))
    if old != new:
        name = (after or before or Phase(key, key, 1, ())).name
        yield Difference(_kind(old, new), "phase", name, key, old, new)
    yield from _components(before.components if before else (), after.components if after else (), phase=key)


def _components(before: tuple[Component, ...], after: tuple[Component, ...], *, phase: str) -> Iterator[Difference]:
    old, new = ({component_key(part): part for part in parts} for parts in (before, after))
    for key in _in_order(old, new):
        was, is_now = old.get(key), new.get(key)
        members = _members(was, is_now)
        if was is not None and is_now is not None and not members:
            continue
        name = name_of(is_now) if is_now is not None else name_of(was) if was is not None else ""
        yield Difference(_kind(was, is_now), key[0], name, phase, was, is_now, members)


def component_key(component: Component) -> tuple[PartKind, str, tuple[str, ...]]:
    """Return what a component goes by among those of one phase."""
    kind = KINDS[type(component)]
    if isinstance(component, LicenceFee | CreditGrant):
        return kind, component.key, ()
    if isinstance(component, Rate) and isinstance(component.terms.price, ByDimension):
        price = component.terms.price
        return kind, component.feature_key, (*price.dimensions, *(", ".join(values) for values, _ in price.rates))
    return kind, component.feature_key, ()


def name_of(component: Component) -> str:
    """Return what people call a component."""
    return component.feature_name if isinstance(component, Entitlement) else component.name


def _members(before: Component | None, after: Component | None) -> tuple[str, ...]:
    if before is None or after is None:
        return ()
    names = (field.name for field in fields(after) if field.name != "id")
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _kind(before: object, after: object) -> DifferenceKind:
    return "added" if before is None else "removed" if after is None else "changed"


def _phases(version: PlanVersion) -> Mapping[str, Phase]:
    return {phase.key: phase for phase in version.opening_phases}


def _in_order(old: Mapping[_Key, object], new: Mapping[_Key, object]) -> tuple[_Key, ...]:
    """Return the keys of the new version in its order, with those that are gone behind them."""
    return (*new, *(key for key in old if key not in new))
