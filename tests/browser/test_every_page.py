"""Every page in a real browser: axe-core finds nothing, it fits a phone, is light, and asks no other host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, ViewportSize

from tests.browser.conftest import NO_COMPLAINTS
from tests.pages import PAGES, PageUnderTest
from tests.serving import RunningServer, serving
from tests.world import World, world

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / ".foreign/node/node_modules/axe-core/axe.min.js"
FIND = """async (options) => (await axe.run(document, options)).violations.flatMap(
  ({id, nodes}) => nodes.map((node) => `${id}: ${node.target} ${node.failureSummary.split("\\n")[1] ?? ""}`))"""
CONTRAST = "color-contrast"
# Whatever the page is in, its contrast is the same: it is looked at once for each colour scheme.
ALL_ELSE = {"rules": {CONTRAST: {"enabled": False}}, "resultTypes": ["violations"]}
CONTRAST_ALONE = {"runOnly": {"type": "rule", "values": [CONTRAST]}, "resultTypes": ["violations"]}
ALL = {"resultTypes": ["violations"]}
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 800}
FROM_THE_RIGHT = "ar"
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker of accessibility, which `scripts/foreign.sh` installs."""
    assert AXE.exists(), "axe-core is not installed; run: sh scripts/foreign.sh"
    return AXE.read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server on SQLite that all pages share."""
    with serving(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'billing.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def there(server: RunningServer) -> World:
    """What there is to look at."""
    return world(server.engine)


@pytest.fixture
def context(chromium: Browser, server: RunningServer, there: World, shown: PageUnderTest) -> Iterator[BrowserContext]:
    """The browser of whoever looks at the page, which has seen none before."""
    context = chromium.new_context(base_url=server.base_url, locale="en-GB", viewport=DESKTOP, reduced_motion="reduce")
    context.add_cookies(
        [{"name": name, "value": value, "url": server.base_url} for name, value in there.cookies[shown.reader].items()]
    )
    # The entry of the portal goes on by itself once somebody sees it.
    context.add_init_script("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")
    yield context
    context.close()


@pytest.mark.parametrize("shown", PAGES, ids=[page.name for page in PAGES])
def test_a_page_is_accessible_fits_a_phone_and_is_light(
    context: BrowserContext, server: RunningServer, there: World, shown: PageUnderTest, axe: str
) -> None:
    page = context.new_page()
    complaints: list[str] = []
    answers: list[Response] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda response: answers.append(response))  # noqa: PLW0108 - a method of a list is taken for one of ours
    answer = page.goto(shown.url(there))
    assert answer is not None
    assert answer.status == shown.status
    hosts = {urlsplit(one.url).netloc for one in answers if not one.url.startswith("data:")}
    assert hosts == {urlsplit(server.base_url).netloc}
    assert sum(len(one.body()) for one in answers) < MOST_BYTES
    page.evaluate(axe)
    assert violations(page, ALL) == ""
    assert page.locator("h1").count() == 1
    page.emulate_media(color_scheme="dark")
    assert violations(page, CONTRAST_ALONE) == ""
    page.set_viewport_size(PHONE)
    assert width_of(page) == PHONE["width"]
    _from_the_right(page, shown, there)
    page.evaluate(axe)
    assert violations(page, ALL_ELSE) == ""
    assert width_of(page) == PHONE["width"]
    assert [text for text in complaints if not text.startswith(NO_COMPLAINTS)] == []


def violations(page: Page, options: Mapping[str, object]) -> str:
    """Return what axe-core finds, a line for each element."""
    return "\n".join(page.evaluate(FIND, options))


def width_of(page: Page) -> int:
    """Return how wide a page is, whatever of it can be seen."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width


def _from_the_right(page: Page, shown: PageUnderTest, there: World) -> None:
    """Show the same page in a language that runs from the right."""
    address = shown.url(there)
    page.goto(f"{address}{'&' if '?' in address else '?'}lang={FROM_THE_RIGHT}")
    if shown.status == 200:
        assert page.locator("html").get_attribute("dir") == "rtl"
