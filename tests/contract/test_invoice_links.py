"""Addresses that open an invoice: what they open, for how long, and what they look like."""

from __future__ import annotations

from contextlib import nullcontext

import pytest
from typer.testing import CliRunner

from billing_sdk.cli.commands import app
from billing_sdk.errors import NotFound, RateLimited
from billing_sdk.money import Money
from billing_sdk.server.sealing import Sealer, SealingKey
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.invoice_links import check_link, links_to, links_to_note
from billing_sdk.server.usecases.show_invoice import as_file, show_credit_note, show_invoice
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
        check_link(engine, "invoices", document_id=invoice_id, key=key)
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


@pytest.mark.attack(175)
def test_an_address_opens_no_document_of_another_kind(engine, invoice):
    key = key_of(engine, invoice)
    with pytest.raises(NotFound):
        check_link(engine, "credit_notes", document_id=invoice.id, key=key)


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
    paper = show_invoice(engine, invoice_id=invoice.id)
    name, content = as_file(engine, invoice.id, paper)
    assert (name, content[:5]) == (f"{invoice.number}.pdf", b"%PDF-")
    for _ in range(29):
        engine.admit("invoice_file", invoice.id)
    with pytest.raises(RateLimited):
        as_file(engine, invoice.id, paper)
    advance(engine, minutes=1)
    assert as_file(engine, invoice.id, paper)[1] == content


def test_a_credit_note_says_what_was_taken_back_of_which_line_and_where_it_went(engine, invoice):
    back = Money(500, "USD")
    note = credit_invoice(
        engine, invoice_id=invoice.id, wanted={1: back}, destination="balance", reason="Outage of January"
    ).note
    paper = show_credit_note(engine, note_id=note.id)
    assert (paper.heading, paper.name, paper.status) == ("Credit note", note.number, "Added to your balance")
    assert ("For invoice", invoice.number) in [(fact.label, fact.value) for fact in paper.facts]
    assert [(row.number, row.amount) for row in paper.sections[0].rows] == [(1, "US$5.00")]
    assert (paper.due.label, paper.due.amount, paper.notes) == ("Credited", "US$5.00", ("Reason: Outage of January",))
    links = links_to_note(engine, note)
    assert links.pdf_url == f"{links.hosted_url}/pdf"
    check_link(engine, "credit_notes", document_id=note.id, key=links.hosted_url.rpartition("/")[2])


def test_the_command_writes_the_file_where_it_is_told_to(engine, invoice, tmp_path, monkeypatch):
    monkeypatch.setattr("billing_sdk.cli.invoices.engine_at", lambda *_: nullcontext(engine))
    place = tmp_path / "rechnung.pdf"
    command = ["invoices", "pdf", invoice.id, "--lang", "de", "--file"]
    assert CliRunner().invoke(app, [*command, str(place)]).exit_code == 0
    assert place.read_bytes().startswith(b"%PDF-")
    refused = CliRunner().invoke(app, [*command, str(tmp_path / "nowhere" / "x.pdf")])
    assert (refused.exit_code, "can't write x.pdf" in refused.output) == (1, True)
