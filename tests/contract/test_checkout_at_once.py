"""A checkout that is sent many times at once pays once, on either database; showing it leaves nothing behind."""

from __future__ import annotations

from billing_sdk.server.usecases.checkout_sessions import find_session, quote_session
from billing_sdk.server.usecases.complete_checkout import go_on, know_payer, pay_session
from tests.contract.agreements import rows
from tests.contract.stripe_door.hybrid import begin_checkout_session, hybrid_plan
from tests.contract.test_usecases_at_once import at_once
from tests.engines import card


def test_a_checkout_is_shown_without_a_trace_and_paid_once_however_often_it_is_sent(engine):
    session_id = begin_checkout_session(engine, hybrid_plan(engine))
    before = rows(engine)
    assert quote_session(engine, session_id).amounts.due.minor == 50_000
    assert rows(engine) == before

    know_payer(engine, session_id, email="many@example.com")
    answers = at_once(lambda _: pay_session(engine, session_id, card=card()).standing, 4)
    assert set(answers) <= {"complete", "pending"}
    assert go_on(engine, session_id).standing == "complete"
    with engine.read() as tx:
        done = find_session(tx, session_id)
        [invoice] = tx.invoices.newest_of(done.customer_id, limit=5)
        [paid] = tx.payment_intents.page(customer_id=done.customer_id).items
    assert (invoice.id, invoice.status, invoice.amount) == (done.invoice_id, "paid", paid.amount)
    assert (paid.invoice_id, len(done.items)) == (invoice.id, 1)
