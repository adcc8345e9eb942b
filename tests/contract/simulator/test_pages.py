"""What people do on the simulated pages, and what those who wait for it are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator
from billing_sdk.testing.visitor import Visitor
from tests.contract.simulator.test_wire import client_of, invoice, payer

NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture(scope="module")
def simulator() -> Iterator[StripeSimulator]:
    with stripe_simulator(delivers=False) as running:
        yield running


@pytest.fixture
def client(simulator: StripeSimulator) -> stripe.StripeClient:
    return client_of(simulator, simulator.secret_key)


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    with Visitor() as visitor:
        visitor.http.follow_redirects = False
        yield visitor


def session_of(client: stripe.StripeClient, **given: str) -> stripe.checkout.Session:
    customer = client.v1.customers.create({"email": "ada@example.com"})
    urls = {"success_url": f"{NOWHERE}?session={{CHECKOUT_SESSION_ID}}", "cancel_url": NOWHERE}
    return client.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "customer": customer.id, **urls, **given}  # type: ignore[typeddict-item]
    )


def test_a_card_that_is_typed_in_belongs_to_the_customer_afterwards(client, visitor):
    session = session_of(client)
    visitor.open(session.url)
    page = visitor.submit(number="4000 0000 0000 0002")
    assert "declined" in page.text
    visitor.submit(number="4242 4242 4242 4242", name="Ada", country="TR")
    found = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    method = found.setup_intent.payment_method
    assert (found.status, found.url, method.card.last4, method.customer) == ("complete", None, "4242", session.customer)
    assert method.billing_details.address.country == "TR"


def test_the_bank_asks_on_a_page_of_its_own_before_a_card_is_stored(client, visitor):
    session = session_of(client)
    visitor.http.follow_redirects = True
    visitor.open(session.url)
    visitor.submit(number="4000002500003155")
    visitor.http.follow_redirects = False
    visitor.submit("Complete")
    assert client.v1.checkout.sessions.retrieve(session.id).status == "complete"


def test_an_invoice_is_paid_on_its_page_after_the_bank_has_seen_the_holder(client, visitor):
    draft = invoice(client, payer(client, "pm_card_authenticationRequired").id, 1000)
    client.v1.invoices.finalize_invoice(draft.id)
    with pytest.raises(stripe.CardError) as raised:
        client.v1.invoices.pay(draft.id, {"off_session": False})
    assert raised.value.code == "invoice_payment_intent_requires_action"
    intent = client.v1.invoices.retrieve(draft.id, {"expand": ["payments.data.payment.payment_intent"]})
    visitor.open(intent.payments.data[0].payment.payment_intent.next_action.redirect_to_url.url)
    visitor.submit("Complete")
    assert client.v1.invoices.retrieve(draft.id).status == "paid"


def test_events_reach_an_endpoint_with_a_signature_that_stripes_package_accepts(client, simulator):
    endpoint = client.v1.webhook_endpoints.create({"url": NOWHERE, "enabled_events": ["customer.created"]})
    made = client.v1.customers.create({"email": "told@example.com"})
    taken = []

    def take(url: str, body: bytes, headers: dict[str, str]) -> int:
        event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], endpoint.secret)
        taken.append(event.data.object.id)
        return 200 if len(taken) > 1 else 500

    simulator.deliver(take)
    assert taken == [made.id]
    simulator.clock.advance(minutes=2)
    client.v1.webhook_endpoints.delete(endpoint.id)
    simulator.deliver(take)
    assert taken == [made.id, made.id]


def test_an_account_lets_the_platform_in_and_shows_it_out(client, simulator, visitor):
    account = simulator.account(name="Their shop")
    query = (
        f"response_type=code&client_id={simulator.client_id}&scope=read_write&state=the-state&redirect_uri={NOWHERE}"
    )
    page = visitor.http.post(f"{simulator.base_url}/oauth/authorize?{query}", data={"account": account})
    given = parse_qs(urlsplit(page.headers["location"]).query)
    assert given["state"] == ["the-state"]
    tokens = client.oauth.token({"grant_type": "authorization_code", "code": given["code"][0]})
    assert tokens.stripe_user_id == account
    with pytest.raises(stripe.oauth_error.InvalidGrantError):
        client.oauth.token({"grant_type": "authorization_code", "code": given["code"][0]})
    theirs = client.v1.customers.create({"email": "theirs@example.com"}, {"stripe_account": account})
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.retrieve(theirs.id)
    client.oauth.deauthorize({"client_id": simulator.client_id, "stripe_user_id": account})
    with pytest.raises(stripe.PermissionError):
        client.v1.customers.retrieve(theirs.id, {}, {"stripe_account": account})


def test_a_portal_session_shows_what_is_stored_and_leads_back(client, visitor):
    customer = payer(client)
    session = client.v1.billing_portal.sessions.create({"customer": customer.id, "return_url": NOWHERE})
    page = visitor.open(session.url)
    assert "card 4242" in page.text
    visitor.submit("Add payment method", number="5555555555554444")
    assert ("Return", NOWHERE) in visitor.page.links
    assert "card 4444" in visitor.page.text


def test_two_simulators_with_one_seed_make_the_same_ids():
    ids = []
    for _ in range(2):
        with stripe_simulator(delivers=False, seed="same") as running:
            ids.append(client_of(running, running.secret_key).v1.customers.create({}).id)
    assert ids[0] == ids[1]


def test_the_bodies_of_events_can_be_read_again_from_the_list(client):
    made = client.v1.customers.create({"email": "listed@example.com"})
    [event] = client.v1.events.list({"type": "customer.created", "limit": 1}).data
    assert json.loads(str(event.data.object))["id"] == made.id
