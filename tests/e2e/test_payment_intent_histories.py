"""Whatever happens to money that is taken before its invoice, the books say what became of it."""

from __future__ import annotations

import random

import pytest

from billing_sdk.errors import BillingError
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import one_off_line
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.confirm_payment import confirm_payment
from billing_sdk.server.usecases.issue_invoice import issue_invoice, new_invoice
from billing_sdk.server.usecases.payment_intents import (
    cancel_payment_intent,
    confirm_payment_intent,
    create_payment_intent,
)
from billing_sdk.server.usecases.receive_payment import require_for
from billing_sdk.server.usecases.refund_unused import refund_unused
from tests.engines import DECLINED_WHEN_CHARGED, GOOD_CARD, card
from tests.histories.promises_of_books import books_hold
from tests.histories.world import world

STEPS = 30
CARDS = (GOOD_CARD, DECLINED_WHEN_CHARGED, "4000002760003184", "4000000000005126")


def add(w, chance, intents):
    customer = w.customers[0].id
    add_card(w.engine, customer_id=customer, card=card(chance.choice(CARDS)))
    with w.engine.read() as tx:
        method = tx.customers.find_payment_method(customer)
    amount = Money(chance.choice((100, 2_000, 99_999)), "USD")
    made = create_payment_intent(w.engine, customer_id=customer, amount=amount, payment_method_id=method.id)
    intents.append(made.id)
    confirm_payment_intent(w.engine, made.id)


def answer(w, chance, intents):
    with w.engine.read() as tx:
        waiting = [one for one in tx.charges.of_customer(w.customers[0].id) if one.awaits is not None]
    if waiting:
        url = chance.choice(waiting).awaits.url
        confirm_payment(w.engine, url.rpartition("/")[2], is_confirmed=chance.random() < 0.7)


def cancel(w, chance, intents):
    cancel_payment_intent(w.engine, chance.choice(intents))


def give_back(w, chance, intents):
    part = chance.choice((None, Money(40, "USD")))
    refund_unused(w.engine, chance.choice(intents), amount=part)


def use(w, chance, intents):
    with w.engine.begin() as tx:
        intent = tx.payment_intents.get(chance.choice(intents))
        customer = tx.customers.lock(intent.customer_id)
        at = w.engine.now_for(tx, customer)
        payment = require_for(tx, intent.id, customer=customer, amount=intent.amount)
        lines = (one_off_line("Setup", intent.amount, at=at),)
        wanted = new_invoice(customer, lines, currency="USD", agreement=None, reason="one_off", at=at)
        issue_invoice(tx, customer, wanted, source="api", actor="api", at=at, payment=payment)


DEEDS = (add, add, answer, cancel, give_back, use)


@pytest.mark.parametrize("seed", range(2))
def test_no_history_of_payment_intents_breaks_a_promise_of_the_books(seed):
    chance = random.Random(seed)
    with world() as w:
        intents: list[str] = []
        done = 0
        for step in range(STEPS):
            try:
                chance.choice(DEEDS if intents else (add,))(w, chance, intents)
                done += 1
            except BillingError as refusal:
                assert refusal.status < 500, refusal  # noqa: PT017 - what is refused goes on, and may not be a fault
            if step % 3 == 0:
                books_hold(w, w.books(0))
        books_hold(w, w.books(0))
        with w.engine.read() as tx:
            found = [tx.payment_intents.get(one) for one in intents]
        used = [one.invoice_id for one in found if one.invoice_id is not None]
        assert len(set(used)) == len(used), "two payments have paid one invoice"
        assert done > STEPS // 4
