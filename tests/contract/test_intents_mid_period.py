"""Billing intents in the middle of a period: what is charged is what was reserved, to the cent, and is explained."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from billing_sdk.errors import InvalidEffectiveAt, PriceChanged
from billing_sdk.server.domain.agreements import Deactivate, EffectiveAt
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.reserve_intent import release_intent, reserve_intent
from billing_sdk.server.usecases.run_due import run_due
from tests.contract.intents import (
    commit,
    draft,
    last_invoice,
    modified,
    offer,
    reserve,
    sent_to,
    subscription,
    to,
)
from tests.engines import IN_MEMORY, advance, engine_on
from tests.histories.promises import (
    events_are_counted_without_a_gap,
    nothing_is_charged_twice,
    one_agreement_is_live_at_most,
)
from tests.histories.promises_explained import every_amount_follows_from_its_explanation
from tests.histories.promises_of_books import books_hold
from tests.histories.promises_of_totals import totals_hold
from tests.histories.world import World

NOW = EffectiveAt("current_billing_period_start")


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


def use(engine, agreement_id, value):
    current = subscription(engine, agreement_id)
    record_usage(engine, agreement_id=current.id, feature_key="ai_tokens", value=value)


def keep_promises(engine, customer):
    """Check what no history of changes may break, as it is for one customer."""
    world = SimpleNamespace(engine=engine, customers=[customer], explained=set(), now=engine.now())
    books = World.books(world, 0)
    one_agreement_is_live_at_most(books)
    events_are_counted_without_a_gap(books)
    nothing_is_charged_twice(books)
    books_hold(world, books)
    totals_hold(books)
    every_amount_follows_from_its_explanation(world, books)


ACTS = {
    "another version at once": lambda act, plan: modified(
        act.agreement_id, plan, number=2, collect_at="on_effective_at"
    ),
    "another version from the start of the period": lambda act, plan: modified(
        act.agreement_id, plan, number=2, collect_at="on_effective_at", effective_at=NOW
    ),
    "another version, nothing prorated": lambda act, plan: modified(
        act.agreement_id, plan, number=2, collect_at="on_effective_at", gives_back=False, charges_partial=False
    ),
    "more seats at once": lambda act, plan: modified(
        act.agreement_id, plan, number=1, quantities={"seats": 7}, collect_at="on_effective_at"
    ),
    "fewer seats at once": lambda act, plan: modified(
        act.agreement_id, plan, number=1, quantities={"seats": 1}, collect_at="on_effective_at"
    ),
    "the end at once": lambda act, _: Deactivate(act.agreement_id),
    "the end at once, with what is not used": lambda act, _: Deactivate(act.agreement_id, gives_back=True),
    "the end at the start of the period": lambda act, _: Deactivate(act.agreement_id, NOW),
}
DUE = {
    "another version, with the next invoice": 0,
    "another version at once": 50 + 1_500 + 1_000 - (500 + 1_000),
    "another version from the start of the period": 3_000 + 2_000 - (1_000 + 2_000),
    "another version, nothing prorated": 50,
    "more seats at once": 750,
    "fewer seats at once": 0,
    "the end at once": 50,
    "the end at once, with what is not used": 0,
    "the end at the start of the period": 0,
}


@pytest.mark.parametrize("name", ACTS)
def test_what_is_charged_is_what_was_reserved(engine, name):
    plan = offer(engine, "plan", 1_000, 3_000, seat=500, usage=5)
    customer, cadence = sent_to(engine)
    act = to(plan, number=1, quantities={"seats": 4})
    commit(engine, cadence, act)
    advance(engine, days=14)
    use(engine, act.agreement_id, "10")
    reserved = reserve(engine, cadence, ACTS[name](act, plan))
    assert reserved.amounts.due.minor == DUE[name]
    before = last_invoice(engine, customer).id
    advance(engine, hours=1)
    commit_intent(engine, intent_id=reserved.id)
    invoice = last_invoice(engine, customer)
    charged = invoice.amount.minor if invoice.id != before else 0
    assert charged == reserved.amounts.due.minor
    keep_promises(engine, customer)
    advance(engine, days=31)
    run_due(engine)
    keep_promises(engine, customer)


def test_an_intent_that_comes_to_something_else_by_now_is_not_committed(engine):
    plan = offer(engine, "plan", 1_000, usage=5)
    _, cadence = sent_to(engine)
    act = to(plan)
    commit(engine, cadence, act)
    reserved = reserve(engine, cadence, Deactivate(act.agreement_id))
    use(engine, act.agreement_id, "10")  # reported now, for the time before
    with pytest.raises(PriceChanged):
        commit_intent(engine, intent_id=reserved.id)
    assert subscription(engine, act.agreement_id).is_live


@pytest.mark.parametrize("number", [7, 1, None], ids=["more seats", "fewer seats", "the end"])
def test_what_was_renewed_since_it_was_reserved_is_reserved_again(engine, number):
    plan = offer(engine, "plan", 1_000, 3_000, seat=500, usage=5)
    _, cadence = sent_to(engine)
    act = to(plan, number=1, quantities={"seats": 4})
    commit(engine, cadence, act)
    advance(engine, days=14)
    wanted = Deactivate(act.agreement_id)
    if number is not None:
        wanted = modified(act.agreement_id, plan, number=1, quantities={"seats": number})
    reserved = reserve(engine, cadence, wanted)
    advance(engine, days=31)
    run_due(engine)

    with pytest.raises(PriceChanged, match="billed for another period"):
        commit_intent(engine, intent_id=reserved.id)

    release_intent(engine, intent_id=reserved.id)
    again = reserve_intent(engine, intent_id=reserved.id)
    assert commit_intent(engine, intent_id=again.id).status == "committed"


def test_nothing_takes_effect_before_the_period_or_ahead(engine):
    plan = offer(engine, "plan", 1_000)
    _, cadence = sent_to(engine)
    advance(engine, days=10)
    for at in (cadence.anchor - timedelta(seconds=1), engine.now() + timedelta(seconds=1)):
        with pytest.raises(InvalidEffectiveAt):
            draft(engine, cadence, to(plan, effective_at=EffectiveAt("timestamp", at)))
    begun = draft(engine, cadence, to(plan, effective_at=EffectiveAt("timestamp", cadence.anchor)))
    assert begun.amounts.due.minor == 1_000
