"""The dashboard about a linked Stripe account: linked by its owner, asked how it stands, kept a fee of, and let go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from billing_sdk._secret import Secret
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import begin, register
from tests.serving import RunningServer, serving

TAB = "/dashboard/applications/demo_app/billing"


@pytest.fixture(scope="module")
def stripe() -> Iterator[StripeSimulator]:
    with stripe_simulator(delivers=False) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def server(tmp_path_factory, stripe) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("linked") / "billing.db"
    settings = {
        "stripe_secret_key": Secret(stripe.secret_key),
        "stripe_api_base": stripe.base_url,
        "stripe_connect_client_id": stripe.client_id,
    }
    with serving(f"sqlite:///{place}", gateway=None, **settings) as running:
        yield running


@pytest.fixture
def ada(server) -> Iterator[Visitor]:
    """Ada, who is an operator, at the billing tab."""
    with Visitor() as visitor:
        visitor.open(f"{server.base_url}/dashboard")
        visitor.submit(email=server.seed.users[0][0], password=server.seed.users[0][1])
        visitor.open(f"{server.base_url}{TAB}")
        yield visitor


def linked_account(server: RunningServer) -> PaymentApp:
    with server.engine.read() as tx:
        found = tx.payment_apps.of_gateway("stripe_connect")
    assert found is not None
    return found


def test_an_account_is_linked_asked_about_given_a_fee_and_disconnected(server, ada):
    ada.submit("Enable billing", gateway="stripe_connect")
    assert "No Stripe account is linked" in ada.page.text
    ada.submit("Connect with Stripe")
    ada.submit("Deny")
    assert "No Stripe account was linked." in ada.page.text
    ada.open(f"{server.base_url}{TAB}")
    ada.submit("Connect with Stripe")
    ada.submit("Connect")
    assert "The Stripe account is linked." in ada.page.text
    ada.open(f"{server.base_url}{TAB}")
    assert linked_account(server).account_id in ada.page.text
    assert "Connect with Stripe" not in ada.page.text
    ada.submit("Ask Stripe again")
    assert "asked how the account stands" in ada.page.text
    assert ada.submit("Save the fee", application_fee_percent="100.5").status == 422
    assert ada.submit("Save the fee", application_fee_percent="a lot").status == 422
    ada.submit("Save the fee", application_fee_percent=" 2,5 % ")
    assert str(linked_account(server).application_fee_percent) == "2.5"
    ada.submit("Save the fee", application_fee_percent="")
    assert linked_account(server).application_fee_percent is None
    ada.submit("Enable billing", gateway="stripe_connect")
    ada.follow("Settings")
    ada.submit("Disconnect")
    assert "linked no more" in ada.page.text
    assert linked_account(server).connection == "disconnected"
    assert "was disconnected. Link it again, or another one." in ada.page.text


def test_what_is_about_a_linked_account_needs_one(server, ada):
    with server.engine.begin() as tx:
        for app in tx.payment_apps.list():
            tx.payment_apps.save(replace(app, deleted_at=server.engine.now()))
    sent = {"csrf_token": ada.page.forms[-1].fields["csrf_token"], "application_fee_percent": "1"}
    for action in ("refresh", "disconnect", "fee"):
        answer = ada.http.post(f"{server.base_url}{TAB}/{action}", data=sent)
        assert (action, answer.status_code) == (action, 422)
        assert "No account of Stripe is linked" in answer.text


def test_who_comes_back_from_stripe_without_an_account_reads_why_in_the_dashboard(server, ada):
    for sent in ("code=ac_1&state=made-up", "state=made-up", "error=access_denied&state=made-up"):
        page = ada.open(f"{server.base_url}/stripe/connect/return?{sent}")
        assert (page.status, page.url.partition("?")[0]) == (200, f"{server.base_url}/dashboard")
        assert "Unknown return: no Stripe account was linked. Begin to connect the account again" in page.text
    assert "no Stripe" not in ada.open(f"{server.base_url}/dashboard?refused=made_up").text


def test_a_customer_reads_that_payments_are_out_of_order_and_not_whose_key_is_wrong(server, stripe):
    enable_billing(server.engine, gateway="stripe_platform", actor="test")
    with Visitor() as vera:
        begin(vera, server, plan_interest="pro_monthly")
        register(vera, "vera@example.com")
        stripe.revoke_key()
        page = vera.submit("payment method")
        stripe.restore_key()
    assert (page.status, "Payments are not possible right now" in page.text) == (409, True)
    assert not {"key", "Stripe", "account"} & {*page.text.split()}
