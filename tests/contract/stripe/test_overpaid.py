"""More is paid at Stripe than is owed by then: it is the customer's, and kept once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from tests.stripe_hooks import Hooked, hooked, pay_on_page


@pytest.fixture(scope="module")
def world() -> Iterator[Hooked]:
    with hooked() as made:
        yield made


@pytest.mark.attack(178)
def test_what_is_paid_there_beyond_what_is_owed_by_then_is_on_the_balance_until_it_is_refunded_there(world):
    invoice, remote = world.sent_invoice()
    credit_invoice(world.engine, invoice_id=invoice.id, wanted=Money(2_000, "USD"), reason="a gift")
    pay_on_page(remote)
    world.deliver()
    settled = world.invoice(invoice.id)
    assert settled.status == "paid"
    assert standing(world, invoice) == ({"cash": 5_000, "credit_liability": -2_000}, 2_000)
    with world.engine.read() as tx:
        payment = tx.invoices.get_payment(settled.payment_id or "")
    for _ in range(2):
        world.client.v1.refunds.create({"payment_intent": payment.gateway_reference or "", "amount": 1_000})
    world.stripe.webhooks.duplicate()
    assert {status for _, status in world.deliver()} == {200}
    world.stripe.webhooks.behave()
    assert standing(world, invoice) == ({"cash": 3_000}, 0)
    with world.engine.read() as tx:
        assert [note.amount.minor for note in tx.credit_notes.of_invoice(invoice.id)] == [2_000]


def standing(world: Hooked, invoice: Invoice) -> tuple[dict[str, int], int]:
    """Return what the books say of a customer's money, and the balance."""
    sums: Counter[str] = Counter()
    with world.engine.read() as tx:
        for entry in tx.ledger.of_customer(invoice.customer_id):
            sums.update({one.account: one.amount_minor for one in entry.postings})
        balance = tx.credits.balance(invoice.customer_id, "USD").minor
    names = ("cash", "receivable", "refunds", "credit_liability")
    return {name: sums[name] for name in names if sums[name]}, balance
