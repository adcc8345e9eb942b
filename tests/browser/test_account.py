"""What a customer does in the portal about money and members: by keyboard with JavaScript, and without any."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

from billing_sdk.money import Money
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.register_user import register_user
from tests.contract.pages.visits import PASSWORD, portal_link
from tests.engines import card
from tests.serving import RunningServer

pytestmark = pytest.mark.browser
FRESH = "staple battery correct horse"


@pytest.fixture
def email(either_server: RunningServer) -> str:
    """Somebody with an account."""
    address = f"vera-{secrets.token_hex(6)}@example.com"
    register_user(either_server.engine, email=address, password=PASSWORD, given_name="Vera")
    return address


@pytest.fixture
def customer_id(either_server: RunningServer, email: str) -> str:
    """The same person as a customer, who has a card."""
    engine = either_server.engine
    customer = become_customer(engine, user_id=user_id_of(either_server, email), billing_email=email)
    add_card(engine, customer_id=customer.id, card=card())
    return customer.id


def user_id_of(server: RunningServer, email: str) -> str:
    with server.engine.read() as tx:
        user = tx.users.find_by_email(email)
    assert user
    return user.id


def enter(tab: Page, server: RunningServer, email: str, sub_nav: str, org_code: str | None = None) -> None:
    """Open the portal by a link."""
    tab.goto(portal_link(server, email, sub_nav=sub_nav, org_code=org_code))
    if "portal_redirect" in tab.url:
        tab.get_by_role("button", name="Continue").click()
    tab.wait_for_url("**/portal/**")


def fill(tab: Page, **typed: str) -> None:
    for name, value in typed.items():
        tab.locator(f"#{name}").fill(value)


def says(tab: Page, text: str) -> None:
    expect(tab.get_by_role("main")).to_contain_text(text)


def test_cards_are_added_chosen_and_removed(either_server, tab, keyboard, email, customer_id):
    enter(tab, either_server, email, "payment_details")
    keyboard("Card number")
    for value in ("5555555555554444", "12 / 34", "123", "Vera Visitor"):
        tab.keyboard.type(value)
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    says(tab, "The card was saved.")
    says(tab, "Mastercard ending in 4444")
    keyboard("Use this one")
    tab.keyboard.press("Enter")
    says(tab, "This is charged from now on.")
    remove = tab.get_by_role("button", name="Remove Mastercard ending in 4444")
    expect(remove).to_be_hidden()
    keyboard("Remove\nMastercard ending in 4444")
    tab.keyboard.press("Enter")
    says(tab, "It is charged no more.")
    remove.click()
    says(tab, "The payment method was removed.")
    expect(tab.get_by_role("main")).not_to_contain_text("Mastercard")


def test_an_invoice_is_looked_at_paid_and_kept_as_a_file(either_server, tab, keyboard, email, customer_id):
    add_charge(
        either_server.engine, customer_id=customer_id, charge=OneOff("Setup", Money(1_234, "USD")), bill_now=True
    )
    enter(tab, either_server, email, "plan_details")
    with tab.expect_navigation():
        tab.get_by_role("link", name="Invoices").first.click()
    keyboard("INV-")
    tab.keyboard.press("Enter")
    says(tab, "US$12.34")
    address = tab.get_by_role("link", name="Download PDF").get_attribute("href")
    answer = tab.context.request.get(f"{either_server.base_url}{address}")
    assert answer.body().startswith(b"%PDF")


def test_an_address_is_typed_with_the_country_by_its_name(either_server, tab, keyboard, email, customer_id):
    enter(tab, either_server, email, "payment_details")
    tab.get_by_role("link", name="Billing address").click()
    fill(tab, line_1="12 Analytical Way", postal_code="10115", city="Berlin", tax_ids="DE123456789")
    tab.get_by_label("Country").select_option(label="Germany")
    keyboard("Save")
    tab.keyboard.press("Enter")
    says(tab, "DE123456789 looks like a VAT number of Germany.")


def test_credit_is_bought_after_a_look_at_its_price(either_server, tab, keyboard, email, customer_id):
    enter(tab, either_server, email, "plan_details")
    tab.goto("/portal/credit")
    keyboard("Buy credit")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    keyboard("Amount in USD")
    tab.keyboard.type("25")
    tab.keyboard.press("Enter")
    expect(tab.locator("#due")).to_have_text("US$25.00")
    keyboard("Pay US$25.00")
    tab.keyboard.press("Enter")
    says(tab, "The credit was bought. You can use it now.")
    says(tab, "US$25.00")


def test_somebody_is_invited_joins_by_the_mail_and_is_given_a_role(either_server, tab, keyboard, email):
    engine, guest = either_server.engine, f"gus-{secrets.token_hex(6)}@example.com"
    org_code = create_organization(engine, name="Acme", creator_id=user_id_of(either_server, email)).code
    enter(tab, either_server, email, "organization_members", org_code)
    keyboard("E-mail address")
    tab.keyboard.type(guest)
    tab.keyboard.press("Enter")
    says(tab, "The invitation was sent.")
    with engine.read() as tx:
        (mail,) = tx.mails.list(PageRequest(1), recipient=guest).items

    tab.context.clear_cookies()
    tab.goto(str(mail.values["url"]))
    fill(tab, given_name="Gus", password=PASSWORD)
    keyboard("Create account and join")
    tab.keyboard.press("Enter")
    says(tab, "You belong to the organization now.")

    tab.context.clear_cookies()
    enter(tab, either_server, email, "organization_members", org_code)
    with tab.expect_navigation():
        tab.get_by_role("link", name="Change Gus").click()
    keyboard("Billing admin")
    tab.keyboard.press("Space")
    keyboard("Save")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("listitem").filter(has_text="Gus")).to_contain_text("Billing admin")


def test_a_profile_its_language_and_its_password_are_changed(either_server, tab, keyboard, email):
    enter(tab, either_server, email, "profile")
    fill(tab, family_name="Visitor")
    keyboard("Save")
    tab.keyboard.press("Enter")
    says(tab, "Your changes were saved.")
    tab.get_by_role("link", name="Change the password").click()
    fill(tab, password=PASSWORD, new_password=FRESH, repeated=FRESH)
    keyboard("Change the password")
    tab.keyboard.press("Enter")
    says(tab, "Your password was changed.")
    tab.locator("#language").select_option("ar")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("html")).to_have_attribute("dir", "rtl")
    assert re.search(r"/portal/profile", tab.url)
