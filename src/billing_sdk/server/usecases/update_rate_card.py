"""Update a rate card: its labels, and which version is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from billing_sdk.server.domain.catalog import RateCard
from billing_sdk.server.domain.catalog.labels import relabelled
from billing_sdk.server.usecases.engine import Engine


def update_rate_card(
    engine: Engine,
    *,
    card_id: str,
    name: str | None = None,
    is_active: bool | None = None,
    live_version: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> RateCard:
    """Change what is given and leave the rest; an empty lookup key takes the present one away.

    Args:
        engine: the engine.
        card_id: its id or lookup key.
        name: what people call it.
        is_active: whether plans can get it attached; those that have it keep it.
        live_version: the version that plans get where none is named: an id, or `latest`.
        lookup_key: a name of one's own.
        metadata: notes of one's own.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such rate card.
        VersionNotFound: it has no such version.
        InvalidRequest: a label is out of its bounds.
        LookupKeyTaken: another rate card has the lookup key.
    """
    with engine.begin() as tx:
        before = tx.rate_cards.lock(card_id)
        card = relabelled(before, name=name, lookup_key=lookup_key, metadata=metadata)
        card = replace(card, is_active=card.is_active if is_active is None else is_active)
        if live_version is not None:
            card = replace(card, versions=card.versions.with_live(live_version))
        tx.rate_cards.save(before, card)
        tx.audit.record(actor, "rate_card.update", card.id, engine.now(), before=_head(before), after=_head(card))
    return card


def _head(card: RateCard) -> RateCard:
    """Return a card without its rates, which an update of the labels leaves alone."""
    return replace(card, rates=())
