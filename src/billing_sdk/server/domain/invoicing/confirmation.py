"""A payment that the holder of a card is to confirm with the bank, and what came of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

# Withdrawn: what was to be paid for is not wanted any more.
ConfirmationAnswer = Literal["confirmed", "failed", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A question to the holder of a card, which is put once and answered once.

    Attributes:
        charge_id: the charge that depends on it.
        reference: names the page where it is answered; whoever knows it can answer.
        card: tells one card from another, and nothing else of it.
        answer: the first word counts; None before that.
    """

    charge_id: str
    reference: str = field(repr=False)
    card: str
    answer: ConfirmationAnswer | None = None
