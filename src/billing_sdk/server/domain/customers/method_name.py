"""What a payment method may be called: what kind it is, and the little of it that may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# How else an invoice can be paid, and what they are called on the wire.
OTHER_MEANS: Final = "other_means"
PAYMENT_PAGE: Final = "payment_page"
DECLINED_CARD: Final = "declined_card"
ENGLISH: Final = {
    OTHER_MEANS: "Other means",
    PAYMENT_PAGE: "Payment page",
    DECLINED_CARD: "A card that was declined",
}


@dataclass(frozen=True, slots=True)
class MethodName:
    """The parts of what a payment method is called.

    Attributes:
        kind: `card`, or what else the processor calls it; or how else was paid.
        brand: of a card; empty where there is none.
        last4: the last digits; empty where there are none.
    """

    kind: str
    brand: str = ""
    last4: str = ""

    @property
    def label(self) -> str:
        """What it is called on the wire, in English; people read it in their own language."""
        name = self.brand or ENGLISH.get(self.kind) or self.kind.replace("_", " ").capitalize()
        return f"{name} ending in {self.last4}" if self.last4 else name
