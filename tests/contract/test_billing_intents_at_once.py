"""Many intents about one subscription at once, and changes through other doors: one gets it, on either database."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Deactivate
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.commit_intent import commit_intent
from billing_sdk.server.usecases.reserve_intent import reserve_intent
from tests.contract.agreements import bills
from tests.contract.intents import commit, draft, offer, sent_to, subscription, to
from tests.contract.test_usecases_at_once import at_once, codes


def test_of_many_who_reserve_one_subscription_at_once_one_gets_it_and_commits_it_once(engine):
    gold = offer(engine, "gold", 3_100)
    customer, cadence = sent_to(engine)
    act = to(gold)
    commit(engine, cadence, act)
    drafts = [draft(engine, cadence, Deactivate(act.agreement_id)) for _ in range(4)]
    answers = at_once(lambda number: reserve_intent(engine, intent_id=drafts[number].id), 4)
    assert codes(answers) == {"ok": 1, "agreement_reserved": 3}
    (reserved,) = (one for one in answers if not isinstance(one, Exception))
    committed = at_once(lambda _: commit_intent(engine, intent_id=reserved.id), 4)
    assert codes(committed) == {"ok": 1, "invalid_intent_status": 3}
    assert bills(engine, customer) == [("issued", 3_100)]


def test_a_reservation_and_an_end_through_another_door_do_not_both_happen(engine):
    gold = offer(engine, "gold", 3_100)
    _, cadence = sent_to(engine)
    act = to(gold)
    commit(engine, cadence, act)
    drafted = draft(engine, cadence, Deactivate(act.agreement_id))

    def end(number: int) -> object:
        if number:
            return cancel_agreement(engine, agreement_id=act.agreement_id)
        return reserve_intent(engine, intent_id=drafted.id)

    answers = at_once(end, 2)
    assert codes(answers) in ({"ok": 1, "agreement_reserved": 1}, {"ok": 1, "agreement_not_live": 1})
    is_reserved = not isinstance(answers[0], Exception)
    assert subscription(engine, act.agreement_id).is_live == is_reserved
