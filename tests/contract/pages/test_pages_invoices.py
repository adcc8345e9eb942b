"""Invoices as pages and files: by their address, and in the portal."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.collection import Supplier
from billing_sdk.server.domain.invoicing import ToldDispute
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.close_dispute import close_dispute
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.invoice_links import links_to, links_to_note
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.open_dispute import open_dispute
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import (
    CARD,
    DECLINED_WHEN_CHARGED,
    begin,
    charges_of,
    enter_portal,
    leaves_for_application,
    register,
    user_of,
)
from tests.serving import RunningServer

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def customer(site: RunningServer, visitor: Visitor, email: str) -> str:
    """Somebody who is on pro_monthly, and paid for it by card."""
    begin(visitor, site, plan_interest="pro_monthly")
    register(visitor, email, given_name="Vera", family_name="Visitor")
    leaves_for_application(lambda: visitor.submit("Pay", **CARD))
    return email


def invoice_of(site: RunningServer, email: str):
    with site.engine.read() as tx:
        found = tx.customers.find_by_user(user_of(site, email).id)
        (invoice,) = tx.invoices.newest_of(found.id)
    return invoice


def test_whoever_has_the_address_reads_the_invoice_and_takes_the_file_along(site, customer):
    invoice = invoice_of(site, customer)
    links = links_to(site.engine, invoice)

    page = httpx.get(links.hosted_url, headers=BROWSER)
    assert page.status_code == 200
    assert 'lang="en" dir="ltr"' in page.text
    for text in (invoice.number, "Vera Visitor", "$29.00", "Amount due", "$0.00", "Paid"):
        assert text in page.text
    assert f"/invoices/{invoice.id}/" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text

    file = httpx.get(links.pdf_url)
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    assert file.headers["cache-control"] == "no-store"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.content.startswith(b"%PDF-")


def test_another_language_is_a_parameter_and_stays_one_in_the_file(site, customer):
    links = links_to(site.engine, invoice_of(site, customer))
    page = httpx.get(f"{links.hosted_url}?lang=ar", headers=BROWSER)
    assert 'lang="ar" dir="rtl"' in page.text
    assert '/pdf?lang=ar"' in page.text
    assert 'lang="en"' in httpx.get(f"{links.hosted_url}?lang=%22%3E%3Cscript%3E", headers=BROWSER).text


@pytest.mark.attack(175)
def test_an_altered_address_is_answered_like_one_that_never_was(site, customer):
    links = links_to(site.engine, invoice_of(site, customer))
    altered = [links.hosted_url[:-1], links.pdf_url.replace("/pdf", "x/pdf"), f"{site.base_url}/invoices/invoice_1/x"]
    answers = [httpx.get(url, headers=BROWSER) for url in altered]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.text.partition("<main")[2] for answer in answers}) == 1


@pytest.mark.attack(175)
def test_nobody_sees_anothers_invoice(site, visitor, customer):
    theirs = invoice_of(site, customer)
    with Visitor() as eve:
        begin(eve, site, plan_interest="pro_monthly")
        register(eve, "eve-of-invoices@example.com")
        leaves_for_application(lambda: eve.submit("Pay", **CARD))
        enter_portal(eve, site, "eve-of-invoices@example.com")
        for place in ("", "/document", "/pdf"):
            page = eve.open(f"{site.base_url}/portal/billing/{theirs.id}{place}")
            assert page.status == 404
            assert "Vera" not in page.text


def test_the_portal_lists_invoices_with_words_for_their_status_and_the_way_to_the_file(site, visitor, customer):
    invoice = invoice_of(site, customer)
    enter_portal(visitor, site, customer)
    listed = visitor.open(f"{site.base_url}/portal/billing")
    assert ">Paid</span>" in listed.html
    assert f'aria-label="Download {invoice.number} as PDF"' in listed.html
    document = visitor.open(f"{site.base_url}/portal/billing/{invoice.id}/document")
    assert f'href="/portal/billing/{invoice.id}/pdf"' in document.html


def test_a_charge_that_is_made_once_is_of_one_day(site, visitor, customer):
    customer_id = invoice_of(site, customer).customer_id
    setup = OneOff("Setup", Money(500, "USD"))
    invoice = add_charge(site.engine, customer_id=customer_id, charge=setup, bill_now=True)
    enter_portal(visitor, site, customer)
    page = visitor.open(f"{site.base_url}/portal/billing/{invoice.id}").html
    [period] = re.findall(r'class="period">([^<]*)<', page)
    assert "Setup" in page
    assert " to " not in period


@pytest.fixture
def owing(site: RunningServer, visitor: Visitor, customer: str) -> tuple[str, str]:
    """The customer, in the portal, with an invoice over 12.34 that is owed; the e-mail address and the invoice's id."""
    with site.engine.begin() as tx:
        paid = invoice_of(site, customer)
        (line,) = paid.lines
        owed = replace(
            paid,
            id=new_id("invoice"),
            number=f"INV-{new_id('x')}",
            status="issued",
            payment_id=None,
            agreement_id=None,
            lines=(replace(line, amount=Money(1_234, "USD"), agreement_id=None),),
        )
        tx.invoices.add(owed)
    enter_portal(visitor, site, customer)
    return customer, owed.id


def status_of(site: RunningServer, invoice_id: str) -> str:
    with site.engine.read() as tx:
        return tx.invoices.get(invoice_id).status


def test_an_owed_invoice_is_paid_by_the_card_on_file_once(site, visitor, owing):
    customer, invoice_id = owing
    assert "Pay" in [text for text, _ in visitor.open(f"{site.base_url}/portal/billing").links]
    visitor.open(f"{site.base_url}/portal/billing/{invoice_id}")
    page = visitor.submit("Pay US$12.34")
    assert "The invoice is paid." in page.text
    assert not page.forms[1:]
    assert status_of(site, invoice_id) == "paid"
    assert charges_of(site, customer)[-1] == "succeeded 12.34 USD"


def test_what_was_not_shown_is_not_charged(site, visitor, owing):
    customer, invoice_id = owing
    visitor.open(f"{site.base_url}/portal/billing/{invoice_id}")
    for shown in ("1233", "0", "-1234", "1234.0", "٤", ""):
        page = visitor.submit("Pay US$12.34", due_minor=shown)
        assert "has changed" in page.text
    assert status_of(site, invoice_id) == "issued"
    assert len(charges_of(site, customer)) == 1


def test_a_declined_card_leaves_the_invoice_owed_and_says_so(site, visitor, owing):
    _, invoice_id = owing
    visitor.open(f"{site.base_url}/portal/payment_details")
    visitor.submit("Save card", **DECLINED_WHEN_CHARGED)
    with site.engine.begin() as tx:
        found = tx.invoices.get(invoice_id)
    assert found.is_owed
    visitor.open(f"{site.base_url}/portal/billing/{invoice_id}")
    page = visitor.submit("Pay US$12.34")
    assert "declined" in page.text
    assert status_of(site, invoice_id) in ("issued", "overdue")


def test_a_credit_note_is_listed_with_its_invoice_and_can_be_taken_along(site, visitor, customer):
    invoice = invoice_of(site, customer)
    note = credit_invoice(site.engine, invoice_id=invoice.id, wanted=Money(250, "USD"), reason="<b>Outage</b>").note
    enter_portal(visitor, site, customer)
    page = visitor.open(f"{site.base_url}/portal/billing/{invoice.id}")
    assert note.number in [text for text, _ in page.links]
    assert "<b>Outage</b>" in page.text
    file = visitor.http.get(f"{site.base_url}/portal/billing/{invoice.id}/credit_notes/{note.id}/pdf")
    assert file.headers["content-disposition"] == f'attachment; filename="{note.number}.pdf"'
    assert file.content.startswith(b"%PDF-")
    elsewhere = visitor.open(f"{site.base_url}/portal/billing/{invoice.id}/credit_notes/note_1/pdf")
    assert elsewhere.status == 404
    hosted = httpx.get(links_to_note(site.engine, note).hosted_url, headers=BROWSER)
    assert "Credit note" in hosted.text
    assert "&lt;b&gt;Outage&lt;/b&gt;" in hosted.text


def test_the_portal_says_what_was_taken_back_and_what_becomes_of_it(site, visitor, customer):
    invoice = invoice_of(site, customer)
    numbers = []
    for destination, minor in (("refund", 500), ("balance", 300)):
        made = credit_invoice(
            site.engine,
            invoice_id=invoice.id,
            wanted=Money(minor, "USD"),
            reason=f"for <{destination}>",
            destination=destination,
        )
        numbers.append(made.note.number)
    enter_portal(visitor, site, customer)
    shown = visitor.open(f"{site.base_url}/portal/billing/{invoice.id}?line=1").text
    for fact in (*numbers, "US$5.00", "for <refund>", "Paid back on", "On your credit balance"):
        assert fact in shown


def test_the_portal_says_that_a_payment_is_disputed_and_how_that_has_ended(site, visitor, customer):
    invoice = invoice_of(site, customer)
    with site.engine.begin() as tx:
        locked, payment = tx.customers.lock(invoice.customer_id), tx.invoices.get_payment(invoice.payment_id)
        told = ToldDispute(f"du_{invoice.id}", Money(1_250, "USD"), "fraudulent")
        at = site.engine.now_for(tx, locked)
        dispute = open_dispute(tx, locked, payment, told, source="admin", actor="bank", at=at)
    enter_portal(visitor, site, customer)
    address = f"{site.base_url}/portal/billing/{invoice.id}"
    assert "Your bank decides" in visitor.open(address).text
    close_dispute(site.engine, dispute.id, "lost")
    page = visitor.open(address)
    assert "US$12.50" in page.text
    assert "You have it back from your bank" in page.text


def test_the_portal_names_whom_an_invoice_is_between_as_the_document_does(site, visitor, customer):
    invoice = invoice_of(site, customer)
    with site.engine.read() as tx:
        profile = tx.billing_profiles.of(tx.customers.get(invoice.customer_id))
    update_profile(site.engine, profile.id, supplier=Supplier("Later GmbH"))
    update_user(site.engine, user_id=user_of(site, customer).id, given_name="Renamed")
    setup = OneOff("Setup", Money(500, "USD"))
    later = add_charge(site.engine, customer_id=invoice.customer_id, charge=setup, bill_now=True)
    enter_portal(visitor, site, customer)

    def parties(invoice_id):
        page = visitor.open(f"{site.base_url}/portal/billing/{invoice_id}").html
        return re.findall(r"<dt>(?:Seller|Billed to)</dt><dd><bdi>([^<]*)<", page)

    assert parties(invoice.id)[1] == "Vera Visitor"
    assert "Later GmbH" not in parties(invoice.id)
    assert parties(later.id) == ["Later GmbH", "Renamed Visitor"]
