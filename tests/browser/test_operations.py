"""An operator's day: somebody is looked for, an invoice explained, credit granted and a coupon offered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from billing_sdk.server.usecases.seed_demo import ADA, PASSWORD
from tests.serving import RunningServer

HOSTILE = '<img src=x onerror="document.title=1">\u202e'


@pytest.fixture
def desk(tab: Page, either_server: RunningServer) -> Page:
    """Ada at the dashboard."""
    tab.goto("/dashboard/sign-in")
    tab.get_by_label("E-mail address").fill(ADA)
    tab.get_by_label("Password").fill(PASSWORD)
    tab.keyboard.press("Enter")
    expect(tab).to_have_url(re.compile("/dashboard$"))
    return tab


def grace_of(server: RunningServer) -> str:
    """Return the id of the customer that Grace is."""
    with server.engine.read() as tx:
        user = tx.users.find_by_email("grace@example.com")
        assert user is not None
        customer = tx.customers.find_by_user(user.id)
        assert customer is not None
        return customer.id


def test_somebody_is_found_by_the_keyboard_and_so_is_all_that_has_happened(
    desk: Page, keyboard: Callable[[str], None]
) -> None:
    keyboard("Search")
    desk.keyboard.type("hopp")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("link", name="Grace Hopper")).to_be_visible()
    keyboard("Grace Hopper")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Grace Hopper")
    keyboard("Timeline")
    desk.keyboard.press("Enter")
    entries = desk.get_by_role("list", name="Timeline")
    expect(entries).to_contain_text("Subscription begun")
    desk.get_by_label("Kind").select_option("payment")
    desk.get_by_role("button", name="Filter").click()
    expect(entries).to_contain_text("Payment of US$29.00 made")
    expect(entries).not_to_contain_text("Subscription begun")


def test_an_invoice_opens_by_its_number_and_explains_its_lines(desk: Page, keyboard: Callable[[str], None]) -> None:
    keyboard("Search")
    desk.keyboard.type("inv-000001")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("INV-000001")
    keyboard("Explain line 1")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("main")).to_contain_text("Flat price")


def test_credit_with_a_hostile_name_is_granted_and_shown_as_text(desk: Page, either_server: RunningServer) -> None:
    desk.goto(f"/dashboard/credits/new?customer={grace_of(either_server)}")
    desk.get_by_label("Name").fill(HOSTILE)
    desk.get_by_label("Amount").fill("a lot")
    desk.get_by_label("Currency").fill("USD")
    desk.get_by_role("button", name="Grant credit").click()
    expect(desk.locator("#amount-wrong")).to_be_visible()
    desk.get_by_label("Amount").fill("12.50")
    desk.get_by_role("button", name="Grant credit").click()
    expect(desk.get_by_role("status")).to_contain_text("The credit was granted.")
    expect(desk.get_by_role("heading", level=1)).to_contain_text("<img src=x")
    assert desk.locator("main img").count() == 0
    expect(desk.get_by_role("main")).to_contain_text("US$12.50")


def test_a_coupon_is_offered_and_archived(desk: Page, keyboard: Callable[[str], None]) -> None:
    desk.goto("/dashboard/coupons/_new")
    desk.get_by_label("Key").fill("AUTUMN")
    desk.get_by_label("Name").fill("Autumn")
    desk.get_by_label("Percentage", exact=True).fill("20")
    keyboard("Create the coupon")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Autumn")
    desk.locator("summary", has_text="Archive").click()
    desk.get_by_role("button", name="Archive").click()
    expect(desk.get_by_role("main")).to_contain_text("Archived")
