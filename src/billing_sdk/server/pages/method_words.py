"""How payment methods are named to their owners."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.words import Phrase, phrase

# What is no card; those of a brand are known by its name.
KINDS: Final[dict[str, Phrase]] = {
    "card": phrase("Card"),
    "bacs_debit": phrase("Direct debit"),
    "au_becs_debit": phrase("Direct debit"),
    "acss_debit": phrase("Direct debit"),
    "sepa_debit": phrase("SEPA direct debit"),
    "us_bank_account": phrase("Bank account"),
    "customer_balance": phrase("Bank transfer"),
}


def label_of(method: PaymentMethod) -> Phrase:
    """Return what a payment method is called, such as "Visa ending in 4242"."""
    name = KINDS.get(method.kind, method.kind.replace("_", " "))
    if not method.last4:
        return phrase("%(name)s", name=method.brand or name)
    return phrase("%(name)s ending in %(digits)s", name=method.brand or name, digits=method.last4)


def expiry_of(method: PaymentMethod) -> str:
    """Return the month and year that are printed on a card; empty where it is good for ever."""
    return f"{method.exp_month:02d}/{method.exp_year}" if method.expires else ""


def has_expired(method: PaymentMethod, at: datetime) -> bool:
    """Tell whether a card is good no more; it is until the end of the month that is printed on it."""
    return method.expires and (method.exp_year, method.exp_month) < (at.year, at.month)
