"""What a mailed link proves: another e-mail address, and a forgotten password; by keyboard, and without script."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Page, expect

from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.check_password import check_password
from billing_sdk.server.usecases.register_user import register_user
from tests.browser.test_account import FRESH, enter, fill, says
from tests.contract.pages.visits import PASSWORD, sign_up_link
from tests.serving import RunningServer

pytestmark = pytest.mark.browser


@pytest.fixture
def email(either_server: RunningServer) -> str:
    """Somebody with an account."""
    address = f"vera-{secrets.token_hex(6)}@example.com"
    register_user(either_server.engine, email=address, password=PASSWORD, given_name="Vera")
    return address


def open_mail(tab: Page, server: RunningServer, recipient: str) -> None:
    """Open the link of the newest mail to somebody, in a browser that has no cookie of this server."""
    with server.engine.read() as tx:
        mail = tx.mails.list(PageRequest(1), recipient=recipient).items[0]
    tab.context.clear_cookies()
    tab.goto(str(mail.values["url"]))


def test_another_address_counts_once_the_mail_to_it_is_answered(either_server, tab, keyboard, email):
    other = f"new-{email}"
    enter(tab, either_server, email, "profile")
    tab.goto("/portal/profile/email")
    fill(tab, email=other, password=PASSWORD)
    keyboard("Change the e-mail address")
    tab.keyboard.press("Enter")
    says(tab, email)
    open_mail(tab, either_server, other)
    keyboard("Confirm the e-mail address")
    tab.keyboard.press("Enter")
    says(tab, "Your e-mail address is confirmed")
    assert check_password(either_server.engine, email=other, password=PASSWORD).email == other


def test_a_forgotten_password_is_set_anew_by_mail(either_server, tab, keyboard, email):
    tab.goto(sign_up_link(either_server, prompt="login"))
    keyboard("Forgotten your password?")
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    keyboard("E-mail address")
    tab.keyboard.type(email)
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("status")).to_contain_text("we have sent a link")
    open_mail(tab, either_server, email)
    keyboard("New password")
    tab.keyboard.type("short")
    tab.keyboard.press("Tab")
    tab.keyboard.type("short")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("alert")).to_contain_text("at least")
    fill(tab, new_password=FRESH, repeated=FRESH)
    keyboard("Set the password")
    tab.keyboard.press("Enter")
    says(tab, "Your password is set")
    assert check_password(either_server.engine, email=email, password=FRESH).email == email
