"""Every page in a real browser: axe-core finds nothing, it fits a phone, is light, and asks no other host."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, ViewportSize

from tests.browser.conftest import NO_COMPLAINTS
from tests.browser.looking import axe, faults, too_wide
from tests.pages import PAGES, PageUnderTest
from tests.serving import RunningServer, serving
from tests.world import Reader, World, world

pytestmark = pytest.mark.browser

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 800}
FROM_THE_RIGHT = "ar"
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server on SQLite that all pages share."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def there(server: RunningServer) -> World:
    """What there is to look at."""
    return world(server.engine)


@dataclass
class Tab:
    """A tab, with what it was answered and what it complained of since a test began."""

    page: Page
    answers: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def listen(self) -> Callable[[], None]:
        """Begin to listen, and return what ends it."""
        heard: dict[Any, Callable[[Any], None]] = {
            "console": lambda message: self.complaints.append(message.text),
            "pageerror": lambda error: self.complaints.append(str(error)),
            "response": lambda response: self.answers.append(response),  # noqa: PLW0108 - a method of a list is taken for one of ours
        }
        for event, listener in heard.items():
            self.page.on(event, listener)

        def end() -> None:
            for event, listener in heard.items():
                self.page.remove_listener(event, listener)

        return end


@pytest.fixture(scope="module")
def pages(chromium: Browser, server: RunningServer, there: World) -> Iterator[Mapping[Reader, Page]]:
    """A tab of each reader for all that they look at: to open a new one takes as long as to look at a page."""
    found = {}
    for reader in there.cookies:
        context = chromium.new_context(base_url=server.base_url, locale="en-GB", reduced_motion="reduce")
        # The entry of the portal goes on by itself once somebody sees it.
        context.add_init_script("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")
        context.add_init_script(axe())
        found[reader] = context.new_page()
    yield found
    for page in found.values():
        page.context.close()


@pytest.fixture
def tab(pages: Mapping[Reader, Page], server: RunningServer, there: World, shown: PageUnderTest) -> Iterator[Tab]:
    """The tab of whoever looks at the page, who has chosen no language before."""
    page = pages[shown.reader]
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": name, "value": value, "url": server.base_url} for name, value in there.cookies[shown.reader].items()]
    )
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="light")
    tab = Tab(page)
    end = tab.listen()
    yield tab
    end()


@pytest.mark.parametrize("shown", PAGES, ids=[page.name for page in PAGES])
def test_a_page_is_accessible_fits_a_phone_and_is_light(
    tab: Tab, server: RunningServer, there: World, shown: PageUnderTest
) -> None:
    page, answers = tab.page, tab.answers
    answer = page.goto(shown.url(there))
    assert answer is not None
    assert answer.status == shown.status
    hosts = {urlsplit(one.url).netloc for one in answers if not one.url.startswith("data:")}
    assert hosts == {urlsplit(server.base_url).netloc}
    assert sum(len(one.body()) for one in answers) < MOST_BYTES
    assert faults(page) == []
    page.set_viewport_size(PHONE)
    assert too_wide(page) == 0
    page.set_viewport_size(DESKTOP)
    page.emulate_media(color_scheme="dark")
    _from_the_right(page, shown, there)
    assert faults(page) == []
    page.set_viewport_size(PHONE)
    assert too_wide(page) == 0
    assert [text for text in tab.complaints if not text.startswith(NO_COMPLAINTS)] == []


def _from_the_right(page: Page, shown: PageUnderTest, there: World) -> None:
    """Show the same page in a language that runs from the right."""
    address = shown.url(there)
    page.goto(f"{address}{'&' if '?' in address else '?'}lang={FROM_THE_RIGHT}")
    if shown.status == 200:
        assert page.evaluate("document.dir") == "rtl"
