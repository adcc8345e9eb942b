"""The simulator is a Stripe as far as Stripe's own package can tell, over a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from billing_sdk.testing.stripe import Fault, StripeSimulator, stripe_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[StripeSimulator]:
    with stripe_simulator() as running:
        yield running


@pytest.fixture
def client(simulator: StripeSimulator) -> stripe.StripeClient:
    simulator.faults.clear()
    return client_of(simulator, simulator.secret_key)


def client_of(simulator: StripeSimulator, key: str) -> stripe.StripeClient:
    addresses = dict.fromkeys(("api", "connect", "files", "meter_events"), simulator.base_url)
    return stripe.StripeClient(key, base_addresses=addresses, max_network_retries=0)  # type: ignore[arg-type]


def payer(client: stripe.StripeClient, card: str = "pm_card_visa") -> stripe.Customer:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    method = client.v1.payment_methods.attach(card, {"customer": customer.id})
    return client.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})


def invoice(client: stripe.StripeClient, customer: str, *amounts: int, currency: str = "usd") -> stripe.Invoice:
    draft = client.v1.invoices.create({"customer": customer, "currency": currency, "auto_advance": False})
    lines = [{"amount": amount, "description": f"Line {place}"} for place, amount in enumerate(amounts)]
    return client.v1.invoices.add_lines(draft.id, {"lines": lines})  # type: ignore[typeddict-item]


def test_an_invoice_is_drafted_finalised_paid_and_paid_back(client):
    draft = invoice(client, payer(client).id, 1000, -100)
    assert (draft.status, draft.total) == ("draft", 900)
    client.v1.invoices.finalize_invoice(draft.id)
    paid = client.v1.invoices.pay(draft.id, {"expand": ["payments.data.payment.payment_intent"]})
    intent = paid.payments.data[0].payment.payment_intent
    assert (paid.status, paid.amount_paid, intent.status, intent.amount_received) == ("paid", 900, "succeeded", 900)
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 300})
    assert (refund.status, client.v1.charges.retrieve(refund.charge).amount_refunded) == ("succeeded", 300)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 601})


def test_the_same_key_does_a_thing_once(client, simulator):
    made = [client.v1.customers.create({"email": "once@example.com"}, {"idempotency_key": "once"}) for _ in range(2)]
    assert made[0].id == made[1].id
    assert simulator.log[-1].is_replayed
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create({"email": "other@example.com"}, {"idempotency_key": "once"})
    simulator.clock.advance(hours=25)
    assert client.v1.customers.create({"email": "once@example.com"}, {"idempotency_key": "once"}).id != made[0].id


def test_a_declined_card_says_why_and_the_invoice_stays_open(client):
    draft = invoice(client, payer(client, "pm_card_chargeCustomerFail").id, 1000)
    client.v1.invoices.finalize_invoice(draft.id)
    with pytest.raises(stripe.CardError) as raised:
        client.v1.invoices.pay(draft.id)
    assert (raised.value.code, raised.value.error.decline_code) == ("card_declined", "generic_decline")
    assert client.v1.invoices.retrieve(draft.id).status == "open"


def test_a_typo_in_a_parameter_is_an_error(client):
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: emial") as raised:
        client.v1.customers.create({"emial": "ada@example.com"})
    assert raised.value.code == "parameter_unknown"


FAULTS = {
    "error_500": stripe.APIError,
    "error_503": stripe.APIError,
    "rate_limit": stripe.RateLimitError,
    "unauthorized": stripe.AuthenticationError,
    "timeout_before": stripe.APIConnectionError,
    "timeout_after": stripe.APIConnectionError,
    "reset": stripe.APIConnectionError,
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_scripted_fault_strikes_the_named_request_once(client, simulator, what):
    simulator.faults.script([Fault(what, match="POST /v1/products")])
    with pytest.raises(FAULTS[what]):
        client.v1.products.create({"name": what})
    is_done = what in ("timeout_after", "reset")
    assert len([item for item in simulator.all("product") if item["name"] == what]) == is_done
    assert client.v1.products.create({"name": "Next"}).name == "Next"


def test_a_key_whose_request_is_under_way_is_a_conflict(client, simulator):
    def ask_again(entry):
        if entry.number == first:
            with pytest.raises(stripe.APIError) as raised:
                other.v1.products.create({"name": "Slow"}, {"idempotency_key": "slow"})
            conflicts.append(raised.value.http_status)

    # The hook runs before a request begins, so the first key is taken by hand.
    conflicts, other = [], client_of(simulator, simulator.secret_key)
    first = len(simulator.log) + 1
    simulator.space().answers.begin("slow", ("POST", "/v1/products", "{}"), 0)
    simulator.on_call(ask_again)
    client.v1.customers.list()
    assert conflicts == [409]


def test_a_card_comes_by_a_known_token_only(client):
    assert client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}}).card.last4 == "4242"
    with pytest.raises(stripe.InvalidRequestError, match="No such token"):
        client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_nobody"}})
    with pytest.raises(stripe.CardError, match="generally unsafe"):
        client.v1.payment_methods.create({"type": "card", "card": {"number": "4242424242424242"}})
