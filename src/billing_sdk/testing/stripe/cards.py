"""The published test cards and bank accounts, and what becomes of each (Stripe documentation, "Testing")."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

Authentication = Literal["never", "unless_set_up", "always", "optional"]


@dataclass(frozen=True, slots=True)
class TestCard:
    """One number.

    Attributes:
        token: stands for it in requests: `pm_card_visa`.
        declines: code and decline code of each payment, None where it is paid.
        declines_at_once: whether it can't even be attached to a customer.
        authentication: whether the bank asks who is there.
        disputed_as: the reason of the dispute that each payment brings.
        is_inquiry: whether the bank only asks about it.
        refunds: how a refund ends.
    """

    __test__ = False

    number: str
    token: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    declines: tuple[str, str] | None = None
    declines_at_once: bool = True
    authentication: Authentication = "never"
    disputed_as: str | None = None
    is_inquiry: bool = False
    is_early_warning: bool = False
    risk: Literal["normal", "elevated", "highest"] = "normal"
    refunds: Literal["at_once", "later", "fails"] = "at_once"


def _declining(
    number: str, token: str, code: str, decline_code: str | None = None, *, at_once: bool = True
) -> TestCard:
    return TestCard(number, token, declines=(code, decline_code or code), declines_at_once=at_once)


CARDS = (
    TestCard("4242424242424242", "pm_card_visa"),
    TestCard("4000056655665556", "pm_card_visa_debit", funding="debit"),
    TestCard("5555555555554444", "pm_card_mastercard", "mastercard"),
    TestCard("2223003122003222", "pm_card_mastercard_2", "mastercard"),
    TestCard("5200828282828210", "pm_card_mastercard_debit", "mastercard", funding="debit"),
    TestCard("5105105105105100", "pm_card_mastercard_prepaid", "mastercard", funding="prepaid"),
    TestCard("378282246310005", "pm_card_amex", "amex"),
    TestCard("6011111111111117", "pm_card_discover", "discover"),
    TestCard("3056930009020004", "pm_card_diners", "diners"),
    TestCard("3566002020360505", "pm_card_jcb", "jcb", country="JP"),
    TestCard("6200000000000005", "pm_card_unionpay", "unionpay", country="CN"),
    TestCard("4000007920000001", "pm_card_tr", country="TR"),
    _declining("4000000000000002", "pm_card_chargeDeclined", "card_declined", "generic_decline"),
    _declining("4000000000000002", "pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
    _declining(
        "4000000000009995", "pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"
    ),
    _declining("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
    _declining("4000000000009979", "pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
    _declining("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "expired_card"),
    _declining("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    _declining("4000000000000119", "pm_card_chargeDeclinedProcessingError", "processing_error"),
    _declining("4242424242424241", "pm_card_incorrectNumber", "incorrect_number"),
    _declining(
        "4000000000006975",
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "card_declined",
        "card_velocity_exceeded",
    ),
    _declining("4000000000000341", "pm_card_chargeCustomerFail", "card_declined", "generic_decline", at_once=False),
    TestCard(
        "4100000000000019",
        "pm_card_radarBlock",
        declines=("card_declined", "fraudulent"),
        declines_at_once=False,
        risk="highest",
    ),
    TestCard("4000000000009235", "pm_card_riskLevelElevated", risk="elevated"),
    TestCard("4000000000000259", "pm_card_createDispute", disputed_as="fraudulent"),
    TestCard("4000000000002685", "pm_card_createDisputeProductNotReceived", disputed_as="product_not_received"),
    TestCard("4000000000001976", "pm_card_createDisputeInquiry", disputed_as="general", is_inquiry=True),
    TestCard("4000000000005423", "pm_card_createIssuerFraudRecord", is_early_warning=True),
    TestCard("4000000000007726", "pm_card_pendingRefund", refunds="later"),
    TestCard("4000000000005126", "pm_card_refundFail", refunds="fails"),
    TestCard("4000002500003155", "pm_card_authenticationRequiredOnSetup", authentication="unless_set_up"),
    TestCard("4000002760003184", "pm_card_authenticationRequired", authentication="always"),
    TestCard("4000003800000446", "pm_card_authenticationRequiredSetupForOffSession", authentication="unless_set_up"),
    TestCard(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        declines=("card_declined", "insufficient_funds"),
        declines_at_once=False,
        authentication="always",
    ),
    TestCard(
        "4000008400001629",
        "pm_card_threeDSecureRequiredChargeDeclined",
        declines=("card_declined", "generic_decline"),
        declines_at_once=False,
        authentication="always",
    ),
    TestCard("4000000000003220", "pm_card_threeDSecure2Required", authentication="always"),
    TestCard("4000000000003055", "pm_card_threeDSecureOptional", authentication="optional"),
)
BY_NUMBER = {card.number: card for card in CARDS}
BY_TOKEN = {card.token: card for card in CARDS}
# The test numbers of the SEPA direct debit, and whether the bank pays in the end.
ACCOUNTS = {
    "DE89370400440532013000": True,
    "AT611904300234573201": True,
    "FR1420041010050500013M02606": True,
    "DE62370400440532013001": False,
    "AT861904300235473202": False,
}
MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "incorrect_number": "Your card number is incorrect.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}


def message_of(decline_code: str) -> str:
    """Return what the holder of the card may read."""
    return MESSAGES.get(decline_code, "Your card was declined.")


def fingerprint_of(number: str) -> str:
    """Return what is the same for the same card in every account."""
    return hashlib.sha256(f"simulated card {number}".encode()).hexdigest()[:16]
