"""Payment methods in the portal, where cards are typed in here; and the list of invoices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.pages.portal import bills
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import CARD, begin, enter_portal, leaves_for_application, register, user_of
from tests.serving import RunningServer

OTHER = {**CARD, "number": "5555 5555 5555 4444"}


@pytest.fixture
def customer(site: RunningServer, visitor: Visitor, email: str) -> str:
    """The id of somebody on the free plan, who has a card, and the portal open at it."""
    begin(visitor, site, plan_interest="free")
    leaves_for_application(lambda: register(visitor, email))
    enter_portal(visitor, site, email, sub_nav="payment_details")
    visitor.submit("Save card", **CARD)
    with site.engine.read() as tx:
        found = tx.customers.find_by_user(user_of(site, email).id)
    assert found
    return found.id


def test_another_card_is_charged_from_now_on_and_the_one_before_can_be_chosen_again(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    page = visitor.submit("Save card", **OTHER)
    assert "Mastercard ending in 4444 Expires 12/2034 Default" in page.text
    page = visitor.submit("Use this one Visa")
    assert "This is charged from now on." in page.text
    assert "Visa ending in 4242 Expires 12/2034 Default" in page.text


def test_a_card_is_removed_and_the_other_one_is_charged(site: RunningServer, visitor: Visitor, customer: str) -> None:
    visitor.submit("Save card", **OTHER)
    page = visitor.submit("Remove Mastercard")
    assert "The payment method was removed." in page.text
    assert "Visa ending in 4242 Expires 12/2034 Default" in page.text
    page = visitor.submit("Remove Visa")
    assert "There is no payment method yet." in page.text


def test_the_only_card_of_a_paid_plan_is_not_removed(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    enter_portal(visitor, site, email, sub_nav="payment_details")
    page = visitor.submit("Remove Visa")
    assert (page.status, "Add another payment method first." in page.text) == (422, True)
    visitor.submit("Save card", **OTHER)
    assert "was removed" in visitor.submit("Remove Visa").text


def test_a_card_that_has_expired_is_marked(site: RunningServer, visitor: Visitor, customer: str) -> None:
    with site.engine.begin() as tx:
        (method,) = tx.customers.methods_of(customer)
        tx.customers.save_payment_method(replace(method, exp_year=2020))
    assert "Expired 12/2020" in visitor.open("/portal/payment_details").text


@pytest.mark.attack(118)
def test_a_card_of_another_account_is_neither_chosen_nor_removed(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    with site.engine.read() as tx:
        other = tx.customers.find_by_user(tx.users.find_by_email(site.seed.users[1][0]).id)
        (theirs,) = tx.customers.methods_of(other.id)
    token = visitor.page.forms[-1].fields["csrf_token"]
    for deed in ("choose", "remove"):
        sent = {"csrf_token": token, deed: theirs.id}
        answer = visitor.http.post(visitor.page.url, data=sent, headers={"Origin": site.base_url})
        assert answer.status_code == 404
    with site.engine.read() as tx:
        assert tx.customers.methods_of(other.id) == (theirs,)


def test_cards_are_not_changed_where_the_operator_does_not_let_them_be(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    form = {**visitor.page.forms[-1].fields, **OTHER}
    with site.engine.begin() as tx:
        before = tx.portal_settings.get()
        tx.portal_settings.save(PortalSettings(may_manage_payment_methods=False))
    try:
        answer = visitor.http.post(visitor.page.url, data=form, headers={"Origin": site.base_url})
        assert answer.status_code == 403
        page = visitor.open("/portal/payment_details")
        assert ("Visa ending in 4242" in page.text, "Remove" in page.text) == (True, False)
    finally:
        with site.engine.begin() as tx:
            tx.portal_settings.save(before)


def test_invoices_are_listed_page_by_page_and_by_status(
    site: RunningServer, visitor: Visitor, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bills, "PAGE_SIZE", 3)
    for number in range(5):
        charge = OneOff(f"Charge {number}", Money(100 + number, "USD"))
        add_charge(site.engine, customer_id=customer, charge=charge, bill_now=True)
    page = visitor.open("/portal/billing")
    assert ("US$1.04" in page.text, "US$1.01" in page.text) == (True, False)
    page = visitor.follow("Next page")
    assert ("US$1.04" in page.text, "US$1.01" in page.text, "US$1.00" in page.text) == (False, True, True)
    assert visitor.follow("First page").url.endswith("/portal/billing")
    page = visitor.submit("Filter", status="overdue")
    assert "No invoice is like that." in page.text
    assert "US$1.04" in visitor.submit("Filter", status="paid").text
    assert "status=paid&amp;after=" in visitor.page.html


def test_the_invoices_to_come_are_shown_line_by_line(site: RunningServer, visitor: Visitor, email: str) -> None:
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email)
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    enter_portal(visitor, site, email)
    visitor.open("/portal/billing")
    page = visitor.follow("What comes next")
    assert "US$29.00 on" in page.text
    assert "Total US$29.00" in page.text


def test_invoices_are_not_shown_where_the_operator_does_not_show_them(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    add_charge(site.engine, customer_id=customer, charge=OneOff("Setup", Money(100, "USD")), bill_now=True)
    with site.engine.read() as tx:
        (invoice,) = tx.invoices.newest_of(customer)
    with site.engine.begin() as tx:
        before = tx.portal_settings.get()
        tx.portal_settings.save(PortalSettings(shows_invoices=False))
    try:
        for path in ("", "/upcoming", f"/{invoice.id}", f"/{invoice.id}/document", f"/{invoice.id}/pdf"):
            assert visitor.open(f"{site.base_url}/portal/billing{path}").status == 403
    finally:
        with site.engine.begin() as tx:
            tx.portal_settings.save(before)


def test_a_card_whose_form_is_sent_again_and_again_is_kept_once(
    site: RunningServer, visitor: Visitor, customer: str
) -> None:
    form = {**visitor.page.forms[-1].fields, **OTHER}
    for _ in range(3):
        answer = visitor.http.post(visitor.page.url, data=form, headers={"Origin": site.base_url})
        assert answer.status_code == 200
    with site.engine.read() as tx:
        assert [method.last4 for method in tx.customers.methods_of(customer)] == ["4242", "4444"]
