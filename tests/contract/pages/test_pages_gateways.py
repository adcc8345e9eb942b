"""Pages of a server whose payment methods are left at Stripe: the way there and back, and no form for a card here."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from billing_sdk._secret import Secret
from billing_sdk.money import Money
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    plans_of,
    register,
)
from tests.engines import payer
from tests.serving import RunningServer, serving

STRIPES_CARD = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeSimulator]:
    with stripe_simulator() as simulator:
        yield simulator


@pytest.fixture(scope="module")
def shop(stripe: StripeSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that is paid through the simulated account."""
    with serving(
        f"sqlite:///{tmp_path_factory.mktemp('shop') / 'billing.db'}",
        gateway="stripe_platform",
        stripe_secret_key=Secret(stripe.secret_key),
        stripe_api_base=stripe.base_url,
    ) as running:
        yield running


def test_a_new_person_leaves_a_card_at_stripe_and_pays_with_it(
    shop: RunningServer, stripe: StripeSimulator, visitor: Visitor, email: str
) -> None:
    begin(visitor, shop, plan_interest="pro_monthly")
    page = register(visitor, email)
    assert "Due today US$29.00" in page.text
    assert "Card number" not in page.text
    page = visitor.submit("Add a payment method")
    assert page.url.startswith(f"{stripe.base_url}/c/pay/")
    page = visitor.submit("Save payment method", **STRIPES_CARD)
    assert page.url.endswith("/payment")
    assert charges_of(shop, email) == []
    leaves_for_application(lambda: visitor.submit("Pay with Visa ending in 4242"))
    assert plans_of(shop, email) == ["pro_monthly"]
    assert charges_of(shop, email) == ["succeeded 29.00 USD"]


def test_the_portal_keeps_several_payment_methods(
    shop: RunningServer, stripe: StripeSimulator, visitor: Visitor, email: str
) -> None:
    begin(visitor, shop)
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit(plan="free"))
    page = enter_portal(visitor, shop, email, sub_nav="payment_details")
    assert "There is no payment method yet." in page.text
    visitor.submit("Add a payment method")
    page = visitor.submit("Save payment method", **STRIPES_CARD)
    assert "Visa ending in 4242" in page.text
    visitor.submit("Use another payment method")
    page = visitor.submit("Save payment method", **{**STRIPES_CARD, "number": "5555 5555 5555 4444"})
    assert "Mastercard ending in 4444 Expires 12/2034" in page.text
    page = visitor.submit("Use this one")
    assert "Visa ending in 4242 Expires 12/2034" in page.text
    page = visitor.submit("Remove Mastercard")
    assert "Mastercard" not in page.text


def test_a_card_that_is_sent_here_all_the_same_is_refused(
    shop: RunningServer, visitor: Visitor, email: str, caplog: pytest.LogCaptureFixture
) -> None:
    begin(visitor, shop, plan_interest="pro_monthly")
    page = register(visitor, email)
    caplog.set_level("DEBUG")
    [form] = page.forms
    fields = {**{name: value for name, value in form.fields.items() if name != "leave"}, **CARD}
    answer = visitor.http.post(page.url, data=fields)
    assert answer.status_code == 400
    assert "Cards are not entered here" in answer.text
    assert "4242" not in caplog.text


def test_a_session_of_somebody_else_brings_nobody_anything(
    shop: RunningServer, stripe: StripeSimulator, visitor: Visitor, email: str
) -> None:
    begin(visitor, shop, plan_interest="pro_monthly")
    page = register(visitor, email)
    theirs = stripe.all("checkout_session")[0]["id"]
    page = visitor.open(f"{page.url}?checkout={theirs}")
    assert page.status == 404
    assert "Pay with" not in page.text


def test_forms_may_end_at_stripe_only_where_something_is_left_there(
    shop: RunningServer, stripe: StripeSimulator, visitor: Visitor, email: str
) -> None:
    begin(visitor, shop)
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit(plan="free"))
    page = enter_portal(visitor, shop, email, sub_nav="payment_details")
    assert stripe.base_url in policy_of(visitor.http.get(page.url))
    assert stripe.base_url not in policy_of(visitor.http.get(shop.base_url))


def test_an_invoice_that_is_sent_is_paid_on_stripes_page_of_it(
    shop: RunningServer, stripe: StripeSimulator, visitor: Visitor, email: str
) -> None:
    begin(visitor, shop)
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit(plan="free"))
    sends = create_profile(shop.engine, name="By invoice", collection_method="send_invoice")
    with shop.engine.read() as tx:
        user = tx.users.find_by_email(email)
        assert user is not None
        customer = tx.customers.find_by_user(user.id)
        assert customer is not None
    update_customer(shop.engine, customer.id, profile_id=sends.id)
    charge = OneOff("Workshop", Money(5_000, "USD"))
    invoice = add_charge(shop.engine, customer_id=customer.id, charge=charge, bill_now=True)
    run_due(shop.engine)
    enter_portal(visitor, shop, email)
    visitor.open(f"{shop.base_url}/portal/billing/{invoice.id}")
    page = visitor.follow("Pay US$50.00")
    [remote] = [each for each in stripe.all("invoice") if each["metadata"].get("billing_id") == invoice.id]
    assert page.url == remote["hosted_invoice_url"]
    shared = links_to(shop.engine, invoice)
    assert shared
    visitor.open(shared.hosted_url)
    assert visitor.follow("Pay this invoice").url == remote["hosted_invoice_url"]
    visitor.open(f"{shared.hosted_url}/pay")
    assert visitor.page.url == remote["hosted_invoice_url"]


def test_an_invoice_that_stripe_has_no_page_of_says_where_to_pay(
    shop: RunningServer, visitor: Visitor, email: str
) -> None:
    customer = payer(shop.engine, email, number=None)
    charge = OneOff("Workshop", Money(5_000, "USD"))
    invoice = add_charge(shop.engine, customer_id=customer.id, charge=charge, bill_now=True)
    shared = links_to(shop.engine, invoice)
    assert shared
    assert "Pay this invoice" not in visitor.open(shared.hosted_url).text
    assert "can't be paid here" in visitor.open(f"{shared.hosted_url}/pay").text


def policy_of(answer: httpx.Response) -> str:
    return answer.headers["content-security-policy"]
