"""What a kind of mail is made of: its words, and what can stand in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from billing_sdk.server.domain.events import MailKind, MailTemplate
from billing_sdk.server.words import Language, Phrase, Value, phrase

# What stands in mail of every kind.
COMMON: Final[Mapping[str, Phrase]] = {
    "customer": phrase("who is written to"),
    "seller": phrase("your brand, or the supplier on invoices"),
    "application": phrase("the name of the application"),
}
NAMED: Final = re.compile(r"%\((\w+)\)s", re.ASCII)
HELLO: Final = phrase("Hello %(customer)s,")


@dataclass(frozen=True, slots=True)
class MailWords:
    """A kind of mail.

    Attributes:
        label: what operators call it.
        occasion: when it is written.
        subject: one line.
        paragraphs: what it says.
        action: what stands on its button.
        places: what can stand in it besides what is common to all, by name.
        sample: what stands in a preview.
        without: what does not work while it is switched off, where people need its link.
    """

    kind: MailKind
    label: Phrase
    occasion: Phrase
    subject: Phrase
    paragraphs: tuple[Phrase, ...]
    action: Phrase
    places: Mapping[str, Phrase]
    sample: Mapping[str, Value] = field(repr=False)
    without: Phrase | None = None

    @property
    def all_places(self) -> dict[str, Phrase]:
        """What can stand in it, by name, each with what it means."""
        return {**COMMON, **self.places}

    def template(self, language: Language) -> MailTemplate:
        """Return what the server says by itself in a language, in the form in which operators choose other words."""
        paragraphs = tuple(with_places(one, language) for one in self.paragraphs)
        return MailTemplate(self.kind, language.tag, with_places(self.subject, language), paragraphs)


def with_places(said: Phrase, language: Language) -> str:
    """Return a phrase in a language, with a place such as `{amount}` for each of its values."""
    marks: dict[str, Value] = {name: f"{{{name}}}" for name in NAMED.findall(said.message)}
    return language.say(Phrase(said.message, marks))
