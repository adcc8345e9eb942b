"""Payers at Stripe: one customer for each, whatever happens in between, and customers that were there before."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import Conflict, CustomerNotCollectable, GatewayUnreachable, UnknownPayer, UnknownPayerMethod
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.gateways import Payer
from billing_sdk.server.gateways.stripe import stripe_client
from billing_sdk.server.gateways.stripe.customers import ensure_customer, find_customer
from billing_sdk.server.gateways.stripe.methods import (
    check_payer,
    detach_method,
    find_method,
    link_payer,
    prefer_method,
)
from billing_sdk.server.ids import new_id
from billing_sdk.testing.stripe import Fault
from tests.contract.stripe.links import ADA, linked, payer_at


@pytest.fixture
def link(stripe_simulator):
    with linked(stripe_simulator) as (_, found):
        yield found


def sent(simulator, path="/v1/customers"):
    return [entry.method for entry in simulator.log if entry.path.startswith(path)]


def fresh() -> Payer:
    """Somebody who became a customer just now, whose keys Stripe can't have forgotten."""
    return Payer(new_id("customer"), "ada@example.com", "Ada")


def test_a_payer_is_made_once_and_told_only_what_has_changed(link, stripe_simulator):
    payer = fresh()
    first = ensure_customer(link, payer)
    assert ensure_customer(link, payer) == first
    moved = replace(payer, address=Address("DE", city="Berlin", lines=("Unter den Linden 1", "Hof")), language="de")
    assert ensure_customer(link, moved) == first
    assert ensure_customer(link, moved) == first
    assert [method for method in sent(stripe_simulator) if method == "POST"] == ["POST", "POST"]
    [there] = stripe_simulator.all("customer")
    assert (there["address"]["city"], there["address"]["line2"]) == ("Berlin", "Hof")
    assert there["preferred_locales"] == ["de"]
    assert there["metadata"]["billing_customer"] == payer.customer_id


@pytest.mark.parametrize("what", ["error_500", "timeout_after", "reset"])
def test_a_payer_is_one_customer_after_a_fault(link, stripe_simulator, what):
    payer = fresh()
    stripe_simulator.faults.script([Fault(match="POST /v1/customers", what=what)] * 4)
    for _ in range(4):
        try:
            ensure_customer(link, payer)
        except GatewayUnreachable:
            continue
    found = ensure_customer(link, payer)
    assert [there["id"] for there in stripe_simulator.all("customer")] == [found]


def test_an_old_payer_is_looked_for_before_another_one_is_made(link, stripe_simulator):
    there = link.client.v1.customers.create(
        {"email": ADA.email, "metadata": link.metadata(ADA.customer_id, ADA.customer_id)}
    )
    assert ensure_customer(link, ADA) == there.id
    assert len(stripe_simulator.all("customer")) == 1


def test_a_customer_of_the_account_can_stand_for_a_payer(link, stripe_simulator):
    reference = payer_at(stripe_simulator, link)
    method = link_payer(link, ADA, reference, None)
    assert method is not None
    assert (method.brand, method.last4, method.kind) == ("Visa", "4242", "card")
    assert find_customer(link, ADA) == reference
    assert ensure_customer(link, replace(ADA, name="Somebody else")) == reference
    assert stripe_simulator.all("customer")[0]["email"] == "grace@example.com"


def test_a_customer_of_another_account_is_unknown(link, stripe_simulator):
    other = stripe_simulator.account()
    theirs = stripe_client(None, Secret(stripe_simulator.new_key(account=other)), link.settings)
    elsewhere = theirs.v1.customers.create({"email": "x@example.com"})
    for reference in (elsewhere.id, "cus_nobody", "pm_card_visa", "", "cus_" + "x" * 300):
        with pytest.raises(UnknownPayer):
            link_payer(link, ADA, reference, None)
    assert find_customer(link, ADA) is None


def test_a_customer_that_was_deleted_there_is_unknown(link, stripe_simulator):
    reference = payer_at(stripe_simulator, link, card=None)
    link.client.v1.customers.delete(reference)
    with pytest.raises(UnknownPayer, match="deleted"):
        link_payer(link, ADA, reference, None)


def test_a_payment_method_of_somebody_else_is_unknown(link, stripe_simulator):
    reference, other = payer_at(stripe_simulator, link), payer_at(stripe_simulator, link)
    theirs = link.client.v1.customers.payment_methods.list(other).data[0].id
    for token in (theirs, "pm_nothing", "4242424242424242"):
        with pytest.raises(UnknownPayerMethod):
            link_payer(link, ADA, reference, token)
    assert find_customer(link, ADA) is None
    assert link_payer(link, ADA, other, theirs) is not None


def test_a_customer_stands_for_one_payer_only(link, stripe_simulator):
    reference = payer_at(stripe_simulator, link)
    link_payer(link, ADA, reference, None)
    with pytest.raises(Conflict):
        link_payer(link, Payer("customer_eve", "eve@example.com"), reference, None)


def test_the_default_payment_method_is_what_stripe_says_now(link, stripe_simulator):
    reference = payer_at(stripe_simulator, link)
    link_payer(link, ADA, reference, None)
    second = link.client.v1.payment_methods.attach("pm_card_mastercard", {"customer": reference})
    prefer_method(link, ADA, second.id)
    default = find_method(link, ADA, None)
    assert default is not None
    assert (default.token, default.brand) == (second.id, "Mastercard")
    detach_method(link, second.id)
    detach_method(link, second.id)
    assert find_method(link, ADA, second.id) is None


def test_who_gets_invoices_needs_an_address_that_stripe_knows(link, stripe_simulator):
    link_payer(link, ADA, payer_at(stripe_simulator, link, card=None, email=""), None)
    check_payer(link, ADA, sends_invoices=False, tax="none")
    with pytest.raises(CustomerNotCollectable) as refused:
        check_payer(link, ADA, sends_invoices=True, tax="none")
    assert refused.value.facts["reason"] == "no_email"
