"""What credit can pay: the usage that one line of an invoice charges."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.money import Money
from billing_sdk.server.domain.periods import Period


@dataclass(frozen=True, slots=True)
class Payable:
    """What the usage of a feature in a period comes to, discounts taken off.

    Attributes:
        item_id: the metered item that it is of, where a rate card prices it; it tells two items of one feature apart.
        card_id: the rate card that prices it.
    """

    feature_key: str
    amount: Money
    period: Period
    item_id: str | None = None
    card_id: str | None = None
