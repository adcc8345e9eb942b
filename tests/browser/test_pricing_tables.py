"""Pricing tables in a browser: built by hand and seen at sign-up, switched without scripts, and framed elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from billing_sdk.server.usecases.register_application import register_application
from billing_sdk.server.usecases.save_pricing_table import save_pricing_table
from tests.contract.pages.visits import PASSWORD, sign_up_link
from tests.serving import RunningServer

pytestmark = pytest.mark.browser
TABLES = "/dashboard/pricing-tables"
TIMEOUT_MILLISECONDS = 20_000


def sign_in(tab: Page, server: RunningServer) -> None:
    """Sign the operator in."""
    email, password = server.seed.users[0]
    tab.goto("/dashboard/sign-in?lang=en")
    tab.get_by_label("E-mail address").fill(email)
    tab.get_by_label("Password").fill(password)
    tab.get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("button", name="Sign out")).to_be_visible()


def sign_up(tab: Page, server: RunningServer, **parameters: str) -> None:
    """Register somebody new, who then stands before the pricing table."""
    tab.context.clear_cookies()
    tab.goto(sign_up_link(server, **parameters))
    tab.locator("#email").fill(f"vera-{secrets.token_hex(6)}@example.com")
    tab.locator("#password").fill(PASSWORD)
    tab.locator("#password").press("Enter")
    expect(tab.locator(".plans")).to_be_visible()


def test_a_table_is_built_by_hand_and_chosen_from_at_sign_up(
    either_server: RunningServer, tab: Page, keyboard: Callable[[str], None]
) -> None:
    sign_in(tab, either_server)
    tab.goto(f"{TABLES}/_new")
    keyboard("Name")
    tab.keyboard.type("By hand")
    tab.get_by_label("A blank table").check()
    keyboard("Add pricing table")
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("heading", level=1)).to_have_text("By hand")
    for plan in ("free", "pro_monthly"):
        tab.goto(f"{TABLES}/by_hand/add")
        tab.get_by_label("Plan", exact=True).select_option(plan)
        tab.get_by_role("button", name="Add plan").click()
        expect(tab.get_by_role("status")).to_have_text("It was added.")
    tab.get_by_label("Highlight label").fill("The best one")
    tab.get_by_label("Features list", exact=True).fill("Reports\nTokens")
    tab.get_by_label("Yearly").check()
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("status")).to_have_text("Your changes were saved.")
    keyboard("Move up")
    tab.keyboard.press("Enter")
    expect(tab.locator(".builder h3").first).to_contain_text("Pro")
    tab.get_by_role("button", name="Make live").click()
    expect(tab.get_by_role("button", name="Take it offline")).to_be_visible()

    sign_up(tab, either_server, pricing_table_key="by_hand")
    expect(tab.locator(".plan h2")).to_have_text(["Pro", "Free"])
    expect(tab.locator(".plan").first).to_contain_text("The best one")
    expect(tab.locator(".plan").first.locator(".ticks li")).to_have_text(["Reports", "Tokens"])
    tab.get_by_role("button", name="Choose").first.click()
    expect(tab.locator("main")).to_contain_text("US$29.00 per month")


def test_the_switch_decides_which_plan_a_button_chooses_and_is_where_it_was_after_that(
    either_server: RunningServer, tab: Page
) -> None:
    sign_up(tab, either_server, lang="en")
    expect(tab.get_by_text("US$29.00", exact=True)).to_be_visible()
    expect(tab.get_by_text("US$290.00", exact=True)).to_be_hidden()
    tab.get_by_label("Monthly").press("ArrowRight")
    expect(tab.get_by_text("US$290.00", exact=True)).to_be_visible()
    expect(tab.locator(".plan-price").get_by_text("US$29.00", exact=True)).to_be_hidden()
    expect(tab.get_by_text("Saves US$58.00 against US$29.00 per month")).to_be_visible()
    tab.get_by_role("button", name="Choose Pro").click()
    expect(tab.locator("main")).to_contain_text("US$290.00 per year")
    tab.get_by_role("link", name="Choose another plan").click()
    expect(tab.get_by_label("Yearly")).to_be_checked()


def test_a_translation_is_looked_at_before_it_is_saved_and_read_by_those_who_speak_it(
    either_server: RunningServer, tab: Page
) -> None:
    save_pricing_table(either_server.engine, key="spoken", group_key="individuals", is_live=True)
    sign_in(tab, either_server)
    tab.goto(f"{TABLES}/spoken/cards/free?language=fr")
    tab.get_by_label("Display name").fill("Gratuit")
    tab.get_by_label("Call to action").fill("Choisir")
    tab.get_by_role("button", name="Preview").click()
    expect(tab.locator("#preview h2").first).to_have_text("Gratuit")
    expect(tab.get_by_role("status")).to_contain_text("Nothing is saved yet.")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("status")).to_have_text("Your changes were saved.")

    sign_up(tab, either_server, pricing_table_key="spoken", lang="fr")
    expect(tab.locator(".plan h2").first).to_have_text("Gratuit")
    expect(tab.locator(".plan h2 bdi").first).to_have_attribute("lang", "fr")


def test_on_a_phone_plans_stand_in_the_order_of_the_operator_for_eyes_and_keyboard(
    either_server: RunningServer, tab: Page, keyboard: Callable[[str], None]
) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    sign_up(tab, either_server, lang="en")
    tops = [card.bounding_box()["y"] for card in tab.locator(".plan").all()]
    assert tops == sorted(tops)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    keyboard("Monthly")
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("button", name="Start for free")).to_be_focused()
    expect(tab.locator(".compared")).to_be_hidden()
    keyboard("Everything that is included")
    tab.keyboard.press("Enter")
    expect(tab.locator(".plan").first.locator("dl")).to_contain_text("AI tokens")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_features_of_the_plans_stand_beside_each_other_unless_the_operator_wants_none(
    either_server: RunningServer, tab: Page
) -> None:
    save_pricing_table(either_server.engine, key="beside", group_key="individuals", is_live=True)
    sign_up(tab, either_server, pricing_table_key="beside", lang="en")
    beside = tab.get_by_role("table", name="What the plans include")
    expect(beside.get_by_role("columnheader").first).to_have_text("Feature")
    tokens = beside.get_by_role("row", name="AI tokens")
    expect(tokens.get_by_role("cell").first).to_have_text("up to 1,000")
    expect(beside.get_by_role("row", name="Advanced reports").get_by_role("cell").first).to_contain_text("Not included")

    sign_in(tab, either_server)
    tab.goto(f"{TABLES}/beside")
    tab.get_by_label("Comparison of features").select_option("no")
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_role("status")).to_have_text("Your changes were saved.")
    tab.goto("/embed/pricing-tables/beside?lang=en")
    expect(tab.locator(".plan").first).to_be_visible()
    expect(tab.locator(".compared, .plan-compared")).to_have_count(0)


class Site:
    """A site of somebody else, with one page."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.html = ""
        self.origin = f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Site]:
    """A site at another origin, as ports make different ones."""

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(site.html.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Serving) as server:
        site = Site(server)
        Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture
def app(either_server: RunningServer, elsewhere: Site) -> Site:
    """The site as that of an application."""
    register_application(either_server.engine, name="App", kind="web", redirect_uris=[f"{elsewhere.origin}/callback"])
    return elsewhere


def test_a_table_stands_in_any_site_of_an_application_and_its_buttons_lead_to_its_sign_up(
    either_server: RunningServer, tab: Page, app: Site
) -> None:
    base_url, has_scripts = either_server.base_url, either_server.engine.database.is_sqlite
    tag = (
        f'<script async src="{base_url}/embed/pricing-table.js" data-key="default_users" data-lang="en"'
        f' data-register-url="{app.origin}/register" data-title="Plans"></script>'
    )
    frame_tag = (
        f'<iframe src="{base_url}/embed/pricing-tables/default_users?lang=en&register_url={app.origin}/register"'
        ' width="100%" height="900" title="Plans"></iframe>'
    )
    app.html = f"<!doctype html><title>Shop</title><h1>Shop</h1>{tag if has_scripts else frame_tag}"
    tab.goto(app.origin)
    frame = tab.frame_locator("iframe[title=Plans]")
    frame.get_by_label("Yearly").check(force=True)
    expect(frame.get_by_text("US$290.00")).to_be_visible()
    if has_scripts:
        expect(tab.locator("iframe")).not_to_have_attribute("height", "640")
        tab.frames[1].wait_for_function("() => document.documentElement.scrollHeight <= innerHeight")
    frame.get_by_role("link", name="Choose Pro").click()
    expect(tab).to_have_url(f"{app.origin}/register?plan_interest=pro_yearly&pricing_table_key=default_users")
    assert tab.context.cookies(base_url) == []


def test_nobody_else_frames_a_table_or_any_other_page(
    either_server: RunningServer, chromium: Browser, elsewhere: Site
) -> None:
    # Another name of the same machine is another origin, which no application has registered.
    stranger = elsewhere.origin.replace("127.0.0.1", "localhost")
    paths = ("/embed/pricing-tables/default_users", "/dashboard/sign-in")
    elsewhere.html = "".join(f'<iframe src="{either_server.base_url}{path}"></iframe>' for path in paths)
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    page.goto(stranger)
    texts = [frame.locator("body").inner_text() for frame in page.frames[1:]]
    context.close()

    assert len(texts) == 2
    assert not any("Free" in text or "Sign in" in text for text in texts)
