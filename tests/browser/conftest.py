"""Fixtures of the browser tests: a real Chromium in front of the real server.

A missing browser is a failure, never a skip: `scripts/browser.sh` says how to get one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.chromium import launched
from tests.databases import passing_database
from tests.serving import RunningServer, serving

TIMEOUT_MILLISECONDS = 20_000
# What a browser says of answers that are as they should be, and of a preview that runs no scripts.
NO_COMPLAINTS = ("Failed to load resource", "Clear-Site-Data header", "Blocked script execution in")
MOST_TABS = 120
NAME_IN_FOCUS = """() => {
  const element = document.activeElement ?? document.body;
  return element === document.body ? "" : (element.labels?.[0]?.innerText || element.ariaLabel || element.innerText
    || element.value || "").trim();
}"""


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A running Chromium; it fails the test where there is none.

    One for this folder: its event loop must be gone before tests elsewhere run loops of their own.
    """
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own for each test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()


@pytest.fixture(scope="package")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server on SQLite that all tests share which bring people of their own and leave the rest as it is."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('browser') / 'browser.db'}") as running:
        yield running


@pytest.fixture(scope="package")
def postgres_server(postgres: str) -> Iterator[RunningServer]:
    """The same on PostgreSQL."""
    with passing_database(postgres) as url, serving(url) as running:
        yield running


@pytest.fixture(params=["sqlite with JavaScript", pytest.param("postgresql without it", marks=pytest.mark.postgres)])
def either_server(request: pytest.FixtureRequest) -> RunningServer:
    """A server on each database in turn; `tab` has JavaScript in front of the first only."""
    is_first = request.param.startswith("sqlite")
    server: RunningServer = request.getfixturevalue("sqlite_server" if is_first else "postgres_server")
    return server


@pytest.fixture
def tab(request: pytest.FixtureRequest, chromium: Browser, either_server: RunningServer) -> Iterator[Page]:
    """A tab of a browser of its own; it fails its test where a page breaks its own policy or a script fails."""
    has_scripts = either_server.engine.database.is_sqlite
    context = chromium.new_context(
        locale="en-GB",
        viewport={"width": 1280, "height": 900},
        java_script_enabled=has_scripts,
        reduced_motion="reduce",
        base_url=either_server.base_url,
    )
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert [text for text in complaints if not text.startswith(NO_COMPLAINTS)] == []


@pytest.fixture
def keyboard(tab: Page) -> Callable[[str], None]:
    """Return what walks by Tab alone until something with a label has the focus, as somebody without a mouse does."""
    return lambda label: walk_to(tab, label)


def walk_to(page: Page, label: str) -> None:
    """Press Tab until a control is in focus whose text or label begins with `label`.

    Raises:
        AssertionError: the focus went all the way round without coming to it.
    """
    passed: list[str] = []
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        name = page.evaluate(NAME_IN_FOCUS)
        if name.startswith(label):
            return
        passed.append(name)
    raise AssertionError(f"the keyboard does not come to {label!r}: {passed}")


@pytest.fixture
def server(sqlite_server: RunningServer) -> RunningServer:
    """The server that all share, for tests with one database."""
    return sqlite_server
