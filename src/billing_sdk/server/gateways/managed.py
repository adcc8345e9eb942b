"""An in-process test processor: the published test cards, no network, and no memory of a number.

It refuses whatever is not a published test number, so that nobody types a real card into a test system.
Source: Stripe documentation, "Testing", which publishes the numbers and what they stand for.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from billing_sdk.errors import CardDeclined, CardRefused, RefundDeclined, RefundTooLarge
from billing_sdk.money import Money
from billing_sdk.server.gateways.bills import Charge
from billing_sdk.server.gateways.protocol import CardEntry, PaidBack, StoredCard
from billing_sdk.server.ids import new_id

# How many answers are remembered by their idempotency key; enough for any test to ask again.
MAX_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class TestCard:
    """What a test number stands for: a decline when it is stored, charged or refunded, or none."""

    __test__ = False  # pytest, this is not a test class

    brand: str
    declined_when_stored: str | None = None
    declined_when_charged: str | None = None
    declined_when_refunded: str | None = None


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
    "3056930009020004": TestCard("Diners Club"),
    "3566002020360505": TestCard("JCB"),
    "6200000000000005": TestCard("UnionPay"),
    "4000000000000002": TestCard("Visa", declined_when_stored="generic_decline"),
    "4000000000009995": TestCard("Visa", declined_when_stored="insufficient_funds"),
    "4000000000009987": TestCard("Visa", declined_when_stored="lost_card"),
    "4000000000009979": TestCard("Visa", declined_when_stored="stolen_card"),
    "4000000000000069": TestCard("Visa", declined_when_stored="expired_card"),
    "4000000000000127": TestCard("Visa", declined_when_stored="incorrect_cvc"),
    "4000000000000119": TestCard("Visa", declined_when_stored="processing_error"),
    "4242424242424241": TestCard("Visa", declined_when_stored="incorrect_number"),
    "4000000000000341": TestCard("Visa", declined_when_charged="generic_decline"),
    "4000000000005126": TestCard("Visa", declined_when_refunded="expired_or_canceled_card"),
}

UNKNOWN_CARD = TestCard("", declined_when_charged="invalid_account")

# A token says which test card it stands for by a digest, so no number is kept, not even one of these.
CARDS_BY_DIGEST = {
    hashlib.sha256(number.encode()).hexdigest()[:16]: (number[-4:], card) for number, card in TEST_CARDS.items()
}


class ManagedGateway:
    """Answers like a bank would, for test cards; safe to share between threads."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Charge | str] = OrderedDict()
        self._refunds: OrderedDict[str, PaidBack] = OrderedDict()
        self._charged: OrderedDict[str, _Charged] = OrderedDict()
        self._lock = threading.Lock()

    def store_card(self, card: CardEntry) -> StoredCard:
        """Keep a test card: its token says all that there is to know of it.

        Raises:
            CardRefused: it is not a published test card, or its date or security code can't be.
            CardDeclined: the test card stands for a card that the bank refuses.
        """
        number = "".join(character for character in card.number if character not in " -")
        digest = hashlib.sha256(number.encode()).hexdigest()[:16]
        if digest not in CARDS_BY_DIGEST:
            raise CardRefused("the number is not one of the published test cards")
        if not 1 <= card.exp_month <= 12 or not 2000 <= card.exp_year <= 2100:
            raise CardRefused(
                "the expiry date is not a month and a year", parameter="expiry", remedy="Use any date in the future."
            )
        if not card.cvc.isascii() or not card.cvc.isdecimal() or len(card.cvc) not in (3, 4):
            raise CardRefused(
                "the security code is not three or four digits", parameter="cvc", remedy="Use any three digits."
            )
        last4, test_card = CARDS_BY_DIGEST[digest]
        if test_card.declined_when_stored:
            raise _declined(test_card.declined_when_stored)
        return StoredCard(f"{new_id('card')}_{digest}", test_card.brand, last4, card.exp_month, card.exp_year)

    def charge(self, *, token: str, amount: Money, idempotency_key: str) -> Charge:
        """Answer as the test card stands for, and the same to the same key.

        Raises:
            CardDeclined: the test card stands for a card that the bank refuses to charge.
        """
        with self._lock:
            answer = self._answers.setdefault(idempotency_key, _first_answer(token, amount))
            if not isinstance(answer, str):
                self._charged.setdefault(answer.reference, _Charged(token, answer.amount))
            _forget(self._answers, self._charged)
        if isinstance(answer, str):
            raise _declined(answer)
        return answer

    def refund(self, *, reference: str, amount: Money, idempotency_key: str) -> PaidBack:
        """Pay back some of a charge, and answer the same to the same key.

        A charge that this process has not made is taken on trust: it was made before a restart.

        Raises:
            RefundTooLarge: it is more than what is left of the charge.
            RefundDeclined: the test card stands for a card that can't be paid back to.
        """
        with self._lock:
            earlier = self._refunds.get(idempotency_key)
            if earlier is not None:
                return earlier
            charged = self._charged.get(reference)
            if charged is not None:
                self._charged[reference] = charged.less(amount)
            paid_back = self._refunds[idempotency_key] = PaidBack(new_id("refund"), amount)
            _forget(self._refunds)
        return paid_back


@dataclass(frozen=True, slots=True)
class _Charged:
    """What is left of a charge, and the card that it was made to."""

    token: str
    left: Money

    def less(self, amount: Money) -> _Charged:
        declined = _card_of(self.token).declined_when_refunded
        if declined:
            raise RefundDeclined(f"the refund was declined ({declined})", decline_code=declined)
        if amount.minor > self.left.minor:
            raise RefundTooLarge(
                f"{amount} is more than the {self.left} that is left of the charge",
                asked_minor=amount.minor,
                left_minor=self.left.minor,
            )
        return replace(self, left=self.left - amount)


def _first_answer(token: str, amount: Money) -> Charge | str:
    return _card_of(token).declined_when_charged or Charge(new_id("charge"), amount)


def _card_of(token: str) -> TestCard:
    return CARDS_BY_DIGEST.get(token.rpartition("_")[2], ("", UNKNOWN_CARD))[1]


def _forget(*remembered: OrderedDict[str, Any]) -> None:
    for one in remembered:
        while len(one) > MAX_REMEMBERED:
            one.popitem(last=False)


def _declined(decline_code: str) -> CardDeclined:
    return CardDeclined(f"the card was declined ({decline_code})", decline_code=decline_code)
