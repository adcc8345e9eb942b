"""Nobody gets a paid plan who can't be collected from, and a key that is refused for a while loses nothing."""

from __future__ import annotations

import pytest

from billing_sdk.errors import CustomerNotCollectable, GatewayUnauthorized
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.link_payer import link_payer
from billing_sdk.server.usecases.payment_methods import choose_method
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.require_collectable import require_collectable
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.stripe.links import payer_at, paying_by_stripe
from tests.engines import advance, payer


@pytest.fixture
def account(stripe_simulator):
    with paying_by_stripe(stripe_simulator) as found:
        yield found


@pytest.fixture
def engine(account):
    return account[0]


@pytest.fixture
def ada(engine):
    return payer(engine, number=None)


def plans_of(engine, customer):
    with engine.read() as tx:
        return [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]


def test_a_paid_plan_needs_a_payment_method(engine, stripe_simulator, ada):
    with pytest.raises(CustomerNotCollectable) as refused:
        subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    assert refused.value.facts["reason"] == "no_payment_method"
    assert plans_of(engine, ada) == []
    assert stripe_simulator.all("invoice") == []


def test_a_free_plan_asks_stripe_nothing(engine, stripe_simulator, ada):
    asked = len(stripe_simulator.log)
    subscribe(engine, customer_id=ada.id, plan_key="free")
    assert plans_of(engine, ada) == ["free"]
    assert len(stripe_simulator.log) == asked


def test_the_default_payment_method_of_stripe_will_do(account, stripe_simulator, ada):
    engine, link = account
    reference = payer_at(stripe_simulator, link, card=None)
    link_payer(engine, customer_id=ada.id, payer_reference=reference)
    method = link.client.v1.payment_methods.attach("pm_card_visa", {"customer": reference})
    link.client.v1.customers.update(reference, {"invoice_settings": {"default_payment_method": method.id}})
    subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    assert plans_of(engine, ada) == ["pro_monthly"]
    [paid] = stripe_simulator.all("invoice")
    assert (paid["status"], paid["customer"], paid["total"]) == ("paid", reference, 2900)


def test_who_gets_invoices_needs_an_address_there(account, stripe_simulator, ada):
    engine, link = account
    update_profile(engine, BUILT_IN_ID, collection_method="send_invoice")
    link_payer(engine, customer_id=ada.id, payer_reference=payer_at(stripe_simulator, link, card=None, email=""))
    with pytest.raises(CustomerNotCollectable) as refused:
        subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    assert refused.value.facts["reason"] == "no_email"
    eve = payer(engine, "eve@example.com", number=None)
    subscribe(engine, customer_id=eve.id, plan_key="pro_monthly")
    assert plans_of(engine, eve) == ["pro_monthly"]


def test_what_is_had_on_credit_needs_no_payment_method(engine, stripe_simulator, ada):
    asked = len(stripe_simulator.log)
    require_collectable(engine, customer_id=ada.id, plan_keys=["pro_monthly"], may_owe=True)
    require_collectable(engine, customer_id=ada.id, plan_keys=["unheard-of"])
    assert len(stripe_simulator.log) == asked


def test_a_revoked_key_shows_and_what_waits_for_it_goes_on_once_it_is_mended(account, stripe_simulator, ada):
    engine, link = account
    method = link_payer(engine, customer_id=ada.id, payer_reference=payer_at(stripe_simulator, link))
    choose_method(engine, customer_id=ada.id, method_id=method.id)
    stripe_simulator.revoke_key()
    with pytest.raises(GatewayUnauthorized):
        subscribe(engine, customer_id=ada.id, plan_key="pro_monthly")
    assert status_of(engine) == "unauthorized"
    advance(engine, minutes=5)
    recover(engine)
    assert (plans_of(engine, ada), status_of(engine)) == ([], "unauthorized")
    stripe_simulator.restore_key()
    advance(engine, hours=1)
    recover(engine)
    advance(engine, hours=1)
    recover(engine)
    assert (plans_of(engine, ada), status_of(engine)) == (["pro_monthly"], "ready")
    assert [invoice["status"] for invoice in stripe_simulator.all("invoice")] == ["paid"]


def status_of(engine):
    with engine.read() as tx:
        return tx.payment_apps.of_gateway("stripe_platform").status
