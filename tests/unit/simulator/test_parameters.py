"""What the simulator lets pass is what Stripe's own package knows: neither parameters nor fields are made up."""

from __future__ import annotations

import importlib
from typing import get_args

import pytest
import stripe

from billing_sdk.testing.stripe import stripe_simulator
from billing_sdk.testing.stripe.operations import OPERATIONS
from billing_sdk.testing.stripe.state import public
from tests.contract.simulator.test_wire import client_of, invoice, payer

PARAMETERS = {
    "POST /v1/customers": "CustomerCreateParams",
    "POST /v1/customers/{id}": "CustomerUpdateParams",
    "GET /v1/customers": "CustomerListParams",
    "POST /v1/payment_methods": "PaymentMethodCreateParams",
    "GET /v1/payment_methods": "PaymentMethodListParams",
    "POST /v1/products": "ProductCreateParams",
    "POST /v1/products/{id}": "ProductUpdateParams",
    "POST /v1/prices": "PriceCreateParams",
    "POST /v1/prices/{id}": "PriceUpdateParams",
    "GET /v1/prices": "PriceListParams",
    "POST /v1/invoices": "InvoiceCreateParams",
    "POST /v1/invoices/{id}": "InvoiceUpdateParams",
    "GET /v1/invoices": "InvoiceListParams",
    "POST /v1/invoices/{id}/add_lines": "InvoiceAddLinesParams",
    "POST /v1/invoices/{id}/update_lines": "InvoiceUpdateLinesParams",
    "POST /v1/invoices/{id}/remove_lines": "InvoiceRemoveLinesParams",
    "POST /v1/invoices/{id}/pay": "InvoicePayParams",
    "POST /v1/invoiceitems": "InvoiceItemCreateParams",
    "POST /v1/refunds": "RefundCreateParams",
    "POST /v1/setup_intents": "SetupIntentCreateParams",
    "POST /v1/webhook_endpoints": "WebhookEndpointCreateParams",
    "POST /v1/webhook_endpoints/{id}": "WebhookEndpointUpdateParams",
    "GET /v1/events": "EventListParams",
    "POST /v1/checkout/sessions": "checkout.SessionCreateParams",
    "POST /v1/billing_portal/sessions": "billing_portal.SessionCreateParams",
    "POST /v1/billing_portal/configurations": "billing_portal.ConfigurationCreateParams",
}
SHAPES = {
    "customer": stripe.Customer,
    "payment_method": stripe.PaymentMethod,
    "product": stripe.Product,
    "price": stripe.Price,
    "invoice": stripe.Invoice,
    "line_item": stripe.InvoiceLineItem,
    "invoice_payment": stripe.InvoicePayment,
    "payment_intent": stripe.PaymentIntent,
    "charge": stripe.Charge,
    "refund": stripe.Refund,
    "event": stripe.Event,
    "setup_intent": stripe.SetupIntent,
    "checkout_session": stripe.checkout.Session,
    "portal_session": stripe.billing_portal.Session,
    "configuration": stripe.billing_portal.Configuration,
    "webhook_endpoint": stripe.WebhookEndpoint,
}
# Left out of the published types, and still in every answer, or the other way round.
OLDER = {"payment_method": {"metadata"}, "customer": {"tax"}, "line_item": set(), "checkout_session": set()}


@pytest.mark.parametrize("where", PARAMETERS)
def test_each_parameter_of_an_operation_is_one_of_the_package(where):
    method, _, path = where.partition(" ")
    [operation] = [each for each in OPERATIONS if (each.method, each.path) == (method, path)]
    *folders, name = PARAMETERS[where].split(".")
    module = importlib.import_module(".".join(["stripe.params", *folders]))
    known = getattr(module, name).__annotations__
    unknown = {each.partition(".")[0].removesuffix("[]") for each in operation.known} - set(known)
    assert unknown == set()


@pytest.fixture(scope="module")
def made():
    """One of each kind of object, without what only the simulator knows."""
    with stripe_simulator(delivers=False) as running:
        client = client_of(running, running.secret_key)
        customer = payer(client).id
        draft = invoice(client, customer, 1000)
        paid = client.v1.invoices.pay(draft.id, {"expand": ["payments"]})
        client.v1.refunds.create({"payment_intent": paid.payments.data[0].payment.payment_intent, "amount": 100})
        product = client.v1.products.create({"name": "Pro"})
        client.v1.prices.create({"currency": "usd", "product": product.id, "unit_amount": 100})
        urls = {"success_url": "http://127.0.0.1:9/", "currency": "usd", "customer": customer}
        client.v1.checkout.sessions.create({"mode": "setup", **urls})
        client.v1.billing_portal.sessions.create({"customer": customer})
        client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["invoice.paid"]})
        yield {kind: public(running.all(kind)[0]) for kind in SHAPES}


@pytest.mark.parametrize("kind", SHAPES)
def test_each_object_has_the_fields_of_its_type_in_the_package(made, kind):
    fields = {name: type_ for name, type_ in SHAPES[kind].__annotations__.items() if name != "OBJECT_NAME"}
    needed = {name for name, type_ in fields.items() if type(None) not in get_args(type_)}
    older = OLDER.get(kind, set())
    assert set(made[kind]) - set(fields) - older == set()
    assert needed - set(made[kind]) == set()
