"""Which Chromium draws the pages, and how it is started, for browser tests and screenshots.

`scripts/browser.sh` runs this as a program, which fails where there is no browser; it needs the standard library alone.
"""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

# The first that there is. The shell draws the same pages with the same engine, and has no window, address bar or
# extensions that take time in each test.
BINARIES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# What a browser does for an address bar that nobody sees: its suggestions are two pages, which start a process for each
# profile, and take more time than the pages of a test. The shell has none, a whole Chromium does. Those below are what
# Playwright leaves out by itself, and has to again: of two lists Chromium reads the last.
LEFT_OUT = (
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "SpareRendererForSitePerProcess"),
    *("AimEnabled", "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose"),
    *("HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay", "MediaRouter", "NetworkTimeServiceQuerying"),
    *("OptimizationHints", "PaintHolding", "PreconnectToSearch", "ThirdPartyStoragePartitioning"),
)
# More threads than one to translate scripts and to collect what they leave take less time on the clock where cores are
# idle, and more of the processors', which the tests have at work already.
SCRIPTS = "--js-flags=--single-threaded"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    SCRIPTS,
    f"--disable-features={','.join(LEFT_OUT)}",
]


def launched(playwright: Playwright) -> Browser:
    """Start the browser.

    Raises:
        FileNotFoundError: there is none on this machine.
    """
    binary = _binary()
    if binary is None:
        raise FileNotFoundError("there is no Chromium; run: sh scripts/browser.sh")
    return playwright.chromium.launch(executable_path=binary, args=ARGUMENTS)


def _binary() -> str | None:
    """Return where the browser is, or None where there is none."""
    return next(filter(None, map(shutil.which, BINARIES)), None)


if __name__ == "__main__":
    sys.exit(_binary() is None)
