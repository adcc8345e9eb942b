"""Words of a mail: a subject and paragraphs with places such as `{amount}`, which values are put into as they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.events.mail import MailKind

PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)
IN_BRACES = re.compile(r"\{([^{}]*)\}")
LONGEST_SUBJECT = 200
LONGEST_PARAGRAPH = 2_000
MOST_PARAGRAPHS = 12


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """What mails of a kind say in one language, where an operator has chosen words for them.

    Attributes:
        language: its tag; mails in another language are not concerned.
        subject: one line.
        paragraphs: plain text; one with a place that nothing is known for in some mail is left out there.
    """

    kind: MailKind
    language: str
    subject: str
    paragraphs: tuple[str, ...]

    def check(self, places: Collection[str]) -> None:
        """Let somebody go on with words that can be sent.

        Args:
            places: the names of what stands in mails of this kind.

        Raises:
            InvalidRequest: there is no subject or nothing below it, one of them is too long, or names a place that
                there is not.
        """
        if not self.subject.strip() or len(self.subject) > LONGEST_SUBJECT or not self.subject.isprintable():
            raise InvalidRequest(f"a subject is one line of 1 to {LONGEST_SUBJECT} characters", parameter="subject")
        if not 1 <= len(self.paragraphs) <= MOST_PARAGRAPHS:
            raise InvalidRequest(f"there are 1 to {MOST_PARAGRAPHS} paragraphs", parameter="paragraphs")
        if any(len(one) > LONGEST_PARAGRAPH for one in self.paragraphs):
            raise InvalidRequest(f"a paragraph has at most {LONGEST_PARAGRAPH} characters", parameter="paragraphs")
        for parameter, texts in (("subject", (self.subject,)), ("paragraphs", self.paragraphs)):
            unknown = sorted({name for text in texts for name in IN_BRACES.findall(text)} - set(places))
            if unknown:
                known = ", ".join(f"{{{name}}}" for name in places)
                raise InvalidRequest(
                    f"there is no place {{{unknown[0][:40]}}} in this mail; there are {known}",
                    parameter=parameter,
                    places=known,
                )


def places_in(text: str) -> Iterator[str]:
    """Yield the names of the places in a text."""
    return (found[1] for found in PLACE.finditer(text))


def fill(text: str, values: Mapping[str, str]) -> str | None:
    """Return a text with a value at each of its places; None where nothing is known for one of them.

    What a value says is never looked through for places itself.
    """
    if any(name not in values for name in places_in(text)):
        return None
    return PLACE.sub(lambda found: values[found[1]], text)
