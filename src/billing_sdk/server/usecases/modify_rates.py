"""Modify the rates of a rate card: one, or several together, or none of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.catalog import CardRate, RateCard
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.custom_units import active_unit
from billing_sdk.server.usecases.engine import Engine


@dataclass(frozen=True, slots=True)
class NewRate:
    """A price that a metered item is to have; `item_id` is its id or lookup key.

    Attributes:
        unit_id: the custom unit that it is priced in, by id or lookup key; the terms are in millionths of it then.
    """

    item_id: str
    terms: Terms
    metadata: Mapping[str, str] = field(default_factory=dict)
    unit_id: str | None = None


def add_rate(engine: Engine, *, card_id: str, rate: NewRate, actor: str = "api") -> tuple[RateCard, CardRate]:
    """Price a metered item; a first price counts for the latest version, another one makes a new version.

    Raises:
        NotFound: there is no such rate card or metered item.
        TooManyRates: the version would have more than 500.
        UsagePricedTwice: another item of its feature with the same conditions has a rate.
        InvalidPrice: the price does not go together with the conditions of the item.
    """

    def change(tx: UnitOfWork, card: RateCard, at: datetime) -> RateCard:
        (made,) = _made(tx, [rate], at)
        return card.priced(made, version_id=new_id("version"), at=at)

    card = _change(engine, card_id, change, actor=actor)
    return card, card.rates[-1]


def delete_rate(engine: Engine, *, card_id: str, rate_id: str, actor: str = "api") -> RateCard:
    """Leave a price out of a new version; who is on an older version keeps it.

    Raises:
        NotFound: there is no such rate card, or its latest version has no such rate.
    """
    return modify_rates(engine, card_id=card_id, create=(), delete=(rate_id,), actor=actor)


def modify_rates(
    engine: Engine,
    *,
    card_id: str,
    create: Sequence[NewRate],
    delete: Collection[str],
    actor: str = "api",
) -> RateCard:
    """Add and delete rates together: all of it, in one new version at most, or nothing.

    To give an item another price, delete the present rate in the same call.

    Args:
        engine: the engine.
        card_id: the rate card, by its id or lookup key.
        create: at most 100 together with `delete`.
        delete: ids of rates of the latest version.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such rate card, metered item or rate.
        RateExists: an item would have two rates.
        UsagePricedTwice: two items of one feature with the same conditions would have one each.
        TooManyRates: the version would have more than 500, or the call changes more than 100.
        InvalidPrice: a price does not go together with the conditions of its item.
    """

    def change(tx: UnitOfWork, card: RateCard, at: datetime) -> RateCard:
        made = _made(tx, create, at)
        return card.modified(create=made, delete=delete, version_id=new_id("version"), at=at)

    return _change(engine, card_id, change, actor=actor)


def _change(
    engine: Engine, card_id: str, change: Callable[[UnitOfWork, RateCard, datetime], RateCard], *, actor: str
) -> RateCard:
    at = engine.now()
    with engine.begin() as tx:
        before = tx.rate_cards.lock(card_id)
        card = change(tx, before, at)
        tx.rate_cards.save(before, card)
        tx.audit.record(actor, "rate_card.rates", card.id, at, before=before, after=card)
    return card


def _made(tx: UnitOfWork, rates: Sequence[NewRate], at: datetime) -> list[CardRate]:
    items = {rate.item_id: tx.items.get_metered(rate.item_id) for rate in rates}
    units = {rate.unit_id: active_unit(tx, rate.unit_id) for rate in rates if rate.unit_id is not None}
    return [
        CardRate(
            new_id("rate"),
            items[rate.item_id],
            rate.terms,
            at,
            metadata=rate.metadata,
            unit=None if rate.unit_id is None else units[rate.unit_id],
        )
        for rate in rates
    ]
