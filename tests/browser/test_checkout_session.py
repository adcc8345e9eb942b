"""The page of a checkout session in a browser: paid with a card, after one that is declined, on a phone as well."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looking import faults, too_wide
from tests.contract.stripe_door.hybrid import Hybrid, hybrid_plan
from tests.serving import RunningServer

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
DECLINED, ASKS = "4000000000009995", "4000002760003184"


@pytest.fixture(scope="module")
def plan(sqlite_server: RunningServer) -> Hybrid:
    """The plan of the guide."""
    return hybrid_plan(sqlite_server.engine, seat=50_000)


def call(server: RunningServer, method: str, path: str, **form: str) -> dict[str, Any]:
    """Call the Stripe door as curl does."""
    url, key = f"{server.base_url}/v1{path}", server.seed.api_key
    answer = httpx.request(method, url, data=form or None, auth=(key, ""), timeout=20)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def begin(server: RunningServer, plan: Hybrid, **more: str) -> dict[str, Any]:
    """Begin a session for two licences, as the guide prints it."""
    item = "checkout_items[0][pricing_plan_subscription_item]"
    component = f"{item}[component_configurations][monthly-fee-component]"
    form = {
        "success_url": f"{server.base_url}/?session={{CHECKOUT_SESSION_ID}}",
        "checkout_items[0][type]": "pricing_plan_subscription_item",
        f"{item}[pricing_plan]": plan.key,
        f"{component}[type]": "license_fee_component",
        f"{component}[license_fee_component][quantity]": "2",
        **more,
    }
    return call(server, "POST", "/checkout/sessions", **form)


def fill(page: Page, number: str) -> None:
    """Type a card and send it."""
    page.get_by_label("Card number").fill(number)
    page.get_by_label("Expiry").fill("12/34")
    page.get_by_label("Security code").fill("123")
    page.get_by_label("Name on card").fill("Ada Lovelace")
    page.get_by_role("button", name="Subscribe and pay").click()


def test_a_stranger_subscribes_after_a_card_that_is_declined(server: RunningServer, plan: Hybrid, page: Page) -> None:
    session = begin(server, plan)
    page.goto(session["url"])
    expect(page.locator("#due-today")).to_contain_text("1,000.00")
    for words in ("Pro Pricing Plan", "2 at US$500.00 per month", "US$0.05 for each token", "US$10.00 of credit"):
        expect(page.locator("main")).to_contain_text(words)
    page.get_by_label("E-mail").fill("stranger@example.com")
    fill(page, DECLINED)
    expect(page.locator("#problems")).to_contain_text("not enough money")
    assert faults(page) == []
    fill(page, "4242424242424242")
    expect(page).to_have_url(f"{server.base_url}/?session={session['id']}")
    done = call(server, "GET", f"/checkout/sessions/{session['id']}")
    assert (done["status"], done["payment_status"], done["customer_details"]["email"]) == (
        "complete",
        "paid",
        "stranger@example.com",
    )
    assert call(server, "GET", f"/invoices/{done['invoice']}")["amount_paid"] == 100_000


def test_on_a_phone_without_script_a_payment_is_confirmed_at_the_page_of_the_bank(
    server: RunningServer, plan: Hybrid, context: BrowserContext
) -> None:
    customer = call(server, "POST", "/customers", email="phone@example.com", name="Phone")
    session = begin(server, plan, customer=customer["id"])
    assert context.browser is not None
    phone = context.browser.new_context(viewport=PHONE, java_script_enabled=False)  # type: ignore[arg-type]  # a size
    page = phone.new_page()
    page.goto(session["url"])
    fill(page, ASKS)
    expect(page.get_by_role("heading", name="Confirm your payment")).to_be_visible()
    page.get_by_role("button", name="Complete").click()
    expect(page).to_have_url(f"{server.base_url}/?session={session['id']}")
    page.goto(session["url"])
    expect(page).to_have_url(f"{server.base_url}/?session={session['id']}")
    phone.close()


def test_whoever_is_taxed_says_where_they_are_first(server: RunningServer, plan: Hybrid, page: Page) -> None:
    session = begin(server, plan, **{"automatic_tax[enabled]": "true"})
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # a size
    page.goto(session["url"])
    page.get_by_label("E-mail").fill("taxed@example.com")
    page.get_by_label("Country").select_option("DE")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#card")).to_be_visible()
    assert faults(page) == []
    assert too_wide(page) == 0
    fill(page, "5555555555554444")
    expect(page).to_have_url(f"{server.base_url}/?session={session['id']}")
