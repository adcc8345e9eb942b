"""A visitor: a browser without JavaScript, for tests that walk through pages.

It keeps cookies, follows links and redirects, and fills in forms by the names of their fields, so a test reads like
the story that it tells. For scripts and layout use a real browser.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import httpx


@dataclass(slots=True)
class Form:
    """A form as it stands on a page: where it goes, what it holds and could hold, and the labels of its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    unticked: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Page:
    """What a visitor sees."""

    url: str
    status: int
    html: str
    text: str
    title: str
    forms: list[Form]
    links: list[tuple[str, str]]


class Visitor:
    """Walks through pages; `page` is the one in front of it.

    Args:
        timeout_seconds: how long each request may take.
    """

    def __init__(self, *, timeout_seconds: float = 30) -> None:
        self.http = httpx.Client(follow_redirects=True, timeout=timeout_seconds, headers={"Accept": "text/html"})
        self.page = Page("", 0, "", "", "", [], [])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def open(self, url: str) -> Page:
        """Open an address, absolute or relative to the present page."""
        return self._show(self.http.get(urljoin(self.page.url, url)))

    def follow(self, label: str) -> Page:
        """Follow the first link whose text contains a label.

        Raises:
            LookupError: no link on the page says so.
        """
        for text, target in self.page.links:
            if label in text:
                return self.open(target)
        raise LookupError(f"no link {label!r} on {self.page.url}: {[text for text, _ in self.page.links]}")

    def submit(self, label: str = "", **fields: str) -> Page:
        """Fill in a form and press its button.

        Args:
            label: part of the button's text; without one, the first form that has all the given fields.
            **fields: what to fill in, by the names of the fields; hidden fields keep their values.

        Raises:
            LookupError: no form on the page fits.
        """
        form, pressed = self._form(label, fields)
        target = urljoin(self.page.url, form.action)
        values = {**form.fields, **pressed, **fields}
        if form.method == "get":
            return self._show(self.http.get(target, params=values))
        scheme, _, rest = self.page.url.partition("://")
        origin = f"{scheme}://{rest.split('/', 1)[0]}"
        return self._show(self.http.post(target, data=values, headers={"Origin": origin}))

    def _form(self, label: str, fields: dict[str, str]) -> tuple[Form, dict[str, str]]:
        for form in self.page.forms:
            if not fields.keys() <= form.fields.keys() | form.unticked:
                continue
            for text, name, value in form.buttons or [("", "", "")]:
                if label in text:
                    return form, {name: value} if name else {}
        raise LookupError(f"no form with {label!r} and {sorted(fields)} on {self.page.url}:\n{self.page.text}")

    def _show(self, response: httpx.Response) -> Page:
        reader = _Reader()
        reader.feed(response.text)
        self.page = Page(
            url=str(response.url),
            status=response.status_code,
            html=response.text,
            text=" ".join("".join(reader.text).split()),
            title="".join(reader.title).strip(),
            forms=reader.forms,
            links=reader.links,
        )
        return self.page


def forms_on(html: str) -> list[Form]:
    """Return the forms of a page, in their order."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


class _Reader(HTMLParser):
    """Collects what a visitor can read, follow and fill in."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.title: list[str] = []
        self._inside: list[str] = []
        self._label: list[str] = []
        self._link: str | None = None
        self._button: tuple[str, str] | None = None
        self._select: str | None = None
        self._has_option = False
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where a form, a field or a link begins."""
        given = {name: value or "" for name, value in attrs}
        if tag in ("title", "style", "script"):
            self._inside.append(tag)
        elif tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        elif tag == "a" and "href" in given:
            self._link, self._label = given["href"], []
        elif tag == "button":
            self._button, self._label = (given.get("name", ""), given.get("value", "")), []
        elif self.forms:
            self._field(tag, given)

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form, name, kind = self.forms[-1], given.get("name", ""), given.get("type", "text")
        if tag == "input" and kind == "submit":
            form.buttons.append((given.get("value", ""), name, given.get("value", "")))
        elif tag == "input" and name and (kind not in ("checkbox", "radio") or "checked" in given):
            form.fields[name] = given.get("value", "")
        elif tag == "input" and name:
            form.unticked.add(name)
        elif tag == "select" and name:
            self._select, self._has_option = name, False
            form.fields.setdefault(name, "")
        elif tag == "option" and self._select and ("selected" in given or not self._has_option):
            form.fields[self._select], self._has_option = given.get("value", ""), True
        elif tag == "textarea" and name:
            self._textarea, form.fields[name] = name, ""

    def handle_endtag(self, tag: str) -> None:
        """Note where it ends."""
        label = " ".join("".join(self._label).split())
        if self._inside and tag == self._inside[-1]:
            self._inside.pop()
        elif tag == "a" and self._link is not None:
            self.links.append((label, self._link))
            self._link = None
        elif tag == "button" and self._button is not None:
            if self.forms:
                self.forms[-1].buttons.append((label, *self._button))
            self._button = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        """Keep what can be read."""
        if self._inside:
            if self._inside[-1] == "title":
                self.title.append(data)
            return
        self.text.append(data + " ")
        if self._textarea is not None:
            # The line feed that follows the tag is no part of the text (HTML, section 4.10.11).
            typed = self.forms[-1].fields
            typed[self._textarea] = typed[self._textarea] + data if typed[self._textarea] else data.removeprefix("\n")
        if self._link is not None or self._button is not None:
            self._label.append(data)
