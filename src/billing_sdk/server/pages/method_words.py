"""How payment methods are named to their owners."""

from __future__ import annotations

from datetime import datetime

from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.words import Phrase, method_words


def label_of(method: PaymentMethod) -> Phrase:
    """Return what a payment method is called, such as "Visa ending in 4242"."""
    return method_words(method.name)


def expiry_of(method: PaymentMethod) -> str:
    """Return the month and year that are printed on a card; empty where it is good for ever."""
    return f"{method.exp_month:02d}/{method.exp_year}" if method.expires else ""


def has_expired(method: PaymentMethod, at: datetime) -> bool:
    """Tell whether a card is good no more; it is until the end of the month that is printed on it."""
    return method.expires and (method.exp_year, method.exp_month) < (at.year, at.month)
