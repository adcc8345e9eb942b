"""Subscribe to a rate card alone: an agreement to a plan that nobody sees, with this card as its only component."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.errors import Conflict, CurrencyMismatch, NotFound, TooManySubscriptions
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import RateCard
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.attach_component import attach_component
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.create_pricing_plan import create_pricing_plan
from billing_sdk.server.usecases.draft_intent import MOST_SUBSCRIPTIONS
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.publish_plan import publish_plan

KIND = "card_plan"


def subscribe_to_card(
    engine: Engine,
    *,
    billing_cadence_id: str,
    card_id: str,
    card_version: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> Agreement:
    """Let a customer pay for usage by a rate card, from now on.

    Args:
        engine: the engine.
        billing_cadence_id: what bills it; it says who the customer is.
        card_id: the rate card.
        card_version: the version of it; the live one by default.
        metadata: the seller's own.
        actor: who does it, as events and the audit name them.

    Raises:
        UnknownCadence, CadenceCanceled: nothing can be billed by the cadence.
        NotFound: there is no such rate card.
        VersionNotFound: it has no such version.
        EmptyVersion: the version has no rates.
        InvalidServiceInterval: its service interval is longer than the cadence.
        Conflict: the customer is billed by the card already.
        CurrencyMismatch: the cadence bills in another currency than the card.
        TooManySubscriptions: the cadence bills as many subscriptions as one can.
    """
    with engine.read() as tx:
        cadence = tx.billing_cadences.get(billing_cadence_id)
        cadence.check(cadence.customer_id)
        card = tx.rate_cards.get(card_id)
        version_id = card.versions.find(card_version or "live").id
        if not card.is_active:
            raise NotFound(f"the rate card {card_id} is inactive", entity="rate_card")
        live = tx.agreements.live_of(cadence.customer_id)
        for agreement in live:
            attached = tx.attachments.of(agreement.plan_version_id)
            if any(one.object_id == card.id for one in attached):
                raise Conflict("the customer is billed by the rate card already")
        billed = [agreement for agreement in live if agreement.billing_cadence_id == cadence.id]
        if any(agreement.currency != card.currency for agreement in billed):
            raise CurrencyMismatch(f"the cadence bills in another currency than {card.currency}")
        if len(billed) >= MOST_SUBSCRIPTIONS:
            raise TooManySubscriptions(f"the cadence bills {len(billed)} subscriptions", most=MOST_SUBSCRIPTIONS)
    plan_key = _plan_of(engine, card, version_id, actor=actor)
    options = ChangeOptions(
        currency=card.currency,
        wants_trial=False,
        billing_cadence_id=billing_cadence_id,
        metadata=metadata,
        may_owe=True,
    )
    return change_plan(
        engine, customer_id=cadence.customer_id, plan_key=plan_key, options=options, source="api", actor=actor
    )


def _plan_of(engine: Engine, card: RateCard, version_id: str, *, actor: str) -> str:
    """Return the key of the plan that a version of a card is all of; it is made where there is none."""
    with engine.read() as tx:
        found = tx.stripe.by_key(KIND, version_id)
    if found is not None:
        return found.our_id
    plan = create_pricing_plan(
        engine,
        name=card.name,
        currency=card.currency,
        tax_behavior=card.tax_behavior,
        actor=actor,
    )
    attach_component(engine, plan_key=plan.key, kind="rate_card", object_id=card.id, version=version_id, actor=actor)
    publish_plan(engine, plan_key=plan.key, in_any_currency=True, actor=actor)
    at = engine.now()
    with engine.begin() as tx:
        tx.stripe.save(StripeObject(KIND, plan.key, created_at=at, updated_at=at, key=version_id))
    return plan.key
