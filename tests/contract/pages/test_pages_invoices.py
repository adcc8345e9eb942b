"""Invoices as pages and files: by their address, and in the portal."""

from __future__ import annotations

import httpx
import pytest

from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.testing.visitor import Visitor
from tests.contract.pages.visits import CARD, begin, enter_portal, leaves_for_application, register, user_of
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
