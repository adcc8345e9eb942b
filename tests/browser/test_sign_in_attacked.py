"""Attacks on a sign-in in Chromium, on an application of each framework: what a real browser makes of our answers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from billing_sdk.server.running import bind
from tests.contract.contrib.apps import RunningApp, running, serve_asgi, staged
from tests.contract.contrib.provider import Provider

pytestmark = pytest.mark.browser

# Some are refused and lead home, the others are paths of the application that only look like more.
WAYS_BACK = (
    *("//evil.example", "/\\evil.example", "/\t/evil.example", "\x00//evil.example", "https:evil.example"),
    *("javascript:alert(1)", "/@evil.example", "/.//evil.example", "/x/..//evil.example", "/%09/evil.example"),
    *("/%5cevil.example", "/;//evil.example", "/?//evil.example", "/#//evil.example"),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A provider that signs everybody in as Ada."""
    with bind("127.0.0.1", 0) as listener:
        provider = Provider(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with serve_asgi(provider.app(), listener):
            yield provider


@pytest.fixture(scope="module", params=["flask", "starlette"])
def app(request: pytest.FixtureRequest, provider: Provider) -> Iterator[RunningApp]:
    """An application of each framework."""
    with staged(request.param) as stage, running(stage, provider) as app:
        yield app


def user(page: Page, app: RunningApp) -> str:
    """Return what the application says of who is there."""
    page.goto(app.base_url)
    return page.inner_text("body")


def sent_on(context: BrowserContext, url: str) -> str:
    """Ask for an address with the cookies of a browser, and return where it would be sent on to."""
    return context.request.get(url, max_redirects=0).headers["location"]


@pytest.mark.attack(6)
def test_no_way_back_leads_a_browser_out_of_the_application(page: Page, app: RunningApp) -> None:
    for way in WAYS_BACK:
        page.goto(f"{app.base_url}/billing/login?return_to={quote(way, safe='')}")
        parts = urlsplit(page.url)
        assert f"{parts.scheme}://{parts.netloc}" == app.base_url, way


@pytest.mark.attack(7)
def test_two_tabs_that_sign_in_at_once_both_come_back(context: BrowserContext, app: RunningApp) -> None:
    at_provider = [sent_on(context, f"{app.base_url}/billing/login?return_to=/{quote(path)}") for path in ("?1", "?2")]
    for url, path in zip(at_provider, ("/?1", "/?2"), strict=True):
        tab = context.new_page()
        tab.goto(url)
        assert tab.url == f"{app.base_url}{path}"
        assert "ada@example.com" in tab.inner_text("body")


@pytest.mark.attack(27)
def test_a_callback_that_is_sent_to_somebody_else_signs_them_in_as_nobody(
    chromium: Browser, context: BrowserContext, app: RunningApp
) -> None:
    callback = sent_on(context, sent_on(context, f"{app.base_url}/billing/login"))
    victim = chromium.new_context()
    theirs = victim.new_page()
    response = theirs.goto(callback)
    assert response is not None
    assert response.status == 400
    assert "ada@example.com" not in user(theirs, app)
    victim.close()


@pytest.mark.attack(32, 33, 36)
def test_a_callback_from_the_history_leads_home_and_cookies_are_out_of_reach(
    context: BrowserContext, page: Page, app: RunningApp, provider: Provider
) -> None:
    callback = sent_on(context, sent_on(context, f"{app.base_url}/billing/login"))
    page.goto(callback)
    before = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    calls = provider.calls["/oauth2/token"]
    page.goto(callback)
    assert page.url == f"{app.base_url}/"
    assert "ada@example.com" in page.inner_text("body")
    assert provider.calls["/oauth2/token"] == calls
    assert page.evaluate("document.cookie") == ""
    page.goto(f"{app.base_url}/billing/login")
    after = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    session = next(name for name in before if name.startswith("billing_session"))
    assert after[session] != before[session]
