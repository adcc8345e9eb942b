"""Components of a plan that are objects of their own: which a version refers to, and what it is made of with them.

A version of a plan keeps references; the prices behind them are put in when the version is loaded, so a rate that is
added to a rate card later counts for everybody whose plan refers to that version of the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from billing_sdk.errors import ComponentExists, ComponentMissing, CurrencyMismatch, LookupKeyTaken, TooManyComponents
from billing_sdk.server.domain.catalog.component import Component, TaxBehavior, require_tax_behavior
from billing_sdk.server.domain.catalog.labels import checked_lookup_key, checked_metadata
from billing_sdk.server.domain.catalog.licence_fee_object import LicenceFeeObject
from billing_sdk.server.domain.catalog.rate_card import RateCard, components_of
from billing_sdk.server.domain.catalog.service_action import ServiceAction
from billing_sdk.server.domain.catalog.version import PlanVersion

AttachedKind = Literal["licence_fee", "rate_card", "service_action"]
AttachedObject = LicenceFeeObject | RateCard | ServiceAction
MOST_ATTACHED = 100
MOST_OF_KIND: dict[AttachedKind, int] = {"rate_card": 20}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A reference from a version of a plan to an object; it keeps its id in the plan's later versions.

    Attributes:
        id: starts with `component_`.
        version_id: the version of the object that counts; None for a service action, which has none.
        created_at: when it was attached to the plan first.
        lookup_key: the name of the component within its plan; the quantity of a licence fee goes by it.
    """

    id: str
    kind: AttachedKind
    object_id: str
    version_id: str | None
    created_at: datetime
    lookup_key: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_lookup_key(self.lookup_key)
        checked_metadata(self.metadata)

    @property
    def key(self) -> str:
        """The name by which an agreement and its entitlements know the component."""
        return self.lookup_key or self.id


def kind_of(thing: AttachedObject) -> AttachedKind:
    """Return what kind of component an object makes."""
    match thing:
        case LicenceFeeObject():
            return "licence_fee"
        case RateCard():
            return "rate_card"
        case ServiceAction():
            return "service_action"


def resolved(
    version: PlanVersion, attachments: Sequence[Attachment], objects: Mapping[str, AttachedObject]
) -> PlanVersion:
    """Return a version with what its references stand for, after the components of its own.

    Args:
        version: as it was stored.
        attachments: its references, in their order.
        objects: by id, whatever the references name.

    Raises:
        CurrencyMismatch, InvalidServiceInterval: the version can't have such a component.
    """
    added = tuple(component for one in attachments for component in _components(one, objects[one.object_id]))
    return replace(version, components=(*version.components, *added)) if added else version


def check_card(card: RateCard, version: PlanVersion, tax_behavior: TaxBehavior | None) -> None:
    """Let a rate card pass whose rates, those to come as well, fit a version.

    Args:
        card: the card, with or without rates.
        version: what it is attached to.
        tax_behavior: whether all prices of the plan include tax; None where each says so itself.

    Raises:
        CurrencyMismatch: the version is sold in another currency.
        TaxBehaviorMismatch: its prices include tax and those of the plan don't, or the other way round.
    """
    if card.currency not in version.currencies:
        offered = ", ".join(version.currencies)
        raise CurrencyMismatch(f"{card.name!r} is priced in {card.currency}, the version in {offered}")
    require_tax_behavior(card.name, card.tax_behavior, tax_behavior)


def attached(attachments: Sequence[Attachment], one: Attachment) -> tuple[Attachment, ...]:
    """Return the references of a version with one more.

    Raises:
        ComponentExists: the same object is attached already.
        LookupKeyTaken: another component has its lookup key.
        TooManyComponents: there would be more than 100, or more than 20 rate cards.
    """
    if any(other.object_id == one.object_id for other in attachments):
        raise ComponentExists(f"the plan has the component {one.object_id!r} already")
    most = MOST_OF_KIND.get(one.kind, MOST_ATTACHED)
    if len(attachments) >= MOST_ATTACHED or sum(other.kind == one.kind for other in attachments) >= most:
        raise TooManyComponents(f"the plan has {len(attachments)} components", kind=one.kind)
    _check_key(attachments, one)
    return (*attachments, one)


def changed(attachments: Sequence[Attachment], one: Attachment) -> tuple[Attachment, ...]:
    """Return the references of a version with another state of one of them.

    Raises:
        LookupKeyTaken: another component has its lookup key.
    """
    others = [other for other in attachments if other.id != one.id]
    _check_key(others, one)
    return tuple(one if other.id == one.id else other for other in attachments)


def find_attachment(attachments: Sequence[Attachment], wanted: str) -> Attachment:
    """Return a reference by its id or lookup key.

    Raises:
        ComponentMissing: the version has no such component attached.
    """
    for one in attachments:
        if wanted in (one.id, one.lookup_key):
            return one
    raise ComponentMissing(f"the plan has no component {wanted[:64]!r}", component=wanted[:64])


def _check_key(others: Sequence[Attachment], one: Attachment) -> None:
    if one.lookup_key is not None and any(other.lookup_key == one.lookup_key for other in others):
        raise LookupKeyTaken(f"another component of the plan has the lookup key {one.lookup_key!r}")


def _components(one: Attachment, thing: AttachedObject) -> tuple[Component, ...]:
    match thing:
        case LicenceFeeObject():
            return (thing.component(one.version_id or "", component_id=one.id, key=one.key),)
        case RateCard():
            return components_of(thing, one.version_id or "")
        case ServiceAction():
            return (thing.component(component_id=one.id, key=one.key),)
