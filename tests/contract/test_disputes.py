"""Disputes: what a bank takes back of a payment, until it is decided and after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import pytest

from billing_sdk.errors import (
    CreditNoteTooLarge,
    DisputeClosed,
    DisputeElsewhere,
    PaymentDisputed,
    RefundTooLarge,
    UnknownDispute,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import Dispute, Invoice, ToldDispute
from billing_sdk.server.usecases.close_dispute import close_dispute
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.open_dispute import open_dispute
from billing_sdk.server.usecases.read_books import statement
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import IN_MEMORY, advance, engine_on, events_of, payer

DISPUTED, NOT_RECEIVED, INQUIRED, WARNED = (
    "4000000000000259",
    "4000000000002685",
    "4000000000001976",
    "4000000000005423",
)
WORD = "a word with the customer"


def usd(minor: int) -> Money:
    return Money(minor, "USD")


@dataclass(frozen=True, slots=True)
class Place:
    """One engine, and a customer for each test."""

    engine: Engine

    def paid(self, email: str, number: str | None = None) -> tuple[Customer, Invoice]:
        """Return a customer with an invoice of 29 dollars that is paid."""
        customer = payer(self.engine, email) if number is None else payer(self.engine, email, number=number)
        subscribe(self.engine, customer_id=customer.id, plan_key="pro_monthly")
        with self.engine.read() as tx:
            return customer, tx.invoices.newest_of(customer.id, limit=1)[0]

    def disputes(self, customer: Customer) -> tuple[Dispute, ...]:
        with self.engine.read() as tx:
            return tx.disputes.page(customer_id=customer.id).items

    def tell(self, customer: Customer, invoice: Invoice, told: ToldDispute) -> Dispute:
        """Let the processor tell of a dispute."""
        with self.engine.begin() as tx:
            locked = tx.customers.lock(customer.id)
            payment = tx.invoices.get_payment(invoice.payment_id or "")
            return open_dispute(
                tx, locked, payment, told, source="admin", actor="bank", at=self.engine.now_for(tx, locked)
            )

    def accounts(self, customer: Customer) -> dict[str, int]:
        with self.engine.read() as tx:
            sums: Counter[str] = Counter()
            for entry in tx.ledger.of_customer(customer.id):
                sums.update({posting.account: posting.amount_minor for posting in entry.postings})
        assert not sum(sums.values())
        return {account: sums[account] for account in ("cash", "disputed", "bad_debt") if sums[account]}

    def news(self, customer: Customer) -> list[str]:
        types = events_of(self.engine, customer.id)
        return [one.removeprefix("customer.payment_") for one in types if "disput" in one or "fraud" in one]


@pytest.fixture(scope="module")
def place():
    with engine_on(IN_MEMORY) as engine:
        yield Place(engine)


OUTCOMES = {
    "won": ({"cash": 2_900}, ["disputed", "dispute_closed"]),
    "lost": ({"bad_debt": 2_900}, ["disputed", "dispute_closed"]),
}


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_a_test_card_is_disputed_as_it_is_charged_and_the_money_is_held_until_somebody_decides(place, outcome):
    customer, invoice = place.paid(f"{outcome}@example.com", DISPUTED)
    (dispute,) = place.disputes(customer)
    assert (dispute.kind, dispute.reason, dispute.status) == ("dispute", "fraudulent", "needs_response")
    assert (dispute.amount, dispute.invoice_id, dispute.payment_id) == (usd(2_900), invoice.id, invoice.payment_id)
    assert place.accounts(customer) == {"disputed": 2_900}
    accounts, news = OUTCOMES[outcome]
    close_dispute(place.engine, dispute.id, outcome)
    assert place.accounts(customer) == accounts
    assert place.news(customer) == news
    with pytest.raises(DisputeClosed):
        close_dispute(place.engine, dispute.id, "won")
    with place.engine.read() as tx:
        assert tx.invoices.get(invoice.id).status == "paid"


def test_each_published_card_is_disputed_as_it_says_and_only_a_dispute_moves_money(place):
    found = {}
    for name, number in {"asked": INQUIRED, "warned": WARNED, "missing": NOT_RECEIVED}.items():
        customer, _ = place.paid(f"{name}@example.com", number)
        (dispute,) = place.disputes(customer)
        found[name] = (dispute.kind, dispute.reason, place.accounts(customer), place.news(customer))
        with pytest.raises(DisputeClosed):
            close_dispute(place.engine, dispute.id, "closed" if dispute.kind == "dispute" else "lost")
    paid, held = {"cash": 2_900}, {"disputed": 2_900}
    assert found == {
        "asked": ("inquiry", "general", paid, ["disputed"]),
        "warned": ("fraud_warning", "fraudulent", paid, ["fraud_warned"]),
        "missing": ("dispute", "product_not_received", held, ["disputed"]),
    }


def test_each_renewal_that_a_disputed_card_pays_is_disputed_by_itself():
    with engine_on(IN_MEMORY) as engine:
        place = Place(engine)
        first, _ = place.paid("ada@example.com", DISPUTED)
        second, _ = place.paid("bob@example.com", DISPUTED)
        advance(engine, days=29)
        run_due(engine)
        for customer in (first, second):
            assert len({dispute.payment_id for dispute in place.disputes(customer)}) == 2
            assert place.accounts(customer) == {"disputed": 5_800}


def test_what_is_disputed_or_lost_is_not_given_back_as_well(place):
    customer, invoice = place.paid("partly@example.com")
    told = ToldDispute("du_partly", usd(1_900), "duplicate")
    dispute = place.tell(customer, invoice, told)
    for destination in ("refund", "balance", None):
        with pytest.raises(PaymentDisputed) as refused:
            credit_invoice(place.engine, invoice_id=invoice.id, wanted=usd(1_001), reason=WORD, destination=destination)
        assert refused.value.facts["disputed_minor"] == 1_900
    with pytest.raises((RefundTooLarge, CreditNoteTooLarge)) as refused:
        credit_invoice(place.engine, invoice_id=invoice.id, wanted=usd(2_901), reason=WORD, destination="refund")
    assert not isinstance(refused.value, PaymentDisputed)
    credit_invoice(place.engine, invoice_id=invoice.id, wanted=usd(400), reason=WORD)
    close_dispute(place.engine, dispute.id, "lost")
    with pytest.raises(PaymentDisputed):
        credit_invoice(place.engine, invoice_id=invoice.id, wanted=usd(601), reason=WORD)
    place.tell(customer, invoice, ToldDispute("du_partly", usd(1_900), "duplicate", status="won"))
    made = credit_invoice(place.engine, invoice_id=invoice.id, wanted=usd(2_500), reason=WORD)
    assert made.refund is not None
    assert made.refund.status == "succeeded"
    assert place.accounts(customer) == {}


def test_several_disputes_of_one_payment_are_told_apart_and_each_is_known_once(place):
    customer, invoice = place.paid("several@example.com")
    for _ in range(2):
        place.tell(customer, invoice, ToldDispute("du_first", usd(900), "duplicate"))
        place.tell(customer, invoice, ToldDispute("du_second", usd(500), "general", status="lost"))
    assert len(place.disputes(customer)) == 2
    assert place.accounts(customer) == {"cash": 1_500, "disputed": 900, "bad_debt": 500}
    assert place.news(customer) == ["disputed", "disputed", "dispute_closed"]


def test_an_inquiry_that_becomes_a_dispute_takes_the_money_then(place):
    customer, invoice = place.paid("escalated@example.com")
    place.tell(customer, invoice, ToldDispute("du_asked", usd(2_900), "general", "inquiry"))
    assert place.accounts(customer) == {"cash": 2_900}
    place.tell(customer, invoice, ToldDispute("du_asked", usd(2_900), "fraudulent"))
    assert place.accounts(customer) == {"disputed": 2_900}
    assert place.news(customer) == ["disputed", "disputed"]


def test_the_statement_shows_that_who_disputes_a_payment_has_the_money_again(place):
    customer, _ = place.paid("told@example.com", DISPUTED)
    (dispute,) = place.disputes(customer)
    close_dispute(place.engine, dispute.id, "lost")
    with place.engine.read() as tx:
        told = [(one.kind, one.amount_minor, one.balance_minor) for one in statement(tx, customer.id).lines]
    assert told == [
        ("issue", 2_900, 2_900),
        ("payment", -2_900, 0),
        ("dispute", 2_900, 2_900),
        ("dispute_closed", -2_900, 0),
    ]


def test_nobody_decides_here_what_a_bank_decides(place):
    customer, invoice = place.paid("elsewhere@example.com")
    dispute = place.tell(customer, invoice, ToldDispute("du_else", usd(100), "general"))
    with place.engine.begin() as tx:
        tx.disputes.save(replace(dispute, gateway="stripe_platform"))
    with pytest.raises(DisputeElsewhere):
        close_dispute(place.engine, dispute.id, "won")
    with pytest.raises(UnknownDispute):
        close_dispute(place.engine, "dispute_nowhere", "won")
