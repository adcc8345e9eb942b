"""The same credit asked for by many at once: nobody spends what another has, on either database."""

from __future__ import annotations

from billing_sdk.money import Money
from billing_sdk.server.usecases.commit_reservation import commit_reservation
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.void_credit import void_credit
from tests.contract.test_usecases_at_once import at_once, codes
from tests.e2e.test_credits import PLAN, sell
from tests.engines import payer


def test_of_many_who_ask_at_once_as_many_are_let_in_as_credit_pays_for(engine):
    sell(engine, minor=250)
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key=PLAN)

    def use(_: int) -> str:
        held = reserve_usage(
            engine, feature_key="ai_tokens", units="10", agreement_id=agreement.id, requires_credit=True
        )
        return commit_reservation(engine, reservation_id=held.id, agreement_id=agreement.id).status

    assert codes(at_once(use, 8)) == {"ok": 5, "credit_exhausted": 3}
    [balance] = look_up_credit(engine, customer_id=customer.id)
    assert (balance.pending.minor, balance.available.minor) == (250, 0)


def test_credit_is_taken_back_once_by_however_many(engine):
    customer = payer(engine)
    grant = grant_credit(engine, customer_id=customer.id, name="Welcome", amount=Money(500, "USD"))
    answers = codes(at_once(lambda _: void_credit(engine, grant_id=grant.id), 6))
    assert answers == {"ok": 1, "credit_grant_ended": 5}
    with engine.read() as tx:
        assert [one.amount.minor for one in tx.grants.movements_of_grant(grant.id)] == [500, -500]
