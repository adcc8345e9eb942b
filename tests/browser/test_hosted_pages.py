"""The hosted pages in a real browser: the whole way, by keyboard, without JavaScript, in both colour schemes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from billing_sdk.server.domain.catalog import LicenceFee, VersionContent
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.make_version_live import make_version_live
from tests.contract.pages.visits import CARD, DECLINED_CARD, PASSWORD, plans_of, portal_link, sign_up_link
from tests.serving import RunningServer

pytestmark = pytest.mark.browser

AUDIT = (Path(__file__).parent / "audit.js").read_text()
WIDER_THAN_THEIR_CARD = """() => [...document.querySelectorAll(".plan-price *")]
  .filter((text) => text.getBoundingClientRect().right > text.closest("p").getBoundingClientRect().right + 0.5)
  .map((text) => text.textContent)"""
PHONE = {"width": 360, "height": 740}
SECTIONS = {
    "plan_details": "Plan",
    "profile": "Profile",
    "plan_selection": "Choose a plan",
    "plan_selection/enterprise_monthly": "Confirm your plan",
    "payment_details": "Payment methods",
    "billing_address": "Billing address",
    "billing": "Invoices",
    "credit": "Credit for usage",
    "organization_details": "Not found",
}


@pytest.fixture
def email() -> str:
    return f"vera-{secrets.token_hex(6)}@example.com"


@pytest.fixture
def page(context: BrowserContext, server: RunningServer) -> Iterator[Page]:
    """A tab that fails its test where a page breaks its own policy, with an application that only says hello."""
    page = _tab(context, server)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


def test_a_visitor_signs_up_is_declined_pays_and_arrives(page: Page, server: RunningServer, email: str) -> None:
    page.goto(sign_up_link(server, has_success_page="true"))
    _register(page, email)
    page.get_by_role("button", name="Choose Pro").click()
    expect(page.locator("#due-today")).to_have_text("US$29.00")
    _pay(page, DECLINED_CARD)
    expect(page.get_by_role("alert")).to_contain_text("declined")
    expect(page.get_by_label("Card number")).to_have_value("")
    _pay(page, CARD)
    page.get_by_role("button", name="Continue to Demo").click()
    expect(page.get_by_text("Hello from the application")).to_be_visible()
    assert "code=" in page.url
    assert plans_of(server, email) == ["pro_monthly"]


def test_everything_works_without_javascript(chromium: Browser, server: RunningServer, email: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    try:
        page = _tab(context, server)
        page.goto(sign_up_link(server, plan_interest="pro_monthly"))
        _register(page, email)
        _pay(page, CARD)
        expect(page.get_by_text("Hello from the application")).to_be_visible()
        page.goto(portal_link(server, email))
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("link", name="Cancel plan").click()
        page.get_by_label("Now").check()
        page.get_by_role("button", name="Cancel plan").click()
        expect(page.get_by_role("status")).to_have_text("The plan was cancelled.")
    finally:
        context.close()
    assert plans_of(server, email) == []


@pytest.mark.attack(115)
def test_a_portal_link_opens_by_itself_and_once(page: Page, server: RunningServer) -> None:
    link = portal_link(server, server.seed.users[1][0])
    page.goto(link)
    page.wait_for_url("**/portal/plan_details")
    expect(page.get_by_role("link", name="Return to Demo")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", name="Link no longer valid")).to_be_visible()


@pytest.mark.attack(166)
def test_going_back_and_paying_again_pays_once(page: Page, server: RunningServer, email: str) -> None:
    page.goto(sign_up_link(server, plan_interest="pro_monthly", has_success_page="true"))
    _register(page, email)
    _pay(page, CARD)
    page.wait_for_url("**/success")
    page.go_back()
    page.wait_for_url("**/success")
    assert plans_of(server, email) == ["pro_monthly"]


def test_signing_in_takes_only_a_keyboard(page: Page, server: RunningServer) -> None:
    grace, password = server.seed.users[1]
    page.goto(sign_up_link(server, prompt="login"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(grace)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hello from the application")).to_be_visible()


def test_the_summary_of_errors_leads_to_the_field(page: Page, server: RunningServer) -> None:
    page.goto(sign_up_link(server))
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("alert").get_by_role("link", name="Enter a password.").click()
    expect(page.get_by_label("Password")).to_be_focused()


@pytest.mark.attack(164)
def test_no_page_can_be_put_into_a_frame(page: Page, server: RunningServer) -> None:
    frame = f'<!doctype html><iframe src="{server.base_url}/"></iframe>'
    page.route("http://evil.example/", lambda route: route.fulfill(body=frame, content_type="text/html"))
    page.goto("http://evil.example/")
    assert page.frames[1].url.startswith("chrome-error://")
    page.goto("about:blank")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_and_fits_a_phone(
    chromium: Browser, server: RunningServer, email: str, scheme: str
) -> None:
    """Each text has a contrast of 4.5:1, each field a label, each page one heading; nothing is wider than a phone."""
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport=PHONE, reduced_motion="reduce"
    )
    try:
        page = _tab(context, server)
        faults = {name: found for name in _walk(page, server, email) if (found := page.evaluate(AUDIT))}
    finally:
        context.close()
    assert faults == {}


def test_a_price_of_any_length_stays_on_its_card(page: Page, server: RunningServer) -> None:
    terms = Terms(Flat(Decimal(987_654_321_099)))
    content = VersionContent(components=(LicenceFee("fee_dear", "base_price", "Base price", "USD", terms),))
    add_version(server.engine, plan_key="enterprise_monthly", content=content)
    make_version_live(server.engine, plan_key="enterprise_monthly")
    page.goto(portal_link(server, server.seed.users[1][0], sub_nav="plan_selection"))
    expect(page.get_by_text("9,876,543,210.99")).to_be_visible()
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDER_THAN_THEIR_CARD) == []


def _walk(page: Page, server: RunningServer, email: str) -> Iterator[str]:
    """Bring a tab to one page after the other, and yield the heading of each."""
    page.goto(server.base_url)
    yield _heading(page, "This is a billing server")
    page.goto(f"{server.base_url}/nowhere")
    yield _heading(page, "No such route")
    page.goto(sign_up_link(server, is_create_org="true", has_success_page="true"))
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield _heading(page, "Create your account")
    _register(page, email)
    yield _heading(page, "Name your organization")
    page.get_by_label("Organization name").fill("Analytical Engines")
    page.get_by_role("button", name="Continue").click()
    yield _heading(page, "Choose a plan")
    page.get_by_role("button", name="Choose Team Pro").click()
    _pay(page, DECLINED_CARD)
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_text("Test cards", exact=True).click()
    yield _heading(page, "Payment")
    _pay(page, CARD)
    yield _heading(page, "You are all set")
    page.goto(portal_link(server, server.seed.users[1][0]))
    page.wait_for_url("**/portal/plan_details")
    for section, heading in SECTIONS.items():
        page.goto(f"{server.base_url}/portal/{section}")
        yield _heading(page, heading)
    page.goto(f"{server.base_url}/portal/plan_details")
    page.get_by_role("link", name="Cancel plan").click()
    yield _heading(page, "Cancel your plan")
    page.get_by_role("button", name="Cancel plan").click()
    page.get_by_role("button", name="Undo").wait_for()
    yield _heading(page, "Plan")


def _heading(page: Page, text: str) -> str:
    """Wait until a page is there, and return its heading."""
    expect(page.get_by_role("heading", level=1, name=text, exact=True)).to_be_visible()
    page.wait_for_load_state()
    return text


def _tab(context: BrowserContext, server: RunningServer) -> Page:
    def greet(route: Route) -> None:
        route.fulfill(body="<p>Hello from the application", content_type="text/html")

    page = context.new_page()
    page.route(f"{server.redirect_uri}**", greet)
    return page


def _register(page: Page, email: str) -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()


def _pay(page: Page, card: dict[str, str]) -> None:
    for label, name in (
        ("Card number", "number"),
        ("Expiry", "expiry"),
        ("Security code", "cvc"),
        ("Name on card", "name"),
    ):
        page.get_by_label(label).fill(card[name])
    page.get_by_role("button", name="Pay ").click()
