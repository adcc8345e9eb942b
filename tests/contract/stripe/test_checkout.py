"""Checkout at Stripe: what is left there is charged from then on, once, and belongs to whoever left it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import (
    CardEntryNotAllowed,
    Conflict,
    InvalidRequest,
    NotFound,
    ReturnUrlNotAllowed,
    UnknownPayer,
)
from billing_sdk.server.gateways import PortalWanted, SetupWanted
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.begin_checkout import begin_checkout
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.link_payer import link_payer, payer_reference_of, unlink_payer
from billing_sdk.server.usecases.open_portal import open_portal
from billing_sdk.server.usecases.payment_methods import choose_method, list_methods, refresh_default, remove_method
from tests.contract.stripe.links import payer_at, paying_by_stripe
from tests.engines import card, payer

HOME = "http://127.0.0.1:3000/done?session={CHECKOUT_SESSION_ID}"


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


def wanted(nonce: str = "first", **fields):
    return SetupWanted(**{"nonce": nonce, "mode": "hosted", "success_url": HOME, **fields})


def left(engine, simulator, customer, number="4242424242424242", nonce="first"):
    """Leave a card in a session."""
    session = begin_checkout(engine, customer_id=customer.id, wanted=wanted(nonce))
    simulator.complete_checkout(session.id, card=number)
    return session.id


def default_of(engine, customer):
    with engine.read() as tx:
        return tx.customers.find_payment_method(customer.id)


def test_a_session_leads_to_a_page_and_back_with_its_id(engine, stripe_simulator, ada):
    session = begin_checkout(engine, customer_id=ada.id, wanted=wanted(metadata={"cart": "7"}))
    assert (session.mode, session.status) == ("hosted", "open")
    assert session.url is not None
    assert session.url not in repr(session)
    [there] = stripe_simulator.all("checkout_session")
    assert there["success_url"] == HOME
    assert there["metadata"]["cart"] == "7"
    assert there["metadata"]["billing_customer"] == ada.id
    assert begin_checkout(engine, customer_id=ada.id, wanted=wanted(metadata={"cart": "7"})).id == session.id


def test_an_embedded_session_has_a_secret_that_no_repr_shows(engine, ada):
    session = begin_checkout(engine, customer_id=ada.id, wanted=wanted(mode="embedded"))
    assert (session.mode, session.url) == ("embedded", None)
    assert session.client_secret
    assert session.client_secret not in repr(session)


def test_what_is_left_is_charged_from_then_on_however_often_it_is_told(engine, stripe_simulator, ada):
    session_id = left(engine, stripe_simulator, ada)
    first = finish_checkout(engine, session_id=session_id)
    assert first is not None
    assert (first.name.label, first.gateway, first.is_default) == ("Visa ending in 4242", "stripe_platform", True)
    assert finish_checkout(engine, session_id=session_id, customer_id=ada.id) == first
    assert default_of(engine, ada) == first
    [there] = stripe_simulator.all("customer")
    assert there["invoice_settings"]["default_payment_method"] == first.gateway_token


def test_a_late_message_does_not_undo_a_later_choice(engine, stripe_simulator, ada):
    earlier = left(engine, stripe_simulator, ada)
    first = finish_checkout(engine, session_id=earlier)
    later = finish_checkout(engine, session_id=left(engine, stripe_simulator, ada, "5555555555554444", "second"))
    finish_checkout(engine, session_id=earlier)
    assert default_of(engine, ada) == later
    choose_method(engine, customer_id=ada.id, method_id=first.id)
    assert default_of(engine, ada).id == first.id
    remove_method(engine, customer_id=ada.id, method_id=first.id)
    finish_checkout(engine, session_id=earlier)
    assert [method.id for method in list_methods(engine, customer_id=ada.id)] == [later.id]
    assert default_of(engine, ada).id == later.id


def test_nothing_is_kept_of_a_session_that_nobody_has_completed(engine, ada):
    session = begin_checkout(engine, customer_id=ada.id, wanted=wanted())
    assert finish_checkout(engine, session_id=session.id) is None
    assert default_of(engine, ada) is None


def test_a_session_of_somebody_else_is_not_there(engine, stripe_simulator, ada):
    eve = payer(engine, "eve@example.com", number=None)
    session_id = left(engine, stripe_simulator, ada)
    for unknown in (session_id, "cs_test_nothing", "pi_1", ""):
        with pytest.raises(NotFound):
            finish_checkout(engine, session_id=unknown, customer_id=eve.id)
    assert default_of(engine, eve) is None


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"mode": "embedded", "cancel_url": HOME}, InvalidRequest),
        ({"metadata": {"billing_id": "x"}}, InvalidRequest),
        ({"metadata": {"om_customer_id": "x"}}, InvalidRequest),
        ({"success_url": "http://example.com/done"}, ReturnUrlNotAllowed),
        ({"success_url": "javascript:alert(1)"}, ReturnUrlNotAllowed),
        ({"cancel_url": "https://user@example.com/"}, ReturnUrlNotAllowed),
    ],
)
def test_a_session_that_can_not_be_is_refused_before_stripe_is_asked(engine, stripe_simulator, ada, fields, refusal):
    asked = len(stripe_simulator.log)
    with pytest.raises(refusal):
        begin_checkout(engine, customer_id=ada.id, wanted=wanted(**fields))
    assert len(stripe_simulator.log) == asked


@pytest.mark.parametrize("minutes", [29, 24 * 60 + 1])
def test_a_session_lasts_from_half_an_hour_to_a_day(engine, ada, minutes):
    with pytest.raises(InvalidRequest, match="30 minutes"):
        begin_checkout(engine, customer_id=ada.id, wanted=wanted(expires_at=engine.now() + timedelta(minutes=minutes)))


def test_where_it_may_lead_to_an_application_has_registered(engine, ada):
    shop = wanted(success_url="https://shop.example.com/done")
    with pytest.raises(ReturnUrlNotAllowed):
        begin_checkout(engine, customer_id=ada.id, wanted=shop, origins=("https://other.example.com:443",))
    assert begin_checkout(engine, customer_id=ada.id, wanted=shop, origins=("https://shop.example.com:443",)).url


def test_no_card_number_is_taken_here(engine, stripe_simulator, ada, caplog):
    caplog.set_level("DEBUG")
    asked = len(stripe_simulator.log)
    with pytest.raises(CardEntryNotAllowed):
        add_card(engine, customer_id=ada.id, card=card())
    assert len(stripe_simulator.log) == asked
    assert "4242424242424242" not in caplog.text


def test_a_customer_of_the_account_is_linked_with_its_payment_method(account, stripe_simulator, ada):
    engine, link = account
    reference = payer_at(stripe_simulator, link)
    method = link_payer(engine, customer_id=ada.id, payer_reference=reference)
    assert method is not None
    assert method.is_gateway_default
    eve = payer(engine, "eve@example.com", number=None)
    with pytest.raises(Conflict):
        link_payer(engine, customer_id=eve.id, payer_reference=reference)
    with pytest.raises(UnknownPayer):
        link_payer(engine, customer_id=eve.id, payer_reference="cus_of_another_account")
    unlink_payer(engine, customer_id=ada.id)
    with engine.read() as tx:
        assert payer_reference_of(tx, ada.id) is None
    assert list_methods(engine, customer_id=ada.id) == ()


def test_the_default_of_stripe_stands_in_until_somebody_chooses_here(account, stripe_simulator, ada):
    engine, link = account
    reference = payer_at(stripe_simulator, link)
    link_payer(engine, customer_id=ada.id, payer_reference=reference)
    other = link.client.v1.payment_methods.attach("pm_card_mastercard", {"customer": reference})
    link.client.v1.customers.update(reference, {"invoice_settings": {"default_payment_method": other.id}})
    there = refresh_default(engine, customer_id=ada.id)
    assert there is not None
    assert (there.brand, there.is_gateway_default) == ("Mastercard", True)
    chosen = finish_checkout(engine, session_id=left(engine, stripe_simulator, ada, "378282246310005"))
    assert refresh_default(engine, customer_id=ada.id) == chosen


def test_the_portal_of_stripe_is_opened_for_the_payer(engine, ada):
    session = open_portal(engine, customer_id=ada.id, wanted=PortalWanted(return_url=HOME[:21], language="de"))
    assert session.url not in repr(session)
    assert (session.is_live, session.language) == (False, "de")
