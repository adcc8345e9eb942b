"""What is sent for an add-on, how it looks, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.compiling import Fault, components_of
from billing_sdk.server.api.konnect.durations import cadence_of
from billing_sdk.server.api.konnect.phases import Made, catalogue_of
from billing_sdk.server.api.konnect.plan_view import CatalogueResource, known_by_key, members_of
from billing_sdk.server.api.konnect.prices import FlatPrice, FreePrice
from billing_sdk.server.api.konnect.rate_cards import RateCard
from billing_sdk.server.api.konnect.shown_cards import cards_of
from billing_sdk.server.api.konnect.values import CurrencyCode, Description, Labels, Name, ResourceKey
from billing_sdk.server.domain.catalog import MONTHLY, VersionContent
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.konnect_plans import Draft, PlanRecord

InstanceType = Literal["single", "multiple"]


class AddonFields(Body):
    """What can be said of a draft; what is left out is taken away."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    instance_type: InstanceType
    rate_cards: list[RateCard]


class NewAddon(AddonFields):
    """An add-on, or a further version of one."""

    key: ResourceKey
    currency: CurrencyCode


class SentAddon(Body):
    """What is kept of a draft."""

    currency: CurrencyCode
    instance_type: InstanceType
    rate_cards: list[RateCard]

    def content(self, tx: UnitOfWork) -> Made:
        """Return what can be made of it now."""
        cadence = _longest(self.rate_cards)
        components, found = components_of(self.rate_cards, catalogue_of(tx, self.currency, cadence), "rate_cards")
        faults = (*_faults(self), *found)
        return Made(None if faults else VersionContent(components, cadence, currency=self.currency), faults)


class AddonView(CatalogueResource):
    """An add-on, which is one version of it."""

    instance_type: str
    rate_cards: list[dict[str, Any]]

    @classmethod
    def of(cls, tx: UnitOfWork, record: PlanRecord) -> AddonView:
        """Show an add-on."""
        sent = sent_addon(record)
        is_draft = record.status == "draft" and record.version is not None
        return cls(
            **members_of(record, sent.content(tx).faults if sent is not None and is_draft else ()),
            instance_type="multiple" if sent is None else sent.instance_type,
            rate_cards=cards_shown(tx, record),
        )


def cards_shown(tx: UnitOfWork, record: PlanRecord) -> list[dict[str, Any]]:
    """Return the rate cards of an add-on: as they were sent, or as they can be said."""
    sent = sent_addon(record)
    if sent is not None:
        return [one.model_dump(mode="json", exclude_unset=True) for one in sent.rate_cards]
    if record.version is None:
        return []
    features, tax_codes = known_by_key(tx)
    found = cards_of(record.version.components, record.version.cadence, features, tax_codes)
    return [one.model_dump(mode="json", exclude_defaults=True) for one in found]


def sent_addon(record: PlanRecord) -> SentAddon | None:
    """Return what was sent for an add-on; None where it was made through another door."""
    return None if record.sent is None else SentAddon.model_validate(record.sent)


def draft_of(tx: UnitOfWork, body: AddonFields, sent: Mapping[str, Any]) -> Draft:
    """Return a draft.

    Args:
        tx: the transaction.
        body: what is sent now.
        sent: what else is known of it, in JSON's own types.
    """
    kept = {**sent, **body.model_dump(mode="json", include={"instance_type", "rate_cards"}, exclude_unset=True)}
    made = SentAddon.model_validate(kept).content(tx)
    content = VersionContent(currency=kept["currency"]) if made.content is None else made.content
    return Draft(body.name, body.description, body.labels or {}, content, kept)


def _longest(cards: Sequence[RateCard]) -> Cadence:
    """Return the cadence that an add-on is billed with: the longest of its cards, of those that are paid for first."""
    found = MONTHLY
    is_first = True
    for card in sorted(cards, key=lambda one: isinstance(one.price, FreePrice)):
        own = cadence_of(card.billing_cadence) if card.billing_cadence is not None else None
        if own is not None and (is_first or own.is_longer_than(found)):
            found, is_first = own, False
    return found


def _faults(sent: SentAddon) -> Iterator[Fault]:
    if not sent.rate_cards:
        yield Fault("addon_with_no_rate_cards", "nothing is charged or included", "rate_cards")
    for place, card in enumerate(sent.rate_cards):
        if sent.instance_type == "multiple" and not isinstance(card.price, FlatPrice | FreePrice):
            message = "what is taken several times has flat prices"
            yield Fault("addon_invalid_ratecard_price_for_multi_instance", message, f"rate_cards.{place}.price")
