"""Where somebody is on the way through the pages of a sign-up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from billing_sdk.server.usecases.next_step import Step
from billing_sdk.server.words import Phrase, phrase

LABELS: Final[dict[Step, Phrase]] = {
    "register": phrase("Account"),
    "organization": phrase("Organization"),
    "plans": phrase("Plan"),
    "payment": phrase("Payment"),
    "success": phrase("Done"),
}


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of a way, and which of them a page is.

    Attributes:
        labels: what each is called.
        number: of the page, from 1.
    """

    labels: tuple[Phrase, ...]
    number: int


def steps_at(step: Step, course: tuple[Step, ...]) -> Steps | None:
    """Return where a page is on its way; None where it is the only one, or beside the way."""
    if step not in course or len(course) < 2:
        return None
    return Steps(tuple(LABELS[one] for one in course), course.index(step) + 1)
