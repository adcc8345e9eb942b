"""What every payment processor can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from billing_sdk.money import Money
from billing_sdk.server.gateways.bills import Charge


@dataclass(frozen=True, slots=True)
class CardEntry:
    """A card as it was typed in; on its way to the gateway, and kept by nobody."""

    number: str = field(repr=False)
    exp_month: int
    exp_year: int
    cvc: str = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class StoredCard:
    """A card that the gateway keeps, known by its token."""

    token: str = field(repr=False)
    brand: str
    last4: str
    exp_month: int
    exp_year: int


@dataclass(frozen=True, slots=True)
class PaidBack:
    """Money that was paid back; `reference` is the gateway's own id."""

    reference: str
    amount: Money


class Gateway(Protocol):
    """Keeps cards, collects money and pays it back."""

    def store_card(self, card: CardEntry) -> StoredCard:
        """Keep a card for charges to come.

        Raises:
            CardRefused: this is not a card that the gateway takes.
            CardDeclined: the bank refuses the card; `decline_code` says why.
        """
        ...

    def charge(self, *, token: str, amount: Money, idempotency_key: str) -> Charge:
        """Collect an amount. A key that was used before gets its first answer, and nothing is collected again.

        Raises:
            CardDeclined: the bank refuses the charge; `decline_code` says why.
        """
        ...

    def refund(self, *, reference: str, amount: Money, idempotency_key: str) -> PaidBack:
        """Pay back some or all of a charge. A key that was used before gets its first answer, and nothing more is paid.

        Args:
            reference: of the charge.
            amount: in the currency of the charge.
            idempotency_key: names this refund.

        Raises:
            RefundTooLarge: it is more than what is left of the charge.
            RefundDeclined: the money can't go back to where it came from; `decline_code` says why.
        """
        ...
