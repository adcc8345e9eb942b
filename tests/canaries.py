"""A scan of all that a test run writes: no secret may be in a log, on standard output or in a warning.

Secrets are known by value, since the servers of the tests tell which they use, and by shape. The test that let one
out fails, without showing it once more.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Generator
from typing import Any

import pytest

from billing_sdk.server.gateways.test_cards import TEST_CARDS

# Shapes that nothing else has, so that a random text can't look like one.
SHAPES = {
    "a JSON Web Token": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{40,}"),
    "a bearer token": re.compile(r"(?i)\bauthorization\W{1,8}(bearer|basic) +(?!\*)[\w~+/.=-]{20,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a key of Stripe": re.compile(r"\b[sr]k_(test|live)_\w{16,}"),
    "what Stripe signs events with": re.compile(r"\bwhsec_\w{16,}"),
    "a secret of a session at Stripe": re.compile(r"\b(cs|seti|pi)_\w+_secret_\w{8,}"),
    "a token of the Konnect door": re.compile(r"\b(kpat|spat|om)_[\w-]{32,}"),
    "a sealing key": re.compile(r"SEALING_KEYS?\W{1,4}[a-z0-9][a-z0-9-]{0,31}:[\w-]{43}"),
}
SHORTEST = 8
# They log what they send for whoever has called them, and here that is the test.
NOISY = ("httpx", "httpcore", "sqlalchemy", "hypothesis", "faker", "markdown", "MARKDOWN")

_values: dict[str, str] = dict.fromkeys(TEST_CARDS, "a card number")


def watch(**secrets: str | None) -> None:
    """Let the scan know secrets by their names; nothing that a test run writes from now on may hold them."""
    _values.update({value: name for name, value in secrets.items() if value and len(value) >= SHORTEST})


def find_secrets(text: str, **more: str) -> set[str]:
    """Return what kinds of secrets a text holds.

    Args:
        text: what was written.
        **more: secrets that only this text is searched for, by their names.
    """
    known = {**_values, **{value: name for name, value in more.items()}}
    found = {name for value, name in known.items() if value in text}
    return found | {name for name, shape in SHAPES.items() if shape.search(text)}


class LogKeeper(logging.Handler):
    """Keeps what is logged, formatted as a file would have it, tracebacks included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        if not record.name.startswith(NOISY):
            self.lines.append(self.format(record))


class CanaryScan:
    """The plugin: everything that a test has written is searched at its end."""

    def __init__(self) -> None:
        self._keeper = LogKeeper()

    def start(self) -> None:
        """Listen to every logger, at the finest level."""
        root = logging.getLogger()
        root.addHandler(self._keeper)
        root.setLevel(logging.DEBUG)
        for name in NOISY:
            logging.getLogger(name).setLevel(logging.WARNING)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Search when the test and its fixtures are done."""
        report = yield
        if call.when == "teardown":
            written = [*self._keeper.lines, *(text for title, text in report.sections if "log" not in title)]
            self._keeper.lines.clear()
            found = find_secrets("\n".join(written)) if written else set()
            if found and report.passed:
                report.outcome = "failed"
                report.longrepr = f"{item.nodeid} has written {', '.join(sorted(found))} to a log or a stream"
        return report
