"""The test processor: published test cards and nothing else, and the same answer to the same key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing_sdk.errors import CardDeclined, CardRefused, Conflict, GatewayUnreachable, RefundDeclined
from billing_sdk.money import Money
from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.gateways import Awaited, Bill, BillLine, CardEntry, Charge, ManagedGateway, Payer
from billing_sdk.server.gateways.confirmations import ConfirmationsInMemory
from billing_sdk.server.gateways.test_cards import TEST_CARDS
from billing_sdk.server.words.templates import in_fours

PRICE = Money(2_900, "USD")


def bill(token: str) -> Bill:
    """Return a bill of one line over the price, whose payer is there."""
    period = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    payer = Payer("customer_1", "ada@example.com")
    return Bill("invoice_1", payer, (BillLine(0, "Pro", PRICE, "charge", period),), "USD", token=token, is_present=True)


OURS = "http://127.0.0.1:3000"
DECLINED_AT_ONCE = {
    "4000000000000002": "generic_decline",
    "4000000000009995": "insufficient_funds",
    "4000000000009987": "lost_card",
    "4000000000009979": "stolen_card",
    "4000000000000069": "expired_card",
    "4000000000000127": "incorrect_cvc",
    "4000000000000119": "processing_error",
    "4242424242424241": "incorrect_number",
    "4000000000006975": "card_velocity_exceeded",
}
# What becomes of each card when it is stored, charged and paid back to; that of all others is to be paid at once.
EXPECTED: dict[str, tuple[str, ...]] = {
    **{number: ("declined when stored", code) for number, code in DECLINED_AT_ONCE.items()},
    "4000000000000341": ("declined when charged", "generic_decline"),
    "4100000000000019": ("declined when charged", "fraudulent"),
    "4000008400001280": ("declined when charged", "processing_error"),
    "4000002500003155": ("confirmed", "charged", "paid back"),
    "4000002760003184": ("confirmed", "charged", "paid back"),
    "4000003800000446": ("confirmed", "charged", "paid back"),
    "4000000000003220": ("confirmed", "charged", "paid back"),
    "4000000000003238": ("confirmed", "charged", "paid back"),
    "4000008260003178": ("confirmed", "declined when charged", "insufficient_funds"),
    "4000008400001629": ("confirmed", "declined when charged", "generic_decline"),
    "4000000000007726": ("charged", "paid back later"),
    "4000000000005126": ("charged", "not paid back", "expired_or_canceled_card"),
}


def asking() -> tuple[ManagedGateway, ConfirmationsInMemory]:
    """Return a gateway, and what its pages write to."""
    confirmations = ConfirmationsInMemory()
    return ManagedGateway(OURS, None, confirmations), confirmations


def address(confirmations: ConfirmationsInMemory, key: str) -> str:
    """Return where a payment is confirmed."""
    asked = confirmations.find(key)
    assert asked is not None
    return f"{OURS}/managed/authenticate/{asked.reference}"


def outcome_of(number: str) -> tuple[str, ...]:
    """Store a card, charge it, confirming what is to be confirmed, and pay back."""
    gateway, confirmations = asking()
    steps: tuple[str, ...] = ()
    try:
        token = gateway.store_card(entry(number)).token
    except CardDeclined as declined:
        return "declined when stored", declined.facts["decline_code"]
    try:
        answer = gateway.collect(bill(token), idempotency_key="charge_1")
        if isinstance(answer, Awaited):
            confirmations.answer("charge_1", "confirmed")
            steps = ("confirmed",)
            answer = gateway.collect(bill(token), idempotency_key="charge_1")
    except CardDeclined as declined:
        return (*steps, "declined when charged", declined.facts["decline_code"])
    assert isinstance(answer, Charge)
    try:
        gateway.refund(reference=answer.reference, amount=PRICE, idempotency_key="refund_1")
    except RefundDeclined as declined:
        return (*steps, "charged", "not paid back", declined.facts["decline_code"])
    except GatewayUnreachable:
        return (*steps, "charged", "paid back later")
    return (*steps, "charged", "paid back")


def entry(number: str = "4242424242424242", **changes: object) -> CardEntry:
    """Return a card as it is typed in."""
    values: dict[str, object] = {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123", **changes}
    return CardEntry(**values)  # type: ignore[arg-type]  # each test names only what it is about


@pytest.mark.parametrize(
    ("number", "brand", "last4"),
    [
        ("4242424242424242", "Visa", "4242"),
        ("4242 4242 4242 4242", "Visa", "4242"),
        ("5555-5555-5555-4444", "Mastercard", "4444"),
        ("378282246310005", "American Express", "0005"),
    ],
)
def test_a_published_card_is_kept_by_what_may_be_shown(number, brand, last4):
    stored = ManagedGateway().store_card(entry(number))

    assert (stored.brand, stored.last4, stored.exp_month, stored.exp_year) == (brand, last4, 12, 2034)


@pytest.mark.parametrize(
    "card",
    [
        entry("4111111111111111"),
        entry("4012888888881881"),
        entry(""),
        entry("4242424242424242 " * 10_000),
        entry("\uff14\uff12" * 8),
        entry(exp_month=13),
        entry(exp_month=0),
        entry(exp_year=1999),
        entry(cvc="12"),
        entry(cvc="12345"),
        entry(cvc="١٢٣"),
    ],
)
def test_whatever_is_not_a_published_test_card_is_refused_and_not_repeated(card):
    with pytest.raises(CardRefused) as refusal:
        ManagedGateway().store_card(card)

    assert not card.number or card.number not in str(refusal.value)
    assert card.number == "" or card.number not in repr(card)


def test_the_same_key_gets_the_same_answer_and_another_key_another_charge():
    gateway = ManagedGateway()
    token = gateway.store_card(entry()).token
    first, again, other = (
        gateway.collect(bill(token), idempotency_key=key) for key in ("charge_1", "charge_1", "charge_2")
    )

    assert first == again
    assert first.amount == PRICE
    assert first.reference != other.reference


@pytest.mark.parametrize("number", sorted(TEST_CARDS))
def test_every_published_card_ends_as_it_is_published(number):
    assert outcome_of(number) == EXPECTED.get(number, ("charged", "paid back"))


def test_what_is_said_of_cards_is_said_of_published_ones():
    assert EXPECTED.keys() < TEST_CARDS.keys()
    assert len(TEST_CARDS) > 100


def test_the_page_of_test_cards_lists_each_of_them_with_what_it_is_declined_for():
    lines = (Path(__file__).parents[2] / "docs/reference/test-cards.md").read_text().splitlines()
    for number, card in TEST_CARDS.items():
        (line,) = [one for one in lines if f"`{in_fours(number)}`" in one and one.startswith("|")] or [""]
        if not line:
            assert number in ("4000000000003055", "4000000000003097")
        code = card.declined_when_stored or card.declined_when_charged
        assert code is None or f"`{code}`" in line


@pytest.mark.parametrize("number", ["4000002760003184", "4000000000003220", "4000002500003155", "4000003800000446"])
def test_a_payment_is_made_when_its_holder_has_confirmed_it_and_not_otherwise(number):
    gateway, confirmations = asking()
    token = gateway.store_card(entry(number)).token
    for key, said in (("charge_1", "failed"), ("charge_2", "confirmed")):
        waits = gateway.collect(bill(token), idempotency_key=key)
        assert (waits.reason, waits.url) == ("authentication", address(confirmations, key))
        assert gateway.collect(bill(token), idempotency_key=key) == waits
        confirmations.answer(key, said)

    for _ in range(2):
        with pytest.raises(CardDeclined, match="authentication_required"):
            gateway.collect(bill(token), idempotency_key="charge_1")
        assert gateway.collect(bill(token), idempotency_key="charge_2").amount == PRICE


@pytest.mark.parametrize(
    ("number", "is_present", "is_asked"),
    [
        ("4000002500003155", True, False),
        ("4000002500003155", False, False),
        ("4000002760003184", True, True),
        ("4000002760003184", False, True),
        ("4000003800000446", True, True),
        ("4000003800000446", False, False),
    ],
)
def test_some_holders_confirm_one_payment_and_others_each(number, is_present, is_asked):
    gateway, confirmations = asking()
    token = gateway.store_card(entry(number)).token
    gateway.collect(bill(token), idempotency_key="charge_1")
    confirmations.answer("charge_1", "confirmed")
    second = gateway.collect(replace(bill(token), is_present=is_present), idempotency_key="charge_2")

    assert isinstance(second, Awaited) is is_asked


def test_a_server_that_has_started_anew_knows_what_was_confirmed():
    gateway, confirmations = asking()
    token = gateway.store_card(entry("4000002760003184")).token
    waits = gateway.collect(bill(token), idempotency_key="charge_1")
    again = ManagedGateway(OURS, None, confirmations)
    assert again.collect(bill(token), idempotency_key="charge_1") == waits
    confirmations.answer("charge_1", "confirmed")

    assert ManagedGateway(OURS, None, confirmations).collect(bill(token), idempotency_key="charge_1").amount == PRICE


def test_what_was_withdrawn_can_not_be_confirmed_any_more_and_what_was_confirmed_not_withdrawn():
    gateway, confirmations = asking()
    token = gateway.store_card(entry("4000002760003184")).token
    for key in ("charge_1", "charge_2"):
        gateway.collect(bill(token), idempotency_key=key)
    gateway.withdraw("charge_1")
    confirmations.answer("charge_2", "confirmed")

    assert confirmations.answer("charge_1", "confirmed") == "withdrawn"
    with pytest.raises(CardDeclined):
        gateway.collect(bill(token), idempotency_key="charge_1")
    with pytest.raises(Conflict):
        gateway.withdraw("charge_2")
    gateway.withdraw("charge_3")  # it knows nothing of that one


def test_a_bank_that_takes_its_time_over_a_refund_is_asked_until_it_has_answered():
    clock = TestClock(datetime(2026, 1, 1, tzinfo=UTC))
    gateway = ManagedGateway("", clock)
    charge = gateway.collect(bill(gateway.store_card(entry("4000000000007726")).token), idempotency_key="charge_1")

    def ask():
        return gateway.refund(reference=charge.reference, amount=PRICE, idempotency_key="refund_1")

    with pytest.raises(GatewayUnreachable) as waits:
        ask()
    clock.advance(seconds=waits.value.facts["retry_after_seconds"])
    assert ask() == ask()


@pytest.mark.parametrize("token", ["", "card_1", "card_1_0123456789abcdef"])
def test_a_token_of_another_processor_can_not_be_charged(token):
    with pytest.raises(CardDeclined, match="invalid_account"):
        ManagedGateway().collect(bill(token), idempotency_key="charge_1")


def test_a_token_contains_no_card_number():
    stored = ManagedGateway().store_card(entry())

    assert "4242" not in stored.token.rpartition("_")[2]
    assert stored.token not in repr(stored)
