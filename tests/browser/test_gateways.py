"""Each gateway in a real browser: enabled in the dashboard, and paid with at a sign-up, also on pages of Stripe's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from billing_sdk._secret import Secret
from billing_sdk.testing.stripe import stripe_simulator
from tests.contract.pages.visits import plans_of, sign_up_link
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.browser

DECLINED, GOOD = "4000000000000002", "4242424242424242"


@contextmanager
def server_for(gateway: str, folder: Path) -> Iterator[RunningServer]:
    """Yield a server on which billing is off, with a simulated Stripe where the gateway needs one."""
    address = f"sqlite:///{folder / 'browser.db'}"
    if gateway == "managed":
        with serving(address, gateway=None) as running:
            yield running
        return
    with stripe_simulator() as stripe:
        settings: dict[str, Any] = {
            "stripe_secret_key": Secret(stripe.secret_key),
            "stripe_api_base": stripe.base_url,
            "stripe_connect_client_id": stripe.client_id,
        }
        with serving(address, gateway=None, **settings) as running:
            yield running


def enable(page: Page, server: RunningServer, gateway: str) -> None:
    """Enable billing as an operator."""
    page.goto(f"{server.base_url}/dashboard")
    page.get_by_label("E-mail address").fill(server.seed.users[0][0])
    page.get_by_label("Password").fill(server.seed.users[0][1])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Billing of Demo", exact=True).click()
    tab = page.url
    if gateway == "stripe_connect":
        page.get_by_role("button", name="Connect with Stripe").click()
        page.get_by_role("button", name="Connect").click()
        page.wait_for_url("**/dashboard**")
        page.goto(tab)
    page.locator(f"input[value={gateway}]").check()
    page.get_by_role("button", name="Enable billing").click()
    expect(page.get_by_role("status")).to_have_text("Billing is enabled.")


def type_card(page: Page, number: str) -> None:
    """Type a card into the page in front, ours or Stripe's, and send it."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12 / 34")
    page.locator("input[name=cvc]").fill("123")
    page.locator("input[name=name]").fill("Vera Visitor")
    page.locator("form", has=page.get_by_label("Card number")).get_by_role("button").click()


@pytest.mark.parametrize("gateway", ["managed", "stripe_platform", "stripe_connect"])
def test_billing_is_enabled_and_a_plan_is_paid_for(context: BrowserContext, tmp_path: Path, gateway: str) -> None:
    with server_for(gateway, tmp_path) as server:
        page = context.new_page()
        enable(page, server, gateway)
        context.clear_cookies()
        page.route(f"{server.redirect_uri}**", lambda route: route.fulfill(body="Hello", content_type="text/html"))
        page.goto(sign_up_link(server, plan_interest="pro_monthly"))
        page.get_by_label("E-mail address").fill("vera@example.com")
        page.get_by_label("Password").fill("correct horse battery staple")
        page.get_by_role("button", name="Create account").click()
        expect(page.locator("#due-today")).to_have_text("29.00 USD")
        if gateway != "managed":
            page.get_by_role("button", name="Add a payment method").click()
        type_card(page, DECLINED)
        expect(page.get_by_role("alert")).to_contain_text("declined")
        assert plans_of(server, "vera@example.com") == []
        type_card(page, GOOD)
        if gateway != "managed":
            page.get_by_role("button", name="Pay with").click()
        expect(page.get_by_text("Hello")).to_be_visible()
        assert plans_of(server, "vera@example.com") == ["pro_monthly"]
