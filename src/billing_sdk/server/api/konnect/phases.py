"""Phases: the rate cards of a plan for so long, one after the other, the last without an end.

All but the last are opening phases of the catalogue, which last a number of billing periods; the cards of the last are
the regular components.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.compiling import Catalogue, Fault, components_of, features_by_ulid
from billing_sdk.server.api.konnect.durations import cadence_of, times
from billing_sdk.server.api.konnect.rate_cards import RateCard
from billing_sdk.server.api.konnect.values import Description, IsoDuration, Labels, Name, ResourceKey
from billing_sdk.server.domain.catalog import Component, LicenceFee, Phase, VersionContent
from billing_sdk.server.domain.periods import Cadence, Duration
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.ids import new_id, ulid_of
from billing_sdk.server.storage import UnitOfWork

# What stands for a phase in which nothing is charged or included; the catalogue has no empty ones.
NOTHING = "nothing"


class PlanPhase(Body):
    """Rate cards for so long; only the last phase has no duration."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    key: ResourceKey
    duration: IsoDuration | None = None
    rate_cards: list[RateCard]


@dataclass(frozen=True, slots=True)
class Made:
    """What a draft comes to: its content, or what is wrong with it."""

    content: VersionContent | None
    faults: tuple[Fault, ...]


def catalogue_of(tx: UnitOfWork, currency: str, cadence: Cadence) -> Catalogue:
    """Return what rate cards refer to, as it is now."""
    return Catalogue(
        currency=currency,
        cadence=cadence,
        features=features_by_ulid(tx.features.list()),
        tax_codes={ulid_of(one.our_id): one.key or "" for one in tx.konnect.list("tax_code")},
        new_id=new_id,
    )


def content_of(tx: UnitOfWork, phases: Sequence[PlanPhase], billing_cadence: Duration, currency: str) -> Made:
    """Return the content of a version, or all that keeps a plan from being one."""
    cadence = cadence_of(billing_cadence)
    if cadence is None:
        message = "a cadence is a number of days or of months"
        return Made(None, (Fault("billing_cadence_invalid_value", message, "billing_cadence"),))
    catalogue = catalogue_of(tx, currency, cadence)
    faults = [*_faults(phases, cadence)]
    made: list[tuple[Component, ...]] = []
    for place, phase in enumerate(phases):
        components, found = components_of(phase.rate_cards, catalogue, f"phases.{place}.rate_cards")
        made.append(components or (_nothing(catalogue),))
        faults += found
    if faults:
        return Made(None, tuple(faults))
    openings = tuple(
        Phase(phase.key, phase.name, _periods(phase, cadence), components)
        for phase, components in zip(phases[:-1], made[:-1], strict=True)
    )
    return Made(VersionContent(made[-1], cadence, opening_phases=openings, currency=currency), ())


def _faults(phases: Sequence[PlanPhase], cadence: Cadence) -> Iterator[Fault]:
    counted = Counter(phase.key for phase in phases)
    for place, phase in enumerate(phases):
        here, is_last = f"phases.{place}", place == len(phases) - 1
        if counted[phase.key] > 1:
            yield Fault("plan_phase_duplicated_key", f"there are {counted[phase.key]} of this key", f"{here}.key")
        if is_last:
            if phase.duration is not None:
                yield Fault("plan_phase_last_with_duration", "the last phase has no end", f"{here}.duration")
        elif phase.duration is None:
            yield Fault("plan_phase_without_duration", "only the last phase has no end", f"{here}.duration")
        elif not _periods(phase, cadence):
            message = f"a phase lasts a whole number of billing periods of {cadence}"
            yield Fault("plan_phase_duration_unaligned", message, f"{here}.duration")
    if not any(phase.rate_cards for phase in phases):
        yield Fault("plan_with_no_rate_cards", "nothing is charged or included", "phases")


def _periods(phase: PlanPhase, cadence: Cadence) -> int:
    length = cadence_of(phase.duration) if phase.duration is not None else None
    return (length and times(cadence, length)) or 0


def _nothing(catalogue: Catalogue) -> LicenceFee:
    return LicenceFee(catalogue.new_id("fee"), NOTHING, "Nothing", catalogue.currency, Terms(Flat(Decimal(0))))
