"""What holds of a rate card whatever was done to it: nobody's prices change, and usage is priced once."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings, strategies as st

from billing_sdk.errors import NotFound, RateExists
from billing_sdk.server.domain.catalog import CardRate, MeteredItem, RateCard, Version, Versions
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from tests.unit.domain.things import at

NOON = at("2026-01-31", "12:00:00")
EMPTY = RateCard("card_1", "Usage", "USD", Cadence("month"), Versions((Version("v_1", 1, NOON),), "v_1"), NOON)
ITEMS = [MeteredItem(f"item_{name}", name, "tokens", NOON, (("model", name),)) for name in "abc"]

numbers = st.lists(st.integers(0, 2), max_size=3)
# Which items get a rate, and which of the rates that were ever made are deleted; together in one call.
calls = st.lists(st.tuples(numbers, st.lists(st.integers(0, 9), max_size=2)), max_size=8)


def after(card: RateCard, made: int, create: list[int], delete: list[int]) -> RateCard:
    """Return the card after a call; one that is refused changes nothing."""
    rates = [
        CardRate(f"rate_{made}_{place}", ITEMS[number], Terms(PerUnit(Decimal(made))), NOON)
        for place, number in enumerate(create)
    ]
    gone = {card.rates[number].id for number in delete if number < len(card.rates)}
    try:
        return card.modified(create=rates, delete=gone, version_id=f"v_{made}", at=NOON)
    except (NotFound, RateExists):
        return card


@settings(max_examples=100)
@given(calls)
def test_prices_of_a_version_never_change_and_only_what_nobody_paid_for_is_added(
    history: list[tuple[list[int], list[int]]],
) -> None:
    card = EMPTY
    for made, (create, delete) in enumerate(history, start=2):
        before, card = card, after(card, made, create, delete)
        for version in before.versions.all:
            then, now = before.rates_of(version.id), card.rates_of(version.id)
            assert [(rate.id, rate.terms) for rate in now[: len(then)]] == [(rate.id, rate.terms) for rate in then]
            priced = {rate.item.id for rate in then}
            assert all(rate.item.id not in priced for rate in now[len(then) :])
            assert len(now) == len(then) or version == before.versions.latest == card.versions.latest
        for version in card.versions.all:
            items = [rate.item.id for rate in card.rates_of(version.id)]
            assert len(items) == len(set(items))
