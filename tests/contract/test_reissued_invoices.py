"""Invoices that take the place of void ones, and what the database itself lets nobody change."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from billing_sdk.errors import Conflict, InvalidAmount, InvoicePaid, NotFound
from billing_sdk.money import Money
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.delete_clock import delete_clock
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.look_up_credit import look_up_credit
from billing_sdk.server.usecases.reissue_invoice import reissue_invoice
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.top_up_credit import top_up_credit
from tests.contract.test_cli import call
from tests.contract.test_credit_notes import MISTAKE, newest, owed, paid, usd
from tests.databases import copy_sqlite
from tests.engines import GOOD_CARD, card, engine_on, payer, person
from tests.explaining import recomputed_amount


def test_an_invoice_takes_the_place_of_a_void_one_with_lines_that_are_right(memory_engine):
    customer, wrong = owed(memory_engine)
    add_card(memory_engine, customer_id=customer.id, card=card(GOOD_CARD))
    right = reissue_invoice(memory_engine, invoice_id=wrong.id, corrected={1: usd(1_900)})

    assert (right.status, right.amount, right.replaces_id, right.reason) == ("paid", usd(1_900), wrong.id, "reissue")
    with memory_engine.read() as tx:
        assert tx.invoices.get(wrong.id).status == "void"
        [agreement] = tx.agreements.live_of(customer.id)
        told = explain_line(tx, right.id, 1)
    assert not agreement.is_unpaid
    assert recomputed_amount(told) == 1_900
    assert told["calculation"]["corrected"] == {
        "invoice": wrong.id,
        "number": wrong.number,
        "line": "1",
        "from_minor": "2900",
        "amount_minor": "1900",
    }


def test_an_invoice_that_nothing_pays_stays_owed_in_the_place_of_the_void_one(memory_engine):
    customer, wrong = owed(memory_engine)
    right = reissue_invoice(memory_engine, invoice_id=wrong.id, corrected={1: usd(1_900)})
    with memory_engine.read() as tx:
        [agreement] = tx.agreements.live_of(customer.id)
        [still] = tx.invoices.owed_for(agreement.id)
    assert (still, still.amount_due, agreement.is_unpaid) == (right, usd(1_900), True)


def test_what_can_not_take_the_place_of_an_invoice_is_refused_and_writes_nothing(memory_engine):
    customer, wrong = owed(memory_engine)
    with memory_engine.read() as tx:
        before = tx.invoices.newest_of(customer.id)
    refused = {
        InvalidAmount: [{1: usd(0)}, {1: usd(-1)}],
        NotFound: [{7: usd(5)}],
    }
    for error, asked in refused.items():
        for corrected in asked:
            with pytest.raises(error):
                reissue_invoice(memory_engine, invoice_id=wrong.id, corrected=corrected)
    credit_invoice(memory_engine, invoice_id=wrong.id, wanted=usd(5), reason=MISTAKE)
    with pytest.raises(Conflict):
        reissue_invoice(memory_engine, invoice_id=wrong.id, corrected={1: usd(5)})
    with pytest.raises(InvoicePaid):
        reissue_invoice(memory_engine, invoice_id=before[1].id, corrected={1: usd(5)})
    with memory_engine.read() as tx:
        assert [one.id for one in tx.invoices.newest_of(customer.id)] == [one.id for one in before]


ONE_MORE = """
    INSERT INTO invoice_lines
        (invoice_id, position, subject, frames, amount_minor, period_start, period_end, component_id, derivation)
    SELECT invoice_id, 9, subject, frames, amount_minor, period_start, period_end, component_id, derivation
    FROM invoice_lines
"""
EDITS = (
    "UPDATE invoice_lines SET amount_minor = 1",
    "UPDATE invoice_lines SET subject = 'less'",
    "DELETE FROM invoice_lines",
    ONE_MORE,
    "UPDATE invoices SET line_count = 10",
    "UPDATE invoices SET number = 'INV-999999'",
    "UPDATE invoices SET currency = 'EUR'",
    "UPDATE credit_notes SET reason = 'another'",
    "UPDATE credit_note_lines SET amount_minor = 1",
)


def test_the_database_itself_lets_nobody_edit_what_was_issued(engine):
    customer, invoice = paid(engine)
    credit_invoice(engine, invoice_id=invoice.id, wanted=usd(5), reason=MISTAKE)
    for edit in EDITS:
        with pytest.raises(DatabaseError, match="never changes"), engine.database.begin() as tx:
            tx.invoices._connection.execute(text(edit))
    assert newest(engine, customer) == invoice


def test_customers_of_a_test_clock_go_with_all_that_was_billed_to_them(memory_engine):
    clock = create_clock(memory_engine, at=memory_engine.now())
    customer = become_customer(
        memory_engine, user_id=person(memory_engine), billing_email="a@example.com", clock_id=clock.id
    )
    add_card(memory_engine, customer_id=customer.id, card=card(GOOD_CARD))
    subscribe(memory_engine, customer_id=customer.id, plan_key="pro_monthly")
    credit_invoice(memory_engine, invoice_id=newest(memory_engine, customer).id, wanted=usd(5), reason=MISTAKE)
    delete_clock(memory_engine, clock.id)
    with memory_engine.read() as tx, pytest.raises(NotFound):
        tx.customers.get(customer.id)


def test_the_console_script_credits_an_invoice_and_makes_one_void(sqlite_catalogue, tmp_path, monkeypatch):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "200")
    with engine_on(url) as engine:
        customer, owing = owed(engine)
        with engine.read() as tx:
            first = tx.invoices.newest_of(customer.id)[-1]
    shown = call("invoices", "credit", first.number, "--reason", MISTAKE, "--amount", "5").stdout
    assert "CN-000001: 5.00 USD, which is paid back" in shown
    assert "Add --amount" in call("invoices", "credit", first.id, "--reason", MISTAKE, "--line", "1").stderr
    again = call("invoices", "reissue", owing.number, "--line", "1", "--amount", "19.00").stdout
    assert again == "INV-000002 is void; INV-000003 asks for 19.00 USD.\n"
    assert "is void" in call("invoices", "void", "INV-000003").stdout
    assert call("invoices", "void", "INV-000099").exit_code == 1
    told = json.loads(call("invoices", "explain", first.id, "--json").stdout)
    assert [note["number"] for note in told["credit_notes"]] == ["CN-000001"]
    assert Money(told["left_minor"], "USD") == usd(2_400)


def test_credit_that_is_sold_by_an_invoice_in_the_place_of_a_void_one_is_there_once_that_is_paid(memory_engine):
    create_profile(memory_engine, name="Net", is_default=True, collection_method="send_invoice")
    customer = payer(memory_engine)
    first = top_up_credit(memory_engine, customer_id=customer.id, amount=usd(1_000))
    right = reissue_invoice(memory_engine, invoice_id=first.invoice_id or "", corrected={1: usd(500)})

    with memory_engine.read() as tx:
        grants = {one.invoice_id: (one.status, one.amount) for one in tx.grants.list(customer_id=customer.id).items}
    assert grants == {first.invoice_id: ("voided", usd(1_000)), right.id: ("awaiting_payment", usd(500))}
    pay_by_other_means(memory_engine, right.id)
    [credit] = look_up_credit(memory_engine, customer_id=customer.id)
    assert credit.available == usd(500)
    credit_invoice(memory_engine, invoice_id=right.id, reason=MISTAKE)
    assert look_up_credit(memory_engine, customer_id=customer.id) == ()
