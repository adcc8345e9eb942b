"""The dashboard in a real browser: the empty state, the switch, the whole surface, and the refusal to switch off."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.looking import faults, too_wide
from tests.serving import RunningServer, serving

pytestmark = pytest.mark.browser

TAB = "/dashboard/applications/demo_app/billing"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server with the demo, on which nobody has enabled billing."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('dashboard') / 'browser.db'}", gateway=None) as running:
        yield running


@pytest.fixture(scope="module")
def signed_in(chromium: Browser, server: RunningServer) -> StorageState:
    """What a browser keeps after Ada has signed in to the dashboard."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(f"{server.base_url}/dashboard")
    page.get_by_label("E-mail address").fill(server.seed.users[0][0])
    page.get_by_label("Password").fill(server.seed.users[0][1])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title("Home · Dashboard")
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def page(chromium: Browser, server: RunningServer, signed_in: StorageState) -> Iterator[Page]:
    """A tab of Ada's at the dashboard; it fails its test where a page breaks its own policy."""
    context = chromium.new_context(
        locale="en-GB", viewport={"width": 1280, "height": 900}, storage_state=signed_in, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(f"{server.base_url}/dashboard")
    yield page
    context.close()
    assert [text for text in complaints if "Content Security Policy" in text] == []


def test_an_operator_enables_billing_looks_around_and_disables_it_again(server, page):
    assert faults(page) == []
    page.get_by_role("link", name="Enable billing").click()
    expect(page.get_by_role("heading", name="Billing is off")).to_be_visible()
    expect(page.get_by_role("radio", name="Test processor")).to_be_checked()
    assert faults(page) == []
    page.get_by_role("radio", name="Stripe, own key").check()
    page.get_by_role("button", name="Enable billing").click()
    expect(page.get_by_role("alert")).to_contain_text("no key of Stripe")
    page.get_by_role("radio", name="Test processor").check()
    page.get_by_role("button", name="Enable billing").click()
    expect(page.get_by_role("status")).to_have_text("Billing is enabled.")
    for name in ("Plans", "Features", "Invoices", "Disputes", "Customers"):
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.goto(f"{server.base_url}{TAB}/settings")
    page.get_by_role("button", name="Disable billing").click()
    expect(page.get_by_role("status")).to_have_text("Billing is disabled.")
    expect(page.get_by_role("heading", name="Billing is off")).to_be_visible()
    assert not server.engine.workspace.is_billing_enabled


def test_the_pages_fit_a_phone(server, page):
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/dashboard", TAB, f"{TAB}/enable", f"{TAB}/settings"):
        page.goto(f"{server.base_url}{path}")
        assert (path, too_wide(page)) == (path, 0)
