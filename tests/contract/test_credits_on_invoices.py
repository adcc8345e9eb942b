"""Credit on invoices that wait, are void, or whose charge is declined: it is spent once, and comes back once."""

from __future__ import annotations

import pytest

from billing_sdk.errors import CardDeclined
from billing_sdk.money import Money
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.contract.agreements import decide
from tests.e2e.test_credits import PLAN, credit, foreseen, last_bill, left, renew, sell, use
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, advance, card, payer
from tests.explaining import recomputed_amount

WELCOME = Money(700, "USD")


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


def welcome(engine, customer):
    return grant_credit(engine, customer_id=customer.id, name="Welcome", amount=WELCOME)


def newest(engine, customer):
    with engine.read() as tx:
        return tx.invoices.newest_of(customer.id)[0]


def kinds(engine, grant):
    with engine.read() as tx:
        return [(one.kind, one.amount.minor) for one in tx.grants.movements_of_grant(grant.id)]


def test_a_voided_invoice_gives_credit_back_and_what_has_expired_ends_again(memory_engine, customer):
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    grant = welcome(memory_engine, customer)
    add_card(memory_engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    use(memory_engine, agreement, 300)
    renew(memory_engine)
    assert last_bill(memory_engine, customer)[-2:] == [("credit_grant", -1_000), ("credit_grant", -500)]
    void_invoice(memory_engine, invoice_id=newest(memory_engine, customer).id)
    assert credit(memory_engine, customer) == [(2_700, 0, 1_700)]
    run_due(memory_engine)
    assert left(memory_engine, customer) == [("expired", 0), ("granted", 700), ("granted", 1_000)]
    assert kinds(memory_engine, grant) == [("granted", 700), ("applied", -500), ("reinstated", 500)]
    renew(memory_engine, days=1)
    assert credit(memory_engine, customer) == [(1_700, 0, 1_700)]


def test_a_change_whose_charge_is_declined_leaves_credit_as_it_was(memory_engine, customer):
    decide(memory_engine, unpaid_usage="charge")
    sell(memory_engine)
    sell(memory_engine, "larger", fee=90_000)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    grant = welcome(memory_engine, customer)
    use(memory_engine, agreement, 250)
    before = credit(memory_engine, customer)
    add_card(memory_engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    with pytest.raises(CardDeclined):
        change_plan(memory_engine, customer_id=customer.id, plan_key="larger")
    assert credit(memory_engine, customer) == before == [(1_700, 1_250, 450)]
    assert kinds(memory_engine, grant) == [("granted", 700), ("applied", -250), ("given_back", 250)]
    add_card(memory_engine, customer_id=customer.id, card=card(GOOD_CARD))
    change_plan(memory_engine, customer_id=customer.id, plan_key="larger")
    run_due(memory_engine)
    assert ("credit_grant", -250) in last_bill(memory_engine, customer)
    assert credit(memory_engine, customer) == [(1_450, 0, 1_450)]


def test_credit_waits_with_the_invoice_that_waits_for_late_usage(memory_engine, customer):
    wait = Duration.parse("P3D")
    create_profile(memory_engine, name="Patient", is_default=True, wait_for_late_usage=wait)
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    use(memory_engine, agreement, 100)
    renew(memory_engine, days=28)
    assert left(memory_engine, customer) == [("granted", 500), ("granted", 1_000)]
    assert credit(memory_engine, customer) == [(1_500, 500, 1_000)]
    use(memory_engine, agreement, 20)
    assert foreseen(memory_engine, agreement)[-1] == ("credit_grant", -100)
    advance(memory_engine, days=4)
    run_due(memory_engine)
    assert last_bill(memory_engine, customer)[-1] == ("credit_grant", -500)
    run_due(memory_engine)
    assert credit(memory_engine, customer) == [(1_000, 100, 900)]


def test_what_waits_for_longer_is_paid_with_credit_before_what_is_newer(memory_engine, customer):
    create_profile(memory_engine, name="Slow", is_default=True, wait_before_sending=Duration.parse("P40D"))
    sell(memory_engine, minor=1)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    welcome(memory_engine, customer)
    use(memory_engine, agreement, 100)
    renew(memory_engine, days=28)
    use(memory_engine, agreement, 100)
    assert foreseen(memory_engine, agreement)[-2:] == [("credit_grant", -1), ("credit_grant", -201)]


def test_every_line_of_credit_can_be_computed_from_its_explanation(memory_engine, customer):
    sell(memory_engine)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    welcome(memory_engine, customer)
    use(memory_engine, agreement, 240)
    renew(memory_engine)
    invoice = newest(memory_engine, customer)
    with memory_engine.read() as tx:
        told = [explain_line(tx, invoice.id, number) for number in range(1, len(invoice.lines) + 1)]
    assert [recomputed_amount(one) for one in told] == [line.amount.minor for line in invoice.lines]
    assert told[-1]["told"] == ["7.00 USD was left of this credit, and 2.00 USD of line 2 was to be paid."]


def test_usage_that_comes_late_is_paid_with_credit_of_its_own_time(memory_engine, customer):
    sell(memory_engine, expires=False)
    agreement = subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)
    renew(memory_engine)
    with memory_engine.read() as tx:
        used_at = tx.agreements.get(agreement.id).started_at
    record_usage(memory_engine, agreement_id=agreement.id, feature_key="ai_tokens", value="100", used_at=used_at)
    renew(memory_engine, days=2)
    assert last_bill(memory_engine, customer) == [("adjustment", 500), ("credit_grant", -500)]
