"""The published test cards, and what each of them stands for.

Source: Stripe documentation, "Testing", which publishes the numbers and what they stand for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from billing_sdk.server.domain.invoicing import Grounds

Authentication = Literal["once", "always", "then_declined"]


@dataclass(frozen=True, slots=True)
class TestCard:
    """What a test number stands for.

    Attributes:
        declined_when_stored: why the bank refuses it already then.
        declined_when_charged: why it refuses each charge.
        declined_when_refunded: why money can't go back to it.
        authentication: when its holder has to confirm a payment: the first one, each one, or each one, and the bank
            refuses it all the same.
        disputed_as: why its holder disputes each payment, and whether the bank asks, tells or takes the money.
    """

    __test__ = False  # pytest, this is not a test class

    brand: str
    declined_when_stored: str | None = None
    declined_when_charged: str | None = None
    declined_when_refunded: str | None = None
    authentication: Authentication | None = None
    disputed_as: Grounds | None = None


TEST_CARDS: dict[str, TestCard] = {
    "4242424242424242": TestCard("Visa"),
    "4000056655665556": TestCard("Visa"),
    "5555555555554444": TestCard("Mastercard"),
    "2223003122003222": TestCard("Mastercard"),
    "5200828282828210": TestCard("Mastercard"),
    "5105105105105100": TestCard("Mastercard"),
    "378282246310005": TestCard("American Express"),
    "371449635398431": TestCard("American Express"),
    "6011111111111117": TestCard("Discover"),
    "6011000990139424": TestCard("Discover"),
    "6011981111111113": TestCard("Discover"),
    "3056930009020004": TestCard("Diners Club"),
    "36227206271667": TestCard("Diners Club"),
    "6555900000604105": TestCard("BCcard"),
    "3566002020360505": TestCard("JCB"),
    "6200000000000005": TestCard("UnionPay"),
    "6200000000000047": TestCard("UnionPay"),
    "6205500000000000004": TestCard("UnionPay"),
    # Declined already when they are stored.
    "4000000000000002": TestCard("Visa", declined_when_stored="generic_decline"),
    "4000000000009995": TestCard("Visa", declined_when_stored="insufficient_funds"),
    "4000000000009987": TestCard("Visa", declined_when_stored="lost_card"),
    "4000000000009979": TestCard("Visa", declined_when_stored="stolen_card"),
    "4000000000000069": TestCard("Visa", declined_when_stored="expired_card"),
    "4000000000000127": TestCard("Visa", declined_when_stored="incorrect_cvc"),
    "4000000000000119": TestCard("Visa", declined_when_stored="processing_error"),
    "4242424242424241": TestCard("Visa", declined_when_stored="incorrect_number"),
    "4000000000006975": TestCard("Visa", declined_when_stored="card_velocity_exceeded"),
    # Stored, and declined when they are charged; the last one for its risk.
    "4000000000000341": TestCard("Visa", declined_when_charged="generic_decline"),
    "4100000000000019": TestCard("Visa", declined_when_charged="fraudulent"),
    # A risk that is only noted.
    "4000000000009235": TestCard("Visa"),
    # It could be confirmed, and need not be.
    "4000000000003055": TestCard("Visa"),
    # Disputed as soon as they are charged.
    "4000000000000259": TestCard("Visa", disputed_as=Grounds("fraudulent")),
    "4000000000002685": TestCard("Visa", disputed_as=Grounds("product_not_received")),
    "4000000000001976": TestCard("Visa", disputed_as=Grounds("general", kind="inquiry")),
    "4000000000005423": TestCard("Visa", disputed_as=Grounds("fraudulent", kind="fraud_warning")),
    # Paid back to later than the others, or not at all.
    "4000000000007726": TestCard("Visa"),
    "4000000000005126": TestCard("Visa", declined_when_refunded="expired_or_canceled_card"),
}

UNKNOWN_CARD = TestCard("", declined_when_charged="invalid_account")

# A token says which test card it stands for by a digest, so no number is kept, not even one of these.
CARDS_BY_DIGEST = {
    hashlib.sha256(number.encode()).hexdigest()[:16]: (number[-4:], card) for number, card in TEST_CARDS.items()
}


def card_of(token: str) -> TestCard:
    """Return what a token stands for; one of another processor is an account that nobody has."""
    return CARDS_BY_DIGEST.get(token.rpartition("_")[2], ("", UNKNOWN_CARD))[1]
