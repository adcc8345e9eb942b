"""Payment methods on their way to a gateway, and as it keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as it was typed in; on its way to the gateway, and kept by nobody.

    Attributes:
        form_key: the key of the form that it was typed into, which a copy of the form has as well; empty without one.
    """

    number: str = field(repr=False)
    exp_month: int
    exp_year: int
    cvc: str = field(repr=False)
    name: str = ""
    form_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A payment method that the gateway keeps, known by its token.

    Attributes:
        kind: `card`, or what else the processor calls it; of other kinds what is printed on a card may be empty, or 0.
        fingerprint: the same for the same card, whatever its token; None where the processor tells none.
        left_at: when it was left there, in real time; None where the processor does not tell.
    """

    token: str = field(repr=False)
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    kind: str = "card"
    fingerprint: str | None = None
    left_at: datetime | None = None
