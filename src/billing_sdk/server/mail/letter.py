"""A mail as it is read: its words with the values in them, as text, and as a page of one column.

Values are put in as text and are never looked through for places. On the page each stands in an element that keeps its
direction to itself; in text it stands between marks that do the same, where directions meet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from markupsafe import Markup, escape

from billing_sdk.server.domain.events import MailContent, MailTemplate, fill
from billing_sdk.server.domain.events.mail_template import PLACE
from billing_sdk.server.domain.workspace import Brand
from billing_sdk.server.mail.mail_words import with_places
from billing_sdk.server.paper import InvoicePaper, plain
from billing_sdk.server.paper.text import isolated
from billing_sdk.server.words import Language, Phrase, Value, environment

PACKAGE: Final = "billing_sdk.server.mail"
FROM_THE_RIGHT: Final = frozenset({"R", "AL", "AN"})
TO_THE_MINUTE: Final = "_at"
LOGO_ID: Final = "logo"
# What mail programs show; they know no SVG.
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif"})
RULE: Final = re.compile(r"\.([a-z-]+)\s*\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Picture:
    """The logo, which travels with the mail: no program that reads it asks anybody for anything."""

    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Whom mail is from.

    Attributes:
        name: stands at its top where there is no logo.
        footer: in the operator's own words.
    """

    name: str
    brand: Brand
    logo: Picture | None = None
    footer: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one mail is made of.

    Attributes:
        template: its words.
        values: what stands in them.
        action: what stands on the button; there is no button without an address.
        url: where the button leads.
        paper: the invoice that it is about, whose lines are shown.
    """

    language: Language
    letterhead: Letterhead
    template: MailTemplate
    values: Mapping[str, Value] = field(repr=False)
    action: Phrase
    url: str = field(default="", repr=False)
    paper: InvoicePaper | None = None

    def content(self) -> MailContent:
        """Return the mail as it is sent."""
        return MailContent(self.subject, self.text(), self.page(logo_url=f"cid:{LOGO_ID}"))

    @property
    def subject(self) -> str:
        """One line; what is not known stands in it as nothing."""
        return subject_line(self.template.subject, self.values, self.language)

    def text(self) -> str:
        """Return the mail for whoever reads no pages."""
        written = self._written()
        parts = [filled for one in self.template.paragraphs if (filled := fill(one, written)) is not None]
        if self.paper is not None:
            parts.append("\n".join(_lines(self.paper)))
        if self.url:
            parts.append(f"{self._label()}:\n{self.url}")
        closing = [self.letterhead.name, self.letterhead.footer, self.letterhead.brand.support_url]
        parts.append("\n".join(("-- ", *(one for one in closing if one))))
        return "\n\n".join(parts) + "\n"

    def page(self, *, logo_url: str, nonce: str = "") -> str:
        """Return the mail as a page.

        Args:
            logo_url: where its logo is.
            nonce: of the answer that it is shown in, by which its style sheet is allowed; a mail has styles on its
                elements as well, since some programs that show mail drop the sheet.
        """
        templates = environment(PACKAGE, self.language)
        light, dark = (self.letterhead.brand.palette(scheme) for scheme in ("light", "dark"))
        is_from_right = self.language.direction == "rtl"
        sheet = templates.get_template("mail.css").render(light=light, dark=dark, is_from_right=is_from_right)
        return templates.get_template("mail.html").render(
            letter=self,
            paragraphs=list(self._paragraphs()),
            label=self._label(),
            logo_url=logo_url if self.letterhead.logo is not None else "",
            look=_Looks(sheet, is_inline=not nonce),
            sheet=Markup(sheet),  # noqa: S704 - our own, with colours that were read as colours
            nonce=nonce,
        )

    def _paragraphs(self) -> list[Markup]:
        written = _written(self.values, self.language)
        return [
            Markup("").join(_marked_up(one, written))
            for one in self.template.paragraphs
            if fill(one, written) is not None
        ]

    def _label(self) -> str:
        return plain(fill(with_places(self.action, self.language), _Lenient(self._written())) or "")

    def _written(self) -> dict[str, str]:
        is_from_right = self.language.direction == "rtl"
        values = _written(self.values, self.language)
        return {name: _apart(value, is_from_right=is_from_right) for name, value in values.items()}


def subject_line(subject: str, values: Mapping[str, Value], language: Language) -> str:
    """Return a subject with values in its places; what is not known stands in it as nothing."""
    return plain(fill(subject, _Lenient(_written(values, language))) or "")


def _written(values: Mapping[str, Value], language: Language) -> dict[str, str]:
    """Return values as a language writes them, each in one line."""
    return {name: plain(_write(name, value, language)) for name, value in values.items()}


def _write(name: str, value: Value, language: Language) -> str:
    if isinstance(value, datetime) and name.endswith(TO_THE_MINUTE):
        return language.figures.moment(value)
    return language.write(value)


class _Lenient(dict[str, str]):
    """Values of a line that can't be left out: what is not known is empty."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return ""


class _Looks:
    """How an element looks: its class, and in a mail what the sheet says of it."""

    def __init__(self, sheet: str, *, is_inline: bool) -> None:
        plain_rules = sheet.partition("@media")[0]
        self._rules = {found[1]: " ".join(found[2].split()) for found in RULE.finditer(plain_rules)}
        self._is_inline = is_inline

    def __call__(self, name: str) -> Markup:
        rule = self._rules[name]
        if not self._is_inline:
            return Markup('class="{}"').format(name)
        return Markup('class="{}" style="{}"').format(name, rule)


def _marked_up(text: str, written: Mapping[str, str]) -> list[Markup]:
    parts, end = [], 0
    for found in PLACE.finditer(text):
        parts += [escape(text[end : found.start()]), Markup("<bdi>{}</bdi>").format(written[found[1]])]
        end = found.end()
    return [*parts, escape(text[end:])]


def _apart(text: str, *, is_from_right: bool) -> str:
    """Return a value so that it turns nothing around it."""
    turns = is_from_right or any(unicodedata.bidirectional(one) in FROM_THE_RIGHT for one in text)
    return isolated(text) if turns and text else text


def _lines(paper: InvoicePaper) -> list[str]:
    rows = [row for section in paper.sections for row in section.rows]
    said = [f"{' × '.join(one for one in (row.description, row.quantity) if one)}: {row.amount}" for row in rows]  # noqa: RUF001 - the sign of multiplication
    sums = [f"{one.label}: {one.amount}" for one in (*paper.sums, paper.due)]
    return [*said, *sums]
