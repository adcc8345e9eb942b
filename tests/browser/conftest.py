"""Fixtures of the browser tests: a real Chromium in front of the real server.

A missing browser is a failure, never a skip: `scripts/browser.sh` says how to get one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.serving import RunningServer, serving

BINARIES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MILLISECONDS = 20_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium; it fails the test where there is none.

    One for each module: its event loop must be gone before tests elsewhere run loops of their own.
    """
    binary = next(filter(None, map(shutil.which, BINARIES)), None)
    assert binary, "there is no Chromium; run: sh scripts/browser.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own for each test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(TIMEOUT_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab."""
    return context.new_page()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A running server with the demo catalogue, on SQLite."""
    with serving(f"sqlite:///{tmp_path / 'browser.db'}") as running:
        yield running
