"""An operator's style sheet and script: what in them a browser is going to stop, and where.

They are served as they were written, as files of this server; the Content-Security-Policy of the page decides what they
may load. This only tells of it beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from billing_sdk.server.domain.workspace.own_html import Fault, read_own_html
from billing_sdk.server.domain.workspace.own_page import PageCode

# What a page of an operator may weigh, part by part.
MOST_CHARACTERS: Final = {"html": 20_000, "css": 20_000, "js": 20_000}
IMPORT: Final = re.compile(r"@import\b", re.ASCII | re.IGNORECASE)
CSS_ADDRESS: Final = re.compile(r"url\(\s*[\"']?((?:[a-z][a-z0-9+.-]*:)?//[^\"')\s]*)", re.ASCII | re.IGNORECASE)
JS_ADDRESS: Final = re.compile(r"[\"'`]((?:https?:|wss?:)?//[^\"'`\s]+)", re.ASCII | re.IGNORECASE)
EVALUATION: Final = re.compile(r"\beval\s*\(|\bnew\s+Function\s*\(", re.ASCII)
CALL: Final = re.compile(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\b", re.ASCII)


def faults_of(code: PageCode) -> dict[str, tuple[Fault, ...]]:
    """Return what a browser stops, or what is left out, of each part of an operator's code."""
    return {
        "html": read_own_html(code.html).faults,
        "css": tuple(_css_faults(code.css)),
        "js": tuple(_js_faults(code.js)),
    }


def _css_faults(text: str) -> Iterator[Fault]:
    for number, line in enumerate(text.splitlines(), start=1):
        yield from (Fault("foreign", found[1][:100], number) for found in CSS_ADDRESS.finditer(line))
        yield from (Fault("style", found[0], number) for found in IMPORT.finditer(line))


def _js_faults(text: str) -> Iterator[Fault]:
    for number, line in enumerate(text.splitlines(), start=1):
        yield from (Fault("foreign", found[1][:100], number) for found in JS_ADDRESS.finditer(line))
        yield from (Fault("script", found[0], number) for found in EVALUATION.finditer(line))
        yield from (Fault("script", found[1], number) for found in CALL.finditer(line))
