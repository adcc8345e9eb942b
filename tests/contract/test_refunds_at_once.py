"""Refunds that are asked for many times at once, and one whose process has died: nothing is paid back twice."""

from __future__ import annotations

import pytest

from billing_sdk.money import Money
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.storage.idempotency import Claim, StoredAnswer
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from tests.contract.test_credit_notes import MISTAKE, paid, usd
from tests.contract.test_usecases_at_once import at_once, codes
from tests.engines import IN_MEMORY, advance, engine_on


class Adding(ManagedGateway):
    """Adds up what it has paid back, and may die right after it has."""

    def __init__(self):
        super().__init__()
        self.paid_back: dict[str, Money] = {}
        self.dies = False

    def refund(self, *, reference, amount, idempotency_key):
        answer = super().refund(reference=reference, amount=amount, idempotency_key=idempotency_key)
        self.paid_back[answer.reference] = answer.amount
        if self.dies:
            self.dies = False
            raise SystemExit
        return answer

    @property
    def total(self):
        return sum(amount.minor for amount in self.paid_back.values())


def test_refunds_at_once_come_to_no_more_than_what_was_paid(database_url, engine):
    gateway = Adding()
    with engine_on(database_url, gateway=gateway) as opened:
        _, invoice = paid(opened)

        answers = at_once(lambda _: credit_invoice(opened, invoice_id=invoice.id, wanted=usd(1_000), reason=MISTAKE), 6)

        with opened.read() as tx:
            notes, refunds = tx.credit_notes.of_invoice(invoice.id), tx.refunds.of_invoice(invoice.id)
        assert codes(answers) == {"ok": 2, "credit_note_too_large": 4}
        assert gateway.total == sum(one.amount.minor for one in refunds) == 2_000
        assert [note.number for note in notes] == ["CN-000001", "CN-000002"]


def test_a_call_that_is_repeated_after_its_process_died_answers_for_the_refund_that_it_has_made():
    gateway = Adding()
    with engine_on(IN_MEMORY, gateway=gateway) as engine:
        _, invoice = paid(engine)
        claim = Claim("machine", "refund-1", "digest")

        def serve():
            with engine.calling(claim, refusal=lambda _: StoredAnswer(400, "")) as calling:
                assert calling.call.begin() is None
                done = credit_invoice(calling, invoice_id=invoice.id, wanted=usd(1_000), reason=MISTAKE)
                calling.call.answer(StoredAnswer(200, done.note.number))
            return done

        gateway.dies = True
        with pytest.raises(SystemExit):
            serve()
        advance(engine, days=1)
        done = serve()

        assert (done.refund.status, gateway.total) == ("succeeded", 1_000)
        with engine.read() as tx:
            assert [note.id for note in tx.credit_notes.of_invoice(invoice.id)] == [done.note.id]
