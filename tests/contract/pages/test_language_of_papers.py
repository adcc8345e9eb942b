"""One rule for the language of what a customer gets: the paper, its mail, its page, and the page where it is paid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.identity import User
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.accept_invitation import accept_invitation, prove_invited
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.begin_journey import begin_journey
from billing_sdk.server.usecases.compose_mail import compose_mail
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.customer_language import language_of_person
from billing_sdk.server.usecases.gateway_of import payer_of
from billing_sdk.server.usecases.invite_member import invite_member
from billing_sdk.server.usecases.invoice_links import links_to
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.show_invoice import show_invoice
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.update_user import update_user
from billing_sdk.server.usecases.write_mail import Draft, write_mail
from billing_sdk.server.web import csrf_token
from tests.contract.test_members import key_of
from tests.engines import PASSWORD
from tests.in_process import InProcess, in_process
from tests.world import CALLBACK, JOURNEY

BASE_URL = "http://127.0.0.1:3000"
# A browser that reads Turkish, whoever sits before it.
TURKISH = {"Accept": "text/html", "Accept-Language": "tr", "Origin": BASE_URL}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    with in_process(f"sqlite:///{tmp_path_factory.mktemp('words') / 'billing.db'}", BASE_URL) as running:
        yield running


@pytest.fixture
def person(app: InProcess) -> User:
    return register_user(app.engine, email=f"{new_id('x')}@example.com", password=PASSWORD)


@pytest.fixture
def customer(app: InProcess, person: User) -> Customer:
    return become_customer(app.engine, user_id=person.id, billing_email=person.email)


def invoice_of(app: InProcess, customer: Customer) -> Invoice:
    return add_charge(app.engine, customer_id=customer.id, charge=OneOff("Setup", Money(1_900, "USD")), bill_now=True)


def languages_of(app: InProcess, customer: Customer) -> set[str]:
    """Return what languages the paper, its mail, its page, the page where it is paid, and the gateway are in."""
    engine, invoice = app.engine, invoice_of(app, customer)
    values = {"invoice_id": invoice.id, "number": invoice.number, "amount": invoice.amount}
    with engine.begin() as tx:
        write_mail(tx, (Draft("receipt", values, customer.billing_email, customer.id),), sends=True, at=engine.now())
    with engine.read() as tx:
        (mail,) = tx.mails.list(PageRequest(1, newest_first=True), kind="receipt").items
        told = payer_of(tx, tx.customers.get(customer.id))
    letter = compose_mail(engine, mail)
    path = links_to(engine, invoice).hosted_url.removeprefix(BASE_URL)
    pages = [app.get(f"{path}{end}", headers=TURKISH) for end in ("", "/pay")]
    paper = show_invoice(engine, invoice_id=invoice.id)
    on_pages = {page.headers["content-language"] for page in pages}
    return on_pages | {paper.language, letter.language.tag, letter.paper.language, told.language}


def test_somebody_who_has_chosen_no_language_is_written_to_in_that_of_the_billing_profile(app, customer):
    assert languages_of(app, customer) == {"en"}


def test_the_language_of_a_persons_profile_is_that_of_all_their_papers(app, person, customer):
    update_user(app.engine, user_id=person.id, language="de")
    assert languages_of(app, customer) == {"de"}


def test_the_language_that_a_customer_has_chosen_for_invoices_comes_before_that_of_the_profile(app, person, customer):
    update_user(app.engine, user_id=person.id, language="de")
    update_customer(app.engine, customer.id, language="ar")
    assert languages_of(app, customer) == {"ar"}


def test_the_address_of_an_invoice_can_ask_for_another_language_that_its_button_keeps(app, person, customer):
    update_user(app.engine, user_id=person.id, language="de")
    path = links_to(app.engine, invoice_of(app, customer)).hosted_url.removeprefix(BASE_URL)
    page = app.get(f"{path}?lang=tr", headers=TURKISH)
    assert (page.headers["content-language"], f'href="{path}/pay?lang=tr"' in page.text) == ("tr", True)
    paying = app.get(f"{path}/pay?lang=tr", headers=TURKISH)
    assert (paying.headers["content-language"], f'action="{path}/pay?lang=tr"' in paying.text) == ("tr", True)


def test_an_organization_is_written_to_in_the_language_of_the_person_who_makes_it_a_customer(app, person):
    update_user(app.engine, user_id=person.id, language="de")
    org = create_organization(app.engine, name="Acme", creator_id=person.id)
    found = become_customer(app.engine, org_code=org.code, billing_email=person.email, actor=person.id)
    assert languages_of(app, found) == {"de"}


@pytest.mark.parametrize(("accepted", "kept"), [("tr", "tr"), ("xx, de;q=0.5", "de"), ("", None)])
def test_whoever_signs_up_keeps_the_language_in_which_the_form_was_shown(app, accepted, kept):
    email = f"{new_id('x')}@example.com"
    journey, key = begin_journey(
        app.engine, client_id=app.seed.client_id, redirect_uri=CALLBACK, parameters={"response_type": "code"}
    )
    form = {"csrf_token": csrf_token(key), "email": email, "password": PASSWORD}
    sent = app.request(
        "POST",
        f"/journey/{journey.id}/register",
        data=form,
        headers={**TURKISH, "Accept-Language": accepted},
        cookies={JOURNEY + journey.id: key},
    )
    assert sent.status_code == 303
    with app.engine.read() as tx:
        assert language_of_person(tx.users.find_by_email(email)) == kept


def test_whoever_is_invited_keeps_the_language_of_the_page_where_they_join(app, person):
    email = f"{new_id('x')}@example.com"
    org = create_organization(app.engine, name="Acme", creator_id=person.id)
    invite_member(app.engine, org_code=org.code, email=email, role_keys=(), inviter_id=person.id)
    key = key_of(app.engine)
    proof = prove_invited(app.engine, key=key, password=PASSWORD)
    accept_invitation(app.engine, key=key, proof=proof, language="de")
    with app.engine.read() as tx:
        assert language_of_person(tx.users.find_by_email(email)) == "de"
