"""The whole loop in a real browser, with each gateway: from the switch in the dashboard to a gate that has closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from billing_sdk._secret import Secret
from billing_sdk.server.running import bind, origin_of, running
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.choose_sign_up_clock import choose_sign_up_clock
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint
from billing_sdk.testing.stripe import stripe_simulator
from examples.starlette_app.app import create_app
from tests.browser.looking import faults, too_wide
from tests.contract.pages.visits import plans_of
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.browser

VERA, PASSWORD = "vera@example.com", "correct horse battery staple"
DECLINED, GOOD, LATER_DECLINED = "4000000000000002", "4242424242424242", "4000000000000341"
CALLBACK = "/billing/callback"


@contextmanager
def server_for(gateway: str, folder: Path, application: str) -> Iterator[RunningServer]:
    """Yield a server on which billing is off, with a simulated Stripe where the gateway needs one."""
    address, back = f"sqlite:///{folder / 'browser.db'}", (f"{application}{CALLBACK}",)
    if gateway == "managed":
        with serving(address, redirect_uris=back, gateway=None) as server:
            yield server
        return
    with stripe_simulator() as stripe:
        settings: dict[str, Any] = {
            "stripe_secret_key": Secret(stripe.secret_key),
            "stripe_api_base": stripe.base_url,
            "stripe_connect_client_id": stripe.client_id,
        }
        with serving(address, redirect_uris=back, gateway=None, **settings) as server:
            yield server


@contextmanager
def loop_of(gateway: str, folder: Path, environment: pytest.MonkeyPatch) -> Iterator[tuple[RunningServer, str]]:
    """Yield a server and the address of an application that is gated by it, and hears of changes by webhooks."""
    with bind("127.0.0.1", 0) as listener:
        address = origin_of(listener, None)
        with server_for(gateway, folder, address) as server:
            for name, value in {
                "ISSUER": server.base_url,
                "CLIENT_ID": server.seed.client_id,
                "CLIENT_SECRET": server.seed.client_secret,
                "M2M_CLIENT_ID": server.seed.m2m_client_id,
                "M2M_CLIENT_SECRET": server.seed.m2m_client_secret,
                "AUDIENCE": server.engine.settings.management_audience[0],
                "REDIRECT_URI": server.redirect_uri,
                "SESSION_SECRET": "a-secret-of-sessions-for-one-test",
            }.items():
                environment.setenv(f"BILLING_{name}", value)
            ensure_endpoint(server.engine, url=f"{address}/billing/webhooks", name="Inkwell")
            with running(create_app(), listener):
                yield server, address


class Walk:
    """Somebody at a browser: what comes up that no other test shows has no faults, and all keeps to its own policy."""

    def __init__(self, context: BrowserContext, server: RunningServer, application: str) -> None:
        self.page = context.new_page()
        self.server = server
        self.application = application
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))

    def look(self, name: str) -> None:
        """Look at the page in front, which the name is for whoever reads a failure."""
        assert (name, faults(self.page), too_wide(self.page)) == (name, [], 0)

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name).first.click()

    def go(self, name: str) -> None:
        """Follow a link."""
        self.page.get_by_role("link", name=name).first.click()

    def type_card(self, number: str) -> None:
        """Type a card into the page in front, ours or Stripe's, and send it."""
        page = self.page
        page.get_by_label("Card number").fill(number)
        page.get_by_label("Expiry").fill("12 / 34")
        page.locator("input[name=cvc]").fill("123")
        page.locator("input[name=name]").fill("Vera Visitor")
        page.locator("form", has=page.get_by_label("Card number")).get_by_role("button").click()

    def enable(self, gateway: str) -> None:
        """Enable billing as an operator, and sign out."""
        page, (email, password) = self.page, self.server.seed.users[0]
        page.goto(f"{self.server.base_url}/dashboard")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password").fill(password)
        self.press("Sign in")
        page.goto(f"{self.server.base_url}/dashboard/applications/demo_app/billing")
        if gateway == "stripe_connect":
            self.press("Connect with Stripe")
            self.press("Connect")
            page.wait_for_url("**/dashboard**")
            self.look("connected")
            page.goto(f"{self.server.base_url}/dashboard/applications/demo_app/billing")
        page.locator(f"input[value={gateway}]").check()
        self.press("Enable billing")
        expect(page.get_by_role("status")).to_have_text("Billing is enabled.")
        self.press("Sign out")

    def sign_up(self) -> None:
        """Come by a link that names a plan, and make an account."""
        self.page.goto(self.application)
        self.go("Pro")
        self.page.get_by_label("E-mail address").fill(VERA)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.press("Create account")
        expect(self.page.locator("#due-today")).to_have_text("US$29.00")

    def pay(self, *, is_at_stripe: bool) -> None:
        """Have one card declined, pay with another, and find the gate open."""
        if is_at_stripe:
            self.press("Add a payment method")
        self.type_card(DECLINED)
        expect(self.page.get_by_role("alert")).to_contain_text("declined")
        if is_at_stripe:
            self.look("declined")
        assert plans_of(self.server, VERA) == []
        self.type_card(GOOD)
        if is_at_stripe:
            expect(self.page.get_by_role("button", name="Pay with")).to_be_visible()
            self.look("payment, with a card")
            self.press("Pay with")
        self.page.wait_for_url(f"{self.application}/**")
        assert plans_of(self.server, VERA) == ["pro_monthly"]
        assert self.status_of_gate() == 200

    def status_of_gate(self) -> int:
        """Ask for a page that the plan includes."""
        answer = self.page.goto(f"{self.application}/reports")
        assert answer is not None
        return answer.status

    def open_portal(self) -> None:
        """Go to the portal by the application's button."""
        self.page.goto(self.application)
        self.go("Manage")
        expect(self.page.get_by_role("link", name="Cancel plan")).to_be_visible()

    def leave_card(self, number: str, *, is_at_stripe: bool) -> None:
        """Leave another card in the portal."""
        self.go("Payment method")
        if is_at_stripe:
            self.press("Use another payment method")
        self.type_card(number)
        expect(self.page.get_by_role("status")).to_be_visible()

    def see_invoices(self, *statuses: str) -> None:
        """Look at the list of invoices, the latest of which comes first."""
        self.go("Invoices")
        expect(self.page.locator("tbody .tag")).to_have_text(list(statuses))

    def recover(self) -> None:
        """Pay what is open with the card that is there now."""
        self.go("Pay INV-")
        self.press("Pay")
        expect(self.page.get_by_text("Paid", exact=True).first).to_be_visible()

    def cancel(self) -> None:
        """Cancel at once."""
        self.open_portal()
        self.go("Cancel plan")
        self.page.get_by_label("Now").check()
        self.press("Cancel plan")
        expect(self.page.get_by_text("No plan yet")).to_be_visible()
        self.look("no plan")


@pytest.mark.parametrize("gateway", ["managed", "stripe_platform", "stripe_connect"])
def test_billing_is_enabled_paid_for_renewed_mended_and_cancelled(
    context: BrowserContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gateway: str
) -> None:
    is_at_stripe = gateway != "managed"
    with loop_of(gateway, tmp_path, monkeypatch) as (server, application):
        walk = Walk(context, server, application)
        walk.enable(gateway)
        clock = create_clock(server.engine, name="Two months")
        choose_sign_up_clock(server.engine, clock.id)
        walk.sign_up()
        walk.pay(is_at_stripe=is_at_stripe)
        walk.open_portal()
        walk.see_invoices("Paid")
        walk.leave_card(LATER_DECLINED, is_at_stripe=is_at_stripe)
        advance_clock(server.engine, clock.id, by=timedelta(days=32))
        walk.see_invoices("Open", "Paid")
        walk.leave_card(GOOD, is_at_stripe=is_at_stripe)
        if is_at_stripe:  # our own page takes the card and pays what is open with it
            walk.see_invoices("Open", "Paid")
            walk.recover()
        walk.see_invoices("Paid", "Paid")
        walk.cancel()
        # The webhook travels by itself; the page is asked again until it has arrived.
        assert any(walk.status_of_gate() == 402 for _ in range(200))
        walk.look("the gate")
        assert [text for text in walk.complaints if "Content Security Policy" in text] == []
