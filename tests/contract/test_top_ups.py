"""Top-ups: credit that is bought now or whenever it runs low, and counts once it is paid."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import (
    CardDeclined,
    Conflict,
    CreditGrantEnded,
    CreditGrantUsed,
    InvalidAmount,
    InvalidCreditGrant,
    NotFound,
    PaymentMethodRequired,
)
from billing_sdk.money import Money
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from billing_sdk.server.usecases.void_credit import void_credit
from billing_sdk.server.usecases.watch_credit import delete_credit_settings, save_credit_settings
from tests.contract.agreements import bills, rows
from tests.e2e.test_credits import PLAN, credit, left, sell
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, NOON, advance, card, events_of, payer

FIVE, TWENTY = Money(500, "USD"), Money(2_000, "USD")


@pytest.fixture
def customer(memory_engine):
    return payer(memory_engine)


def buy(engine, customer, **more):
    return top_up_credit(engine, **{"customer_id": customer.id, "amount": TWENTY, **more})


def use(engine, agreement, units):
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value=str(units))
    run_due(engine)


def settings_of(engine, customer):
    with engine.read() as tx:
        return tx.grants.find_settings(customer.id)


def credit_news(engine, customer):
    return [type_.partition(".")[2] for type_ in events_of(engine, customer.id) if "credit" in type_ or "top" in type_]


def test_what_is_bought_is_charged_and_counts_at_once(memory_engine, customer):
    grant = buy(memory_engine, customer, name="Twenty dollars", expires_at=NOON + timedelta(days=365))
    assert (grant.status, grant.category, grant.source, grant.left) == ("granted", "paid", "top_up", TWENTY)
    assert bills(memory_engine, customer) == [("paid", 2_000)]
    assert credit(memory_engine, customer) == [(2_000, 0, 2_000)]
    with memory_engine.read() as tx:
        [invoice] = tx.invoices.newest_of(customer.id)
        assert tx.grants.bought_by(invoice.id) == (grant,)
        assert (invoice.reason, invoice.agreement_id, invoice.lines[0].description) == (
            "one_off",
            None,
            "Twenty dollars",
        )


def test_a_declined_card_buys_nothing_and_leaves_nothing_owed(memory_engine):
    customer = payer(memory_engine, number=DECLINED_WHEN_CHARGED)
    with pytest.raises(CardDeclined):
        buy(memory_engine, customer)
    assert bills(memory_engine, customer) == [("void", 2_000)]
    assert left(memory_engine, customer) == [("voided", 0)]
    assert credit(memory_engine, customer) == []
    add_card(memory_engine, customer_id=customer.id, card=card(GOOD_CARD))
    assert buy(memory_engine, customer).status == "granted"


def test_credit_is_bought_with_a_card_and_without_one_nothing_is_written(memory_engine):
    customer = payer(memory_engine, number=None)
    before = rows(memory_engine)
    with pytest.raises(PaymentMethodRequired):
        buy(memory_engine, customer)
    assert rows(memory_engine) == before


REFUSED = [
    ({"amount": Money(0, "USD")}, InvalidAmount),
    ({"expires_at": NOON - timedelta(days=1)}, InvalidCreditGrant),
    ({"customer_id": "customer_none"}, NotFound),
]


@pytest.mark.parametrize(("fault", "error"), REFUSED)
def test_a_top_up_that_makes_no_sense_is_refused_and_charges_nothing(memory_engine, customer, fault, error):
    before = rows(memory_engine)
    with pytest.raises(error):
        buy(memory_engine, customer, **fault)
    assert rows(memory_engine) == before


@pytest.fixture
def agreement(memory_engine, customer):
    """Tokens at 5 cents, and 10 dollars of credit for them every month."""
    sell(memory_engine)
    return subscribe(memory_engine, customer_id=customer.id, plan_key=PLAN)


def test_credit_that_runs_low_is_announced_once_and_once_more_when_it_is_used_up(memory_engine, customer, agreement):
    save_credit_settings(memory_engine, customer_id=customer.id, threshold=FIVE)
    run_due(memory_engine)
    assert credit_news(memory_engine, customer) == ["credit_granted"]
    for units in (90, 15, 10, 90, 10):
        use(memory_engine, agreement, units)
    assert credit_news(memory_engine, customer)[1:] == ["credit_low", "credit_used_up"]
    advance(memory_engine, days=31)
    run_due(memory_engine)
    use(memory_engine, agreement, 1)
    use(memory_engine, agreement, 110)
    assert credit_news(memory_engine, customer)[3:] == ["credit_granted", "credit_low"]


def test_more_is_bought_below_the_threshold_and_once_for_however_much_usage(memory_engine, customer, agreement):
    save_credit_settings(memory_engine, customer_id=customer.id, threshold=FIVE, top_up=TWENTY)
    use(memory_engine, agreement, 90)
    assert len(bills(memory_engine, customer)) == 1
    for _ in range(3):
        record_usage(memory_engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10")
    run_due(memory_engine)
    assert bills(memory_engine, customer)[1:] == [("paid", 2_000)]
    assert credit(memory_engine, customer) == [(3_000, 600, 2_400)]
    use(memory_engine, agreement, 300)
    assert bills(memory_engine, customer)[1:] == [("paid", 2_000)]
    use(memory_engine, agreement, 100)
    assert bills(memory_engine, customer)[1:] == [("paid", 2_000), ("paid", 2_000)]


def test_a_declined_card_stops_what_is_bought_by_itself_until_somebody_says_go_on(memory_engine, customer, agreement):
    save_credit_settings(memory_engine, customer_id=customer.id, threshold=FIVE, top_up=TWENTY)
    add_card(memory_engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    use(memory_engine, agreement, 150)
    use(memory_engine, agreement, 10)
    assert bills(memory_engine, customer)[1:] == [("void", 2_000)]
    assert settings_of(memory_engine, customer).stopped_at == NOON
    assert credit_news(memory_engine, customer)[1:] == ["credit_low", "top_up_stopped"]
    add_card(memory_engine, customer_id=customer.id, card=card(GOOD_CARD))
    save_credit_settings(memory_engine, customer_id=customer.id, threshold=FIVE, top_up=TWENTY)
    run_due(memory_engine)
    assert bills(memory_engine, customer)[1:] == [("void", 2_000), ("paid", 2_000)]


def test_without_settings_nothing_is_bought_and_nothing_is_told(memory_engine, customer, agreement):
    save_credit_settings(memory_engine, customer_id=customer.id, threshold=FIVE, top_up=TWENTY)
    delete_credit_settings(memory_engine, customer_id=customer.id)
    use(memory_engine, agreement, 300)
    assert len(bills(memory_engine, customer)) == 1
    assert credit_news(memory_engine, customer) == ["credit_granted"]


@pytest.mark.parametrize(
    "fault", [{"threshold": Money(-1, "USD")}, {"top_up": Money(0, "USD")}, {"top_up": Money(1, "EUR")}]
)
def test_settings_that_make_no_sense_are_refused(memory_engine, customer, fault):
    before = rows(memory_engine)
    with pytest.raises(InvalidAmount):
        save_credit_settings(memory_engine, **{"customer_id": customer.id, "threshold": FIVE, **fault})
    assert rows(memory_engine) == before


def test_what_is_refunded_of_a_top_up_is_taken_back_and_what_was_used_is_not_refunded(
    memory_engine, customer, agreement
):
    grant = buy(memory_engine, customer)
    with pytest.raises(Conflict):
        void_credit(memory_engine, grant_id=grant.id)
    credit_invoice(memory_engine, invoice_id=grant.invoice_id, wanted=FIVE, reason="Too much", actor="test")
    assert left(memory_engine, customer)[1:] == [("granted", 1_500)]
    use(memory_engine, agreement, 300)
    advance(memory_engine, days=31)
    run_due(memory_engine)
    assert left(memory_engine, customer)[1] == ("granted", 1_000)
    before = rows(memory_engine)
    with pytest.raises(CreditGrantUsed):
        credit_invoice(memory_engine, invoice_id=grant.invoice_id, wanted=None, reason="All of it", actor="test")
    assert rows(memory_engine) == before
    credit_invoice(memory_engine, invoice_id=grant.invoice_id, wanted=Money(1_000, "USD"), reason="Rest", actor="test")
    assert left(memory_engine, customer)[1] == ("granted", 0)


def test_bought_credit_that_usage_which_is_billed_later_needs_is_not_refunded(memory_engine, customer, agreement):
    grant = buy(memory_engine, customer)
    use(memory_engine, agreement, 300)
    [(ledger, pending, available)] = credit(memory_engine, customer)
    assert (ledger, pending, available) == (3_000, 1_500, 1_500)
    before = rows(memory_engine)
    with pytest.raises(CreditGrantUsed):
        credit_invoice(memory_engine, invoice_id=grant.invoice_id, wanted=Money(1_501, "USD"), reason="All of it")
    assert rows(memory_engine) == before
    credit_invoice(memory_engine, invoice_id=grant.invoice_id, wanted=Money(1_500, "USD"), reason="What is left")
    assert credit(memory_engine, customer) == [(1_500, 1_500, 0)]


def test_credit_that_is_not_paid_yet_is_told_from_credit_that_was_used(memory_engine):
    create_profile(memory_engine, name="Net", is_default=True, collection_method="send_invoice")
    customer = payer(memory_engine, "grace@example.com", number=None)
    grant = buy(memory_engine, customer)
    with pytest.raises(CreditGrantEnded) as refusal:
        credit_invoice(memory_engine, invoice_id=grant.invoice_id, wanted=FIVE, reason="Too much")
    assert "not paid yet" in refusal.value.detail
