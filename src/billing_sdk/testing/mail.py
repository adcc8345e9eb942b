"""Mail as a test reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail that was written to somebody.

    Attributes:
        kind: `receipt`, `payment_failed`, `trial_ending`, `usage_alert` or `invitation`.
        text: what it says to whoever reads no pages.
        html: the same as a page.
    """

    kind: str
    to: str
    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)

    @property
    def links(self) -> tuple[str, ...]:
        """Where its links lead, in their order; the first one is that of the button."""
        reader = _Links()
        reader.feed(self.html)
        return tuple(reader.found)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a link leads."""
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.found.append(target)
