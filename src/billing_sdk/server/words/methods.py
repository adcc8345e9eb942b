"""How payment methods are named to people."""

from __future__ import annotations

from typing import Final

from billing_sdk.server.domain.customers import DECLINED_CARD, OTHER_MEANS, PAYMENT_PAGE, MethodName
from billing_sdk.server.words.phrases import Phrase, phrase

# What is no card; those of a brand are known by its name.
KINDS: Final[dict[str, Phrase]] = {
    "card": phrase("Card"),
    "bacs_debit": phrase("Direct debit"),
    "au_becs_debit": phrase("Direct debit"),
    "acss_debit": phrase("Direct debit"),
    "sepa_debit": phrase("SEPA direct debit"),
    "us_bank_account": phrase("Bank account"),
    "customer_balance": phrase("Bank transfer"),
    OTHER_MEANS: phrase("Other means"),
    PAYMENT_PAGE: phrase("Payment page"),
    DECLINED_CARD: phrase("A card that was declined"),
}


def method_words(method: MethodName) -> Phrase:
    """Return what a payment method is called, such as "Visa ending in 4242"."""
    name = method.brand or KINDS.get(method.kind, method.kind.replace("_", " "))
    if not method.last4:
        return phrase("%(name)s", name=name)
    return phrase("%(name)s ending in %(digits)s", name=name, digits=method.last4)
