"""Take a picture of every page, as people see it: widths, colour schemes and both directions of text.

Run it as `make screenshots`; the pictures and a page to look through them end up in `build/screenshots`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from time import monotonic

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT)]

from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402 - the tests are found from here on

from tests.chromium import launched  # noqa: E402 - the tests are found from here on
from tests.pages import PAGES, PageUnderTest  # noqa: E402 - see above
from tests.serving import serving  # noqa: E402 - see above
from tests.world import World, world  # noqa: E402 - see above

FOLDER = ROOT / "build/screenshots"
WIDTHS = (390, 820, 1280)
SCHEMES = ("light", "dark")
LANGUAGES = {"ltr": "en", "rtl": "ar"}
HEIGHT = 800
INDEX = """<!doctype html>
<meta charset="utf-8"><title>Screenshots</title>
<style>
body {{ font: 14px system-ui, sans-serif; margin: 1rem; background: #999; }}
h2 {{ margin: 2rem 0 .5rem; }}
div {{ display: flex; flex-wrap: wrap; gap: 1rem; align-items: start; }}
img {{ display: block; max-width: 26rem; max-height: 40rem; border: 1px solid #555; }}
</style>
{content}
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures that were asked for, and return how many pages did not answer as they should."""
    wanted = _parser().parse_args(arguments)
    pages = [page for page in PAGES if not wanted.page or any(name in page.name for name in wanted.page)]
    FOLDER.mkdir(parents=True, exist_ok=True)
    began_at, failed = monotonic(), 0
    with tempfile.TemporaryDirectory() as folder, serving(f"sqlite:///{folder}/billing.db") as server:
        there = world(server.engine)
        with sync_playwright() as playwright:
            browser = launched(playwright)
            for direction in wanted.direction or LANGUAGES:
                for page in pages:
                    failed += not _shoot(browser, server.base_url, there, page, direction, wanted)
            browser.close()
    _write_index()
    print(f"{len(pages)} pages in {monotonic() - began_at:.0f} s: {FOLDER / 'index.html'}")
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--page", action="append", help="only pages whose name contains this")
    parser.add_argument("--width", action="append", type=int, choices=WIDTHS, help="only this width")
    parser.add_argument("--scheme", action="append", choices=SCHEMES, help="only this colour scheme")
    parser.add_argument("--direction", action="append", choices=LANGUAGES, help="only this direction of text")
    return parser


def _shoot(
    browser: Browser, base_url: str, there: World, page: PageUnderTest, direction: str, wanted: argparse.Namespace
) -> bool:
    """Take the pictures of one page in one language, and tell whether it was there."""
    cookies = [{"name": name, "value": value, "url": base_url} for name, value in there.cookies[page.reader].items()]
    context = browser.new_context(base_url=base_url, viewport={"width": WIDTHS[-1], "height": HEIGHT})
    context.add_cookies(cookies)  # type: ignore[arg-type]  # a mapping of the three that it needs
    tab = context.new_page()
    address = page.url(there)
    answer = tab.goto(f"{address}{'&' if '?' in address else '?'}lang={LANGUAGES[direction]}")
    is_there = answer is not None and answer.status == page.status
    if not is_there:
        print(f"{page.name}: {answer.status if answer else 'nothing'} at {address}", file=sys.stderr)
    for name in _views(tab, page, direction, wanted):
        tab.screenshot(path=FOLDER / name, full_page=True, animations="disabled")
    context.close()
    return is_there


def _views(tab: Page, page: PageUnderTest, direction: str, wanted: argparse.Namespace) -> Iterator[str]:
    """Bring a tab to one view after the other, and yield what its picture is called."""
    for width in wanted.width or WIDTHS:
        tab.set_viewport_size({"width": width, "height": HEIGHT})
        for scheme in wanted.scheme or SCHEMES:
            tab.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            yield f"{page.name}-{width}-{scheme}-{direction}.png"


def _write_index() -> None:
    """Write the page to look through all pictures that there are, those of earlier runs as well."""
    parts = []
    for page in PAGES:
        pictures = sorted(FOLDER.glob(f"{page.name}-[0-9]*.png"))
        links = "".join(
            f'<a href="{escape(one.name)}"><img src="{escape(one.name)}" alt="{escape(one.stem)}" loading="lazy"></a>'
            for one in pictures
        )
        parts.append(f"<h2>{escape(page.name)}</h2><div>{links}</div>")
    (FOLDER / "index.html").write_text(INDEX.format(content="\n".join(parts)))


if __name__ == "__main__":
    sys.exit(main())
