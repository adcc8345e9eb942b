"""What is wrong with a page for people: what axe-core finds, more or less than one main heading, and its width."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / ".foreign/node/node_modules/axe-core/axe.min.js"
# All rules that are on by themselves; what only a caller needs who goes on with the elements is not put together.
_LOOK = """async () => {
  const { violations } = await axe.run(document, {
    resultTypes: ["violations"], elementRef: false, iframes: false, preload: false,
  });
  const faults = violations.flatMap(({id, nodes}) =>
    nodes.map((node) => `${id}: ${node.target} ${node.failureSummary.split("\\n")[1] ?? ""}`));
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) faults.push(`${headings} main headings`);
  return faults;
}"""
_TOO_WIDE = "document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : 0"


@cache
def axe() -> str:
    """Return the checker of accessibility, which `scripts/foreign.sh` installs."""
    assert _AXE.exists(), "axe-core is not installed; run: sh scripts/foreign.sh"
    return _AXE.read_text()


def faults(page: Page) -> list[str]:
    """Return what is wrong with the page in front as it stands, whoever looks at it and however: a line for each.

    Nothing on it may move, as what is half faded in has less contrast: its context asks for less motion. Whoever looks
    at many pages has the checker put into each by the browser, which is quicker.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe())
    found: list[str] = page.evaluate(_LOOK)
    return found


def too_wide(page: Page) -> int:
    """Return how wide a page is that is wider than what it is shown in, and 0 for one that is not."""
    width: int = page.evaluate(_TOO_WIDE)
    return width
