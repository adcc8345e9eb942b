"""The hosted pages in a real browser: the whole way, by keyboard, without JavaScript, in both colour schemes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from billing_sdk.server.domain.catalog import LicenceFee, VersionContent
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.usecases.add_version import add_version
from billing_sdk.server.usecases.make_version_live import make_version_live
from tests.browser.looking import faults, too_wide
from tests.contract.pages.visits import CARD, DECLINED_CARD, PASSWORD, plans_of, portal_link, sign_up_link
from tests.receiver import receiving
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.browser

WIDER_THAN_THEIR_CARD = """() => [...document.querySelectorAll(".plan-price *")]
  .filter((text) => text.getBoundingClientRect().right > text.closest("p").getBoundingClientRect().right + 0.5)
  .map((text) => text.textContent)"""
PHONE: ViewportSize = {"width": 360, "height": 740}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that nobody else has changed the catalogue, the brand or the settings of.

    Its application only says hello, on a socket: it is led to by redirects, which no route of a tab answers.
    """
    database_url = f"sqlite:///{tmp_path_factory.mktemp('hosted') / 'billing.db'}"
    with receiving() as application, serving(database_url, redirect_uris=(application.url,)) as running:
        application.headers = {"content-type": "text/html"}
        application.text = "<!doctype html><p>Hello from the application"
        yield running


@pytest.fixture
def email() -> str:
    return f"vera-{secrets.token_hex(6)}@example.com"


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A tab that fails its test where a page breaks its own policy."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert [text for text in complaints if not text.startswith("Failed to load resource")] == []


@pytest.fixture
def dear_server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server of its own, on which a plan costs a lot."""
    with serving(f"sqlite:///{tmp_path / 'dear.db'}") as running:
        terms = Terms(Flat(Decimal(987_654_321_099)))
        content = VersionContent(components=(LicenceFee("fee_dear", "base_price", "Base price", "USD", terms),))
        add_version(running.engine, plan_key="enterprise_monthly", content=content)
        make_version_live(running.engine, plan_key="enterprise_monthly")
        yield running


def test_a_visitor_signs_up_is_declined_pays_and_arrives(page: Page, server: RunningServer, email: str) -> None:
    page.goto(sign_up_link(server, has_success_page="true"))
    _register(page, email)
    page.wait_for_url("**/plans")  # and its sheets, which hide the button of the cadence that is not chosen
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
        page = context.new_page()
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


def test_what_only_a_form_answers_can_be_read_and_fits_a_phone(page: Page, server: RunningServer, email: str) -> None:
    """Every page as it stands is looked at elsewhere, by the list of pages."""
    page.set_viewport_size(PHONE)
    assert {name: found for name in _walk(page, server, email) if (found := _faults(page))} == {}


def test_a_price_of_any_length_stays_on_its_card(page: Page, dear_server: RunningServer) -> None:
    server = dear_server
    page.goto(portal_link(server, server.seed.users[1][0], sub_nav="plan_selection"))
    expect(page.get_by_text("9,876,543,210.99")).to_be_visible()
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(WIDER_THAN_THEIR_CARD) == []


def _walk(page: Page, server: RunningServer, email: str) -> Iterator[str]:
    """Bring a tab to what no address alone shows, and yield what each of it is."""
    page.goto(sign_up_link(server, plan_interest="pro_monthly", has_success_page="true"))
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("alert")).to_be_visible()
    yield "a form with errors"
    _register(page, email)
    _pay(page, DECLINED_CARD)
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_text("Test cards", exact=True).click()
    yield "a payment that was declined"
    _pay(page, CARD)
    expect(page.get_by_role("heading", level=1)).to_have_text("You are all set")
    page.goto(portal_link(server, email))
    page.wait_for_url("**/portal/plan_details")
    page.goto(f"{server.base_url}/portal/organization_details")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    yield "a section that is not there for them"
    page.goto(f"{server.base_url}/portal/plan_details")
    page.get_by_role("link", name="Cancel plan").click()
    page.get_by_role("button", name="Cancel plan").click()
    page.get_by_role("button", name="Undo").wait_for()
    yield "a plan that ends"


def _faults(page: Page) -> list[str]:
    """Return what is wrong with the page in front in each colour scheme, and how wide it is if it is too wide."""
    found = [f"{width} wide"] if (width := too_wide(page)) else []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found += faults(page)
    return found


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
