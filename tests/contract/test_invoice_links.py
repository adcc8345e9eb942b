"""Addresses that open an invoice: what they open, for how long, and what they look like."""

from __future__ import annotations

import pytest

from billing_sdk.errors import NotFound, RateLimited
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.usecases.invoice_links import check_link, links_to
from billing_sdk.server.usecases.show_invoice import file_of, show_invoice
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import invoices_of
from tests.engines import IN_MEMORY, advance, engine_on, payer


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def invoice(engine):
    """Ada's only invoice."""
    return invoice_of(engine, "ada@example.com")


def invoice_of(engine, email):
    customer = payer(engine, email)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    (found,) = invoices_of(engine, customer)
    return found


def key_of(engine, invoice) -> str:
    found = links_to(engine, invoice)
    assert found.hosted_url.startswith(f"http://127.0.0.1:3000/invoices/{invoice.id}/")
    assert found.pdf_url == f"{found.hosted_url}/pdf"
    return found.hosted_url.rpartition("/")[2]


def opens(engine, invoice_id: str, key: str) -> bool:
    try:
        check_link(engine, invoice_id=invoice_id, key=key)
    except NotFound:
        return False
    return True


@pytest.mark.attack(175)
def test_an_address_opens_no_other_invoice_and_not_when_altered(engine, invoice):
    key = key_of(engine, invoice)
    until, _, signature = key.partition(".")
    other = invoice_of(engine, "eve@example.com")

    assert opens(engine, invoice.id, key)
    altered = [
        "",
        ".",
        until,
        signature,
        f"{until}.",
        f"{until}.{signature[:-1]}",
        f"{until}.{signature}A",
        f"{until}.{signature}.x",
        f"{until}.{signature[::-1]}",
        f"99991231.{signature}",
        f"{until} .{signature}",
        f"{until}/{other.id}.{signature}",
        key.upper(),
        f"{key}\0",
        "é" * 40,
        "٢٠٢٦٠٥٠١." + signature,
    ]
    assert [one for one in altered if opens(engine, invoice.id, one)] == []
    assert not opens(engine, other.id, key)
    assert not opens(engine, f"{invoice.id}/", key)


@pytest.mark.attack(175)
def test_an_address_ends_with_its_last_day(engine, invoice):
    key = key_of(engine, invoice)
    advance(engine, days=90, hours=11)
    assert opens(engine, invoice.id, key)
    advance(engine, hours=1)
    assert not opens(engine, invoice.id, key)
    assert opens(engine, invoice.id, key_of(engine, invoice))


def test_an_address_is_the_same_all_day(engine, invoice):
    first = links_to(engine, invoice)
    advance(engine, hours=11)
    assert links_to(engine, invoice) == first
    advance(engine, hours=1)
    assert links_to(engine, invoice) != first


@pytest.mark.attack(175)
def test_an_older_sealing_key_still_signs_until_it_is_taken_out_and_no_other_use_of_it_does():
    old, new = SealingKey("old", b"o" * 32), SealingKey("new", b"n" * 32)
    signature = Sealer([old]).sign("text", purpose="invoice")
    assert Sealer([new, old]).has_signed("text", signature, purpose="invoice")
    assert not Sealer([new]).has_signed("text", signature, purpose="invoice")
    assert not Sealer([old]).has_signed("text", signature, purpose="other")
    assert not Sealer([old]).has_signed("texu", signature, purpose="invoice")
    assert Sealer([new, old]).sign("text", purpose="invoice") != signature


def test_an_invoice_is_read_in_the_language_that_is_asked_for(engine, invoice):
    assert show_invoice(engine, invoice_id=invoice.id).heading == "Invoice"
    assert show_invoice(engine, invoice_id=invoice.id, languages=("de-AT",)).heading == "Rechnung"


@pytest.mark.attack(173)
def test_the_file_of_one_invoice_is_made_thirty_times_a_minute(engine, invoice):
    name, content = file_of(engine, invoice_id=invoice.id)
    assert (name, content[:5]) == (f"{invoice.number}.pdf", b"%PDF-")
    for _ in range(29):
        engine.admit("invoice_file", invoice.id)
    with pytest.raises(RateLimited):
        file_of(engine, invoice_id=invoice.id)
    advance(engine, minutes=1)
    assert file_of(engine, invoice_id=invoice.id)[1] == content
