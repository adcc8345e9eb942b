"""Create a rate card."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import RateCard, TaxBehavior, Version, Versions
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def create_rate_card(
    engine: Engine,
    *,
    name: str,
    currency: str,
    service: Cadence,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_behavior: TaxBehavior | None = None,
    actor: str = "api",
) -> RateCard:
    """Start a collection of usage-based prices, without rates yet; its first version is live.

    Args:
        engine: the engine.
        name: what people call it.
        currency: what all its rates are in.
        service: the interval over which usage is counted, and at whose start tiers begin anew.
        lookup_key: a name of one's own, which no other rate card has.
        metadata: notes of one's own.
        tax_behavior: whether its prices include tax; as the billing profile says by default.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: a label is out of its bounds.
        InvalidAmount: there is no such currency.
        LookupKeyTaken: another rate card has the lookup key.
    """
    at = engine.now()
    first = Version(new_id("version"), 1, at)
    card = RateCard(
        id=new_id("card"),
        name=checked_name(name),
        currency=Money(0, currency).currency,
        service=service,
        versions=Versions((first,), first.id),
        created_at=at,
        lookup_key=lookup_key,
        metadata=dict(metadata or {}),
        tax_behavior=tax_behavior,
    )
    with engine.begin() as tx:
        tx.rate_cards.add(card)
        tx.audit.record(actor, "rate_card.create", card.id, at, after=card)
    return card
