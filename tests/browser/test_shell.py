"""What stands around every page: by keyboard alone, without JavaScript, and on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.contract.pages.visits import portal_link

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 800}


def test_an_operator_comes_to_a_section_and_out_again_by_keyboard_or_without_scripts(either_server, tab, keyboard):
    email, password = either_server.seed.users[0]
    tab.goto("/dashboard")
    keyboard("E-mail address")
    tab.keyboard.type(email)
    keyboard("Password")
    tab.keyboard.type(password)
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    keyboard("Applications")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Applications")
    keyboard("Sign out")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_on_a_phone_the_sections_are_in_a_menu_that_opens(either_server, tab):
    tab.set_viewport_size(PHONE)
    tab.goto(portal_link(either_server, either_server.seed.users[1][0]))
    if tab.get_by_role("button", name="Continue").is_visible():
        tab.get_by_role("button", name="Continue").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Plan")
    expect(tab.get_by_role("link", name="Invoices")).to_have_count(0)
    tab.get_by_text("Menu", exact=True).click()
    tab.get_by_role("link", name="Invoices").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Invoices")


def test_the_language_of_a_page_is_chosen_at_its_foot(either_server, tab):
    tab.goto("/dashboard/sign-in?lang=en")
    tab.get_by_role("list", name="Language").get_by_role("link", name="Deutsch").click()
    expect(tab.locator("html")).to_have_attribute("lang", "de")
