"""The page where an invoice is paid by its address, without a browser: who may, what it takes, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.void_invoice import void_invoice
from billing_sdk.server.web import csrf_token
from tests.contract.pages.visits import CARD
from tests.engines import DECLINED_WHEN_CHARGED, payer
from tests.in_process import InProcess, in_process

BASE_URL = "http://127.0.0.1:3000"
OURS = {"Origin": BASE_URL, "Accept": "text/html"}
NOT_ENOUGH, ASKS = "4000000000009995", "4000002760003184"
DUE = Money(1_900, "USD")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with in_process(f"sqlite:///{tmp_path_factory.mktemp('paying') / 'billing.db'}", BASE_URL) as running:
        yield running


@pytest.fixture
def invoice(app: InProcess) -> Invoice:
    """An invoice of somebody whose own card is declined."""
    customer = payer(app.engine, f"{new_id('x')}@example.com", number=DECLINED_WHEN_CHARGED)
    return add_charge(app.engine, customer_id=customer.id, charge=OneOff("Setup", DUE), bill_now=True)


def path_of(app: InProcess, invoice: Invoice) -> str:
    found = links_to(app.engine, invoice)
    assert found
    return found.hosted_url.removeprefix(BASE_URL)


def send(app: InProcess, invoice: Invoice, **fields: str):
    """Send the form of an invoice as its page has it, but for what is given."""
    path = path_of(app, invoice)
    token = csrf_token(path.rpartition("/")[2])
    data = {"csrf_token": token, "due_minor": str(DUE.minor), **CARD, **fields}
    return app.request("POST", f"{path}/pay", data=data, headers=OURS)


def status_of(app: InProcess, invoice: Invoice) -> str:
    with app.engine.read() as tx:
        return tx.invoices.get(invoice.id).status


def test_an_owed_invoice_leads_to_a_page_that_takes_a_card_and_says_nothing_of_the_one_on_file(app, invoice):
    path = path_of(app, invoice)
    assert f'href="{path}/pay"' in app.get(path, headers=OURS).text
    page = app.get(f"{path}/pay", headers=OURS)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "ending in" not in page.text
    for said in (invoice.number, "Amount due", "US$19.00", "Card number"):
        assert said in page.text


def test_it_is_paid_with_the_card_that_is_typed_and_sending_it_again_pays_nothing(app, invoice):
    declined = send(app, invoice, number=NOT_ENOUGH)
    assert (declined.status_code, "not enough money" in declined.text) == (422, True)
    assert NOT_ENOUGH not in declined.text
    changed = send(app, invoice, due_minor="1")
    assert (changed.status_code, "has changed" in changed.text) == (422, True)
    paid = send(app, invoice)
    assert (paid.status_code, paid.headers["location"]) == (303, f"{path_of(app, invoice)}/pay")
    for again in (send(app, invoice), app.get(paid.headers["location"], headers=OURS)):
        assert (again.status_code, "the invoice is paid" in again.text) == (200, True)
    with app.engine.read() as tx:
        found = tx.invoices.list_payments(customer_id=invoice.customer_id).items
    assert [one.status for one in found] == ["failed", "succeeded"]
    assert "/pay" not in app.get(path_of(app, invoice), headers=OURS).text


@pytest.mark.attack(210)
def test_only_the_address_of_the_invoice_opens_its_page_and_sends_its_form(app, invoice):
    customer = payer(app.engine, f"{new_id('x')}@example.com", number=None)
    other = add_charge(app.engine, customer_id=customer.id, charge=OneOff("Setup", DUE), bill_now=True)
    path, foreign = path_of(app, invoice), path_of(app, other).rpartition("/")[2]
    for wrong in (f"/invoices/{invoice.id}/{foreign}/pay", f"{path}x/pay", f"/invoices/{invoice.id}/20200101.x/pay"):
        token = csrf_token(wrong.split("/")[-2])
        assert app.get(wrong, headers=OURS).status_code == 404
        assert app.request("POST", wrong, data={"csrf_token": token, **CARD}, headers=OURS).status_code == 404
    assert send(app, invoice, csrf_token=csrf_token(foreign)).status_code == 403
    assert status_of(app, invoice) == "issued"


@pytest.mark.attack(210)
@pytest.mark.parametrize("shown", ["1899", "0", "-1900", "1900.0", "٤", "", "9" * 30])
def test_what_was_not_shown_is_not_charged(app, invoice, shown):
    answer = send(app, invoice, due_minor=shown)
    assert (answer.status_code, "has changed" in answer.text) == (422, True)
    assert status_of(app, invoice) == "issued"


@pytest.mark.attack(210)
def test_what_is_not_owed_any_more_is_not_paid_and_what_was_credited_is_not_charged(app, invoice):
    credit_invoice(app.engine, invoice_id=invoice.id, wanted=Money(400, "USD"), reason="Late")
    assert "US$15.00" in send(app, invoice).text
    void_invoice(app.engine, invoice_id=invoice.id)
    for answer in (send(app, invoice, due_minor="1500"), app.get(f"{path_of(app, invoice)}/pay", headers=OURS)):
        assert (answer.status_code, "not owed any more" in answer.text) == (200, True)
    assert status_of(app, invoice) == "void"


def test_a_card_whose_bank_asks_leads_to_its_page_and_back_to_the_invoice(app, invoice):
    asked = send(app, invoice, number=ASKS)
    assert asked.status_code == 303
    place, _, back = asked.headers["location"].partition("?back=")
    assert back == f"{path_of(app, invoice)}/pay"
    place = place.removeprefix(BASE_URL)
    reference = place.rpartition("/")[2]
    answered = app.request(
        "POST",
        place,
        data={"csrf_token": csrf_token(reference), "answer": "complete", "back": back},
        headers=OURS,
    )
    assert (answered.status_code, answered.headers["location"]) == (303, back)
    assert "the invoice is paid" in app.get(back, headers=OURS).text


@pytest.mark.attack(210)
def test_too_many_cards_are_told_to_wait(app, invoice):
    answers = [send(app, invoice, number=NOT_ENOUGH).status_code for _ in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert "too many attempts" in send(app, invoice).text
    assert status_of(app, invoice) == "issued"
