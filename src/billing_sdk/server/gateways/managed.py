"""An in-process test processor: the published test cards, no network, and no memory of a number.

It refuses whatever is not a published test number, so that nobody types a real card into a test system.
"""

# ruff: noqa: ARG002 - a processor without bills, customers or pages is told of them all the same
from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from billing_sdk.errors import (
    CardDeclined,
    CardRefused,
    Conflict,
    GatewayUnreachable,
    NotFound,
    RefundDeclined,
    RefundTooLarge,
    UnknownPayer,
)
from billing_sdk.money import Money
from billing_sdk.server.clock import Clock, SystemClock
from billing_sdk.server.domain.invoicing import Confirmation
from billing_sdk.server.domain.tax import GatewayTax
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.gateways.bills import (
    Awaited,
    Bill,
    BillState,
    Charge,
    PaidBack,
    Payer,
    TaxByGateway,
)
from billing_sdk.server.gateways.cards import CardEntry, StoredCard
from billing_sdk.server.gateways.catalogue import CatalogueItem, PriceSync
from billing_sdk.server.gateways.confirmations import Confirmations, ConfirmationsInMemory
from billing_sdk.server.gateways.objections import PaymentDispute, PaymentRefund
from billing_sdk.server.gateways.protocol import BillEvent, Gateway
from billing_sdk.server.gateways.setups import PortalSession, PortalWanted, SetupSession, SetupWanted
from billing_sdk.server.gateways.test_cards import CARDS_BY_DIGEST, TestCard, card_of
from billing_sdk.server.ids import digest_of, new_id

# How many answers are remembered by their idempotency key; enough for any test to ask again.
MAX_REMEMBERED = 100_000
# The pages of this server that stand for a processor's own.
AUTHENTICATE: Final = "/managed/authenticate"
PORTAL: Final = "/portal/payment_details"
SETUP_LASTS: Final = timedelta(days=1)
# How long the bank takes over a refund to a card that stands for that.
REFUND_TAKES: Final = timedelta(seconds=30)


class ManagedGateway:
    """Answers like a bank would, for test cards; safe to share between threads.

    Args:
        base_url: of this server, whose own pages stand for those that a processor has.
        clock: real time.
        confirmations: what it remembers of payments that are to be confirmed; without them, what this process does.
    """

    kind: GatewayKind = "managed"
    takes_cards = True

    def __init__(
        self, base_url: str = "", clock: Clock | None = None, confirmations: Confirmations | None = None
    ) -> None:
        self._base_url = base_url
        self._clock = clock or SystemClock()
        self._confirmations = confirmations or ConfirmationsInMemory()
        self._answers: OrderedDict[str, Charge | str] = OrderedDict()
        self._refunds: OrderedDict[str, PaidBack] = OrderedDict()
        self._begun: OrderedDict[str, datetime] = OrderedDict()
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

    def collect(self, bill: Bill, *, idempotency_key: str) -> Charge | Awaited:
        """Answer as the test card stands for, and the same to the same key once it is an outcome.

        A payment that is to be confirmed is not one before somebody says so on the page of `url`.

        Raises:
            CardDeclined: the test card stands for a card that the bank refuses to charge, or its holder has not
                confirmed the payment.
        """
        token = bill.token or ""
        answer: Charge | Awaited | str | None = self._answers.get(idempotency_key)
        if answer is None:
            answer = self._first_answer(token, bill, idempotency_key)
            if isinstance(answer, Awaited):
                return answer
            with self._lock:
                answer = self._answers.setdefault(idempotency_key, answer)
                if isinstance(answer, Charge):
                    self._charged.setdefault(answer.reference, _Charged(token, answer.amount))
                _forget(self._answers, self._charged)
        if isinstance(answer, str):
            raise _declined(answer)
        return answer

    def _first_answer(self, token: str, bill: Bill, key: str) -> Charge | Awaited | str:
        card = card_of(token)
        asked = self._asked(card, token, bill, key)
        if asked is not None and asked.answer is None:
            return Awaited("authentication", url=f"{self._base_url}{AUTHENTICATE}/{asked.reference}")
        if asked is not None and asked.answer != "confirmed":
            return "authentication_required"
        if card.declined_when_charged:
            return card.declined_when_charged
        return Charge(new_id("charge"), bill.amount, disputed_as=card.disputed_as)

    def _asked(self, card: TestCard, token: str, bill: Bill, key: str) -> Confirmation | None:
        """Return what the holder of the card was asked about a payment, if anything is to be asked."""
        if card.authentication is None or (card.authentication == "on_session" and not bill.is_present):
            return None
        known = self._confirmations.find(key)
        if known is not None:
            return known
        digest = digest_of(token)
        if card.authentication == "once" and self._confirmations.has_confirmed(digest):
            return None
        return self._confirmations.ask(key, card=digest)

    def refund(self, *, reference: str, amount: Money, idempotency_key: str) -> PaidBack:
        """Pay back some of a charge, and answer the same to the same key.

        A charge that this process has not made is taken on trust: it was made before a restart.

        Raises:
            RefundTooLarge: it is more than what is left of the charge.
            RefundDeclined: the test card stands for a card that can't be paid back to.
            GatewayUnreachable: the test card stands for a bank that takes its time; asking again learns the outcome.
        """
        with self._lock:
            earlier = self._refunds.get(idempotency_key)
            if earlier is not None:
                return earlier
            charged = self._charged.get(reference)
            if charged is not None:
                left = charged.less(amount)
                self._await_bank(charged, idempotency_key)
                self._charged[reference] = left
            paid_back = self._refunds[idempotency_key] = PaidBack(new_id("refund"), amount)
            _forget(self._refunds)
        return paid_back

    def _await_bank(self, charged: _Charged, key: str) -> None:
        if not card_of(charged.token).is_refunded_later:
            return
        at = self._clock.now()
        left = self._begun.setdefault(key, at) + REFUND_TAKES - at
        _forget(self._begun)
        if left > timedelta(0):
            seconds = math.ceil(left.total_seconds())
            raise GatewayUnreachable("the refund is under way at the bank", retry_after_seconds=seconds)

    def find_dispute(self, reference: str) -> PaymentDispute | None:
        """Return nothing: what it disputes is known with the payment, and decided here."""

    def find_refund(self, reference: str) -> PaymentRefund | None:
        """Return nothing: nobody refunds anything but this server."""

    def refunds_of(self, payment_reference: str) -> tuple[PaymentRefund, ...]:
        """Return nothing: nobody refunds anything but this server."""
        return ()

    def bill_paid_by(self, payment_reference: str) -> str | None:
        """Return nothing: it keeps no bills."""

    def named(self, kind: GatewayKind) -> Gateway:
        """Return itself, whichever is asked for: where it is the only one, it stands for all."""
        return self

    def withdraw(self, bill_id: str) -> None:
        """Let nobody confirm the payment of a bill any more.

        Raises:
            Conflict: somebody has done so meanwhile.
        """
        is_declined = isinstance(self._answers.get(bill_id), str)
        if self._confirmations.answer(bill_id, "withdrawn") == "confirmed" and not is_declined:
            raise Conflict("the payment was confirmed meanwhile", bill=bill_id)

    def quote(self, bill: Bill) -> tuple[GatewayTax, ...]:
        """Return no taxes: it knows no place."""
        return ()

    def send(self, bill: Bill) -> BillState:
        """Send nothing: what is paid by other means is paid to the seller."""
        return BillState("open", bill.amount, Money(0, bill.currency), bill.id)

    def follow(self, bill: Bill, event: BillEvent) -> BillState:
        """Note nothing: it keeps no bills."""
        return self.send(bill)

    def look_up(self, bill_id: str) -> BillState | None:
        """Return nothing: it keeps no bills."""
        return None

    def begin_setup(self, payer: Payer, wanted: SetupWanted) -> SetupSession:
        """Lead to the portal of this server, where a card is entered."""
        at = self._clock.now()
        return SetupSession(
            id=f"setup_{wanted.nonce}",
            mode=wanted.mode,
            status="open",
            payer_reference=payer.customer_id,
            created_at=at,
            expires_at=at + SETUP_LASTS,
            url=self._base_url + PORTAL,
        )

    def look_up_setup(self, session_id: str) -> SetupSession:
        """Know no session: what was left in the portal is known at once."""
        raise NotFound("this gateway keeps no checkout sessions")

    def open_portal(self, payer: Payer, wanted: PortalWanted) -> PortalSession:
        """Lead to the portal of this server."""
        return PortalSession(
            id=new_id("portal"),
            url=self._base_url + PORTAL,
            return_url=wanted.return_url,
            configuration_id=None,
            is_live=False,
            language=wanted.language,
            created_at=self._clock.now(),
        )

    def find_method(self, payer: Payer, token: str | None) -> StoredCard | None:
        """Return nothing: whatever was stored is known by its token, and there is no default."""
        return None

    def knows_payer(self, payer: Payer) -> bool:
        """Know every payer: it keeps none of its own."""
        return True

    def link(self, payer: Payer, payer_reference: str, token: str | None) -> StoredCard | None:
        """Know no customers: it has none."""
        raise UnknownPayer("this gateway has no customers of its own")

    def prefer_method(self, payer: Payer, token: str) -> None:
        """Note nothing: which card is charged is said with each charge."""

    def detach_method(self, token: str) -> None:
        """Forget nothing: it keeps no cards."""

    def publish(self, item: CatalogueItem) -> tuple[PriceSync, ...]:
        """Learn nothing: bills say what is to be paid."""
        return ()

    def retire(self, item_id: str) -> None:
        """Forget nothing."""

    def check_payer(self, payer: Payer, *, sends_invoices: bool, tax: TaxByGateway) -> None:
        """Let everybody pass: nothing is asked for that this server does not know itself."""


@dataclass(frozen=True, slots=True)
class _Charged:
    """What is left of a charge, and the card that it was made to."""

    token: str
    left: Money

    def less(self, amount: Money) -> _Charged:
        declined = card_of(self.token).declined_when_refunded
        if declined:
            raise RefundDeclined(f"the refund was declined ({declined})", decline_code=declined)
        if amount.minor > self.left.minor:
            raise RefundTooLarge(
                f"{amount} is more than the {self.left} that is left of the charge",
                asked_minor=amount.minor,
                left_minor=self.left.minor,
            )
        return replace(self, left=self.left - amount)


def _forget(*remembered: OrderedDict[str, Any]) -> None:
    for one in remembered:
        while len(one) > MAX_REMEMBERED:
            one.popitem(last=False)


def _declined(decline_code: str) -> CardDeclined:
    return CardDeclined(f"the card was declined ({decline_code})", decline_code=decline_code)
