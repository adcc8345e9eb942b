"""Payment intents: money is taken once, is the customer's with us until it pays for one thing, and can go back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.errors import (
    AuthenticationRequired,
    CardDeclined,
    InvalidAmount,
    NotFound,
    PaymentIntentAmountInvalid,
    PaymentIntentCustomerInvalid,
    PaymentIntentStatusInvalid,
    PaymentIntentUnexpectedState,
    PaymentMethodRequired,
    RefundTooLarge,
    UnknownPaymentIntent,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import one_off_line
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.confirm_payment import confirm_payment
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.make_way import make_way
from billing_sdk.server.usecases.payment_intents import (
    cancel_payment_intent,
    confirm_payment_intent,
    create_payment_intent,
    find_payment_intent,
    update_payment_intent,
)
from billing_sdk.server.usecases.receive_payment import require_for
from billing_sdk.server.usecases.refund_unused import refund_unused, settle_left_over_unused
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from tests.contract.test_usecases_left_over import MortalGateway, ProcessDiedError
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, advance, engine_on, events_of, payer

TWENTY = Money(2_000, "USD")
ASKS_EACH_TIME = "4000002760003184"
NOT_REFUNDED = "4000000000005126"


@pytest.fixture(scope="module")
def engine():
    with engine_on(IN_MEMORY) as engine:
        yield engine


def somebody(engine, number="4242424242424242"):
    return payer(engine, f"{new_id('payer')}@example.com", number=number)


def card_of(engine, customer):
    with engine.read() as tx:
        return tx.customers.find_payment_method(customer.id).id


def intent_of(engine, customer, amount=TWENTY, **given):
    method = card_of(engine, customer)
    return create_payment_intent(engine, customer_id=customer.id, amount=amount, payment_method_id=method, **given)


def standing(engine, customer):
    """Return what stands on the accounts that money of payment intents moves on."""
    with engine.read() as tx:
        entries = tx.ledger.of_customer(customer.id)
    names = ("cash", "unapplied_payments", "receivable")
    sums = {name: sum(entry.amount_of(name) for entry in entries) for name in names}
    return {name: minor for name, minor in sums.items() if minor}


def use(engine, customer, intent, amount=TWENTY):
    """Issue an invoice that a payment intent pays."""
    with engine.begin() as tx:
        customer, at = tx.customers.lock(customer.id), engine.now()
        payment = require_for(tx, intent.id, customer=customer, amount=amount)
        lines = (one_off_line("Setup", amount, at=at),)
        wanted = new_invoice(customer, lines, currency="USD", agreement=None, reason="one_off", at=at)
        return issue_invoice(tx, customer, wanted, source="api", actor="api", at=at, payment=payment)


def test_money_is_taken_once_and_pays_one_invoice(engine):
    customer = somebody(engine)
    intent = intent_of(engine, customer)
    assert (intent.status, intent.received) == ("requires_confirmation", Money(0, "USD"))

    paid = confirm_payment_intent(engine, intent.id)
    assert (paid.status, paid.received, paid.unused) == ("succeeded", TWENTY, TWENTY)
    assert standing(engine, customer) == {"cash": 2_000, "unapplied_payments": -2_000}
    with pytest.raises(PaymentIntentUnexpectedState):
        confirm_payment_intent(engine, intent.id)

    invoice = use(engine, customer, intent)
    assert (invoice.status, invoice.payment_id) == ("paid", paid.payment_id)
    assert standing(engine, customer) == {"cash": 2_000}
    used = find_payment_intent(engine, intent.id)
    assert (used.invoice_id, used.unused) == (invoice.id, Money(0, "USD"))
    with pytest.raises(PaymentIntentStatusInvalid):
        use(engine, customer, intent)
    with pytest.raises(PaymentIntentUnexpectedState, match="has paid an invoice"):
        refund_unused(engine, intent.id)
    assert events_of(engine, customer.id).count("customer.payment_succeeded") == 1


def test_a_payment_intent_pays_only_its_customers_debt_of_its_amount_once_it_has_succeeded(engine):
    customer, other = somebody(engine), somebody(engine)
    waiting, paid = intent_of(engine, customer), intent_of(engine, customer)
    confirm_payment_intent(engine, paid.id)

    with pytest.raises(UnknownPaymentIntent):
        use(engine, customer, replace(paid, id="intentpayment_0"))
    with pytest.raises(PaymentIntentStatusInvalid):
        use(engine, customer, waiting)
    with pytest.raises(PaymentIntentCustomerInvalid):
        use(engine, other, paid)
    for amount in (Money(1_999, "USD"), Money(2_001, "USD"), Money(2_000, "EUR")):
        with pytest.raises(PaymentIntentAmountInvalid):
            use(engine, customer, paid, amount)
    assert find_payment_intent(engine, paid.id).unused == TWENTY


def test_a_refused_card_leaves_the_intent_for_another_one(engine):
    customer = somebody(engine, DECLINED_WHEN_CHARGED)
    intent = intent_of(engine, customer)
    with pytest.raises(CardDeclined) as refusal:
        confirm_payment_intent(engine, intent.id)
    assert refusal.value.facts["decline_code"] == "generic_decline"
    refused = find_payment_intent(engine, intent.id)
    assert (refused.status, refused.decline_code) == ("requires_payment_method", "generic_decline")
    assert standing(engine, customer) == {}
    assert events_of(engine, customer.id)[-1] == "customer.payment_failed"
    with pytest.raises(PaymentIntentUnexpectedState):
        refund_unused(engine, intent.id)


def test_a_payment_waits_for_its_payer_and_is_completed_by_the_page(engine):
    customer = somebody(engine, ASKS_EACH_TIME)
    intent = intent_of(engine, customer)
    asked = confirm_payment_intent(engine, intent.id)
    assert asked.status == "requires_action"
    assert confirm_payment_intent(engine, intent.id) == asked
    with engine.read() as tx:
        url = tx.charges.by_id(asked.charge_id).awaits.url
    make_way(engine, customer_id=customer.id, keeps=lambda charge: False)
    assert confirm_payment(engine, url.rpartition("/")[2], is_confirmed=True) == "paid"
    assert find_payment_intent(engine, intent.id).status == "succeeded"


def test_whoever_is_not_there_can_have_it_refused_at_once(engine):
    customer = somebody(engine, ASKS_EACH_TIME)
    intent = intent_of(engine, customer)
    with pytest.raises(AuthenticationRequired):
        confirm_payment_intent(engine, intent.id, is_present=False, fails_on_action=True)
    assert find_payment_intent(engine, intent.id).status == "requires_payment_method"


def test_an_attempt_that_waits_is_withdrawn_when_the_intent_is_cancelled(engine):
    customer = somebody(engine, ASKS_EACH_TIME)
    intent = confirm_payment_intent(engine, intent_of(engine, customer).id)
    cancelled = cancel_payment_intent(engine, intent.id, reason="abandoned")
    assert (cancelled.status, cancelled.cancellation, cancelled.canceled_at) == ("canceled", "abandoned", engine.now())
    with engine.read() as tx:
        assert not tx.charges.has_open(customer.id)
    for act in (cancel_payment_intent, confirm_payment_intent):
        with pytest.raises(PaymentIntentUnexpectedState):
            act(engine, intent.id)


def test_what_was_not_used_goes_back_in_parts(engine):
    customer = somebody(engine)
    intent = confirm_payment_intent(engine, intent_of(engine, customer).id)
    first = refund_unused(engine, intent.id, amount=Money(500, "USD"))
    assert (first.status, first.amount) == ("succeeded", Money(500, "USD"))
    with pytest.raises(PaymentIntentStatusInvalid):
        use(engine, customer, intent)
    with pytest.raises(RefundTooLarge):
        refund_unused(engine, intent.id, amount=Money(1_501, "USD"))
    with engine.read() as tx:
        assert tx.payment_intents.unused_of(customer.id) == {"USD": Money(1_500, "USD")}
    assert refund_unused(engine, intent.id).amount == Money(1_500, "USD")
    assert standing(engine, customer) == {}
    with engine.read() as tx:
        assert tx.payment_intents.unused_of(customer.id) == {}
    with pytest.raises(RefundTooLarge):
        refund_unused(engine, intent.id)


def test_what_can_not_go_back_can_still_pay(engine):
    customer = somebody(engine, NOT_REFUNDED)
    intent = confirm_payment_intent(engine, intent_of(engine, customer).id)
    refused = refund_unused(engine, intent.id)
    assert (refused.status, refused.decline_code) == ("failed", "expired_or_canceled_card")
    assert use(engine, customer, intent).status == "paid"


def test_only_what_can_be_paid_is_written_down(engine):
    customer, other = somebody(engine), somebody(engine)
    for minor in (0, -1, 100_000_000):
        with pytest.raises(InvalidAmount):
            intent_of(engine, customer, Money(minor, "USD"))
    with pytest.raises(NotFound):
        create_payment_intent(engine, customer_id=customer.id, amount=TWENTY, payment_method_id=card_of(engine, other))
    bare = create_payment_intent(engine, customer_id=customer.id, amount=TWENTY, metadata={"order": "7"})
    assert bare.status == "requires_payment_method"
    with pytest.raises(PaymentMethodRequired):
        confirm_payment_intent(engine, bare.id)
    more = update_payment_intent(
        engine, bare.id, amount=Money(2_500, "USD"), payment_method_id=card_of(engine, customer)
    )
    assert (more.amount.minor, more.status, more.metadata) == (2_500, "requires_confirmation", {"order": "7"})
    confirm_payment_intent(engine, bare.id)
    with pytest.raises(PaymentIntentUnexpectedState):
        update_payment_intent(engine, bare.id, amount=TWENTY)
    assert update_payment_intent(engine, bare.id, description="Setup").description == "Setup"


def test_a_process_that_dies_between_the_money_and_its_record_takes_nothing_twice():
    gateway = MortalGateway()
    with engine_on(IN_MEMORY, gateway=gateway) as engine:
        customer = payer(engine)
        intent = intent_of(engine, customer)
        gateway.deaths = 1
        with pytest.raises(ProcessDiedError):
            confirm_payment_intent(engine, intent.id)
        assert find_payment_intent(engine, intent.id).status == "processing"
        with pytest.raises(PaymentIntentUnexpectedState):
            cancel_payment_intent(engine, intent.id)
        advance(engine, minutes=2)
        settle_left_over_charges(engine)
        assert find_payment_intent(engine, intent.id).status == "succeeded"
        assert list(gateway.collected.values()) == [TWENTY]

        gateway.refund = _dying(gateway.refund)
        with pytest.raises(ProcessDiedError):
            refund_unused(engine, intent.id)
        advance(engine, seconds=timedelta(minutes=2).total_seconds())
        settle_left_over_unused(engine)
        settle_left_over_unused(engine)
        with engine.read() as tx:
            [refund] = tx.payment_intents.refunds_of(intent.id)
        assert refund.status == "succeeded"
        assert standing(engine, customer) == {}


def _dying(refund):
    deaths = iter((True,))

    def dies_once(**asked):
        refund(**asked)
        if next(deaths, False):
            raise ProcessDiedError
        return refund(**asked)

    return dies_once
