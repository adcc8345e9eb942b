"""Overage rates: say what a rate card charges for units that no grant covers, or that it charges nothing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.catalog import OverageRate, RateCard
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.custom_units import active_unit
from billing_sdk.server.usecases.engine import Engine


def add_overage_rate(
    engine: Engine,
    *,
    card_id: str,
    unit_id: str,
    item_id: str,
    unit_amount: Decimal,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> tuple[RateCard, OverageRate]:
    """Price units that no grant covers; a first price counts for the latest version, another one makes a new version.

    Args:
        engine: the engine.
        card_id: the rate card, by its id or lookup key.
        unit_id: the unit, likewise.
        item_id: the one-time item that an invoice names, likewise.
        unit_amount: what a whole unit costs, in exact minor units of the card's currency.
        metadata: notes of one's own.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such rate card, unit or item.
        Conflict: the card or the unit is not active.
        InvalidAmount: the amount can't be one.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.rate_cards.lock(card_id)
        if not before.is_active:
            raise Conflict(f"the rate card {before.name!r} is not active", remedy="Activate it first.")
        rate = OverageRate(
            id=new_id("overage"),
            unit=active_unit(tx, unit_id),
            unit_amount=unit_amount,
            item=tx.items.get_one_time(item_id),
            created_at=at,
            metadata=dict(metadata or {}),
        )
        card = before.with_overage_rate(rate, version_id=new_id("version"), at=at)
        tx.rate_cards.save(before, card)
        tx.audit.record(actor, "rate_card.overage_rate", card.id, at, before=before, after=card)
    return card, card.overage_rates[-1]


def delete_overage_rate(engine: Engine, *, card_id: str, rate_id: str, actor: str = "api") -> RateCard:
    """Leave an overage rate out of a new version; who is on an older version keeps it.

    Raises:
        NotFound: there is no such rate card, or its latest version has no such overage rate.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.rate_cards.lock(card_id)
        card = before.without_overage_rate(rate_id, version_id=new_id("version"), at=at)
        tx.rate_cards.save(before, card)
        tx.audit.record(actor, "rate_card.overage_rate", card.id, at, before=before, after=card)
    return card
