"""What an idempotency key promises: the effect and its answer are there together, once, whatever dies when."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import pytest
from starlette.requests import Request

from billing_sdk.errors import BillingError, CardDeclined, Conflict, IdempotencyMismatch, SamePlan, UnknownPlan
from billing_sdk.server.api.kinde.agreements import AgreementAnswer, AgreementReference
from billing_sdk.server.api.kinde.envelope import error_answer
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.storage.idempotency import IdempotencyRepository, StoredAnswer
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.web.once import Once
from tests.engines import DECLINED_WHEN_CHARGED, advance, engine_on, events_of, payer

pytestmark = pytest.mark.attack(125)

PLAN = "enterprise_monthly"


class Died(BaseException):
    """Stands for the end of the process: nothing of ours gets to handle it."""


class Faulty(ManagedGateway):
    """Takes the money, and then something happens before anybody hears of it."""

    fault: BaseException | None = None

    def collect(self, bill, *, idempotency_key):
        receipt = super().collect(bill, idempotency_key=idempotency_key)
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        return receipt


def request(path="/api/v1/billing/agreements", query=b""):
    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": query,
            "headers": [(b"host", b"billing.example")],
            "state": {"request_id": "req_1"},
        }
    )


def assign(engine, customer, *, key="key", plan=PLAN, client="m2m", **address):
    """Put a customer on a plan as the door does, and return status, body and whether it was replayed."""

    def serve(engine):
        agreement = assign_plan(engine, customer_id=customer.id, plan_key=plan)
        return AgreementAnswer(agreement=AgreementReference.of(agreement))

    answer = Once(engine, request(**address), client, key, error_answer)(serve)
    return answer.status_code, answer.body, "idempotency-replayed" in answer.headers


def payments(engine, customer):
    with engine.read() as tx:
        return [payment.status for payment in tx.invoices.list_payments(customer_id=customer.id).items]


def live(engine, customer):
    with engine.read() as tx:
        return [agreement.id for agreement in tx.agreements.live_of(customer.id)]


def test_a_repetition_gets_the_first_answer_to_the_letter(engine):
    customer = payer(engine)
    status, body, was_replayed = assign(engine, customer)
    assert (status, was_replayed) == (200, False)
    assert assign(engine, customer) == (status, body, True)
    assert payments(engine, customer) == ["succeeded"]


def test_nobody_sees_the_effect_before_the_answer_or_the_answer_before_the_effect(engine):
    customer = payer(engine, number=None)
    with engine.calling(None, refusal=refused) as calling:
        assign_plan(calling, customer_id=customer.id, plan_key=PLAN)
        assert live(engine, customer) == []
        calling.call.answer(StoredAnswer(200, "{}"))
    assert len(live(engine, customer)) == 1


def refused(error: BillingError) -> StoredAnswer:
    return StoredAnswer(error.status, error.code)


def test_a_process_that_dies_before_the_commit_leaves_neither_effect_nor_key(engine):
    customer = payer(engine, number=None)

    def serve(engine):
        assign_plan(engine, customer_id=customer.id, plan_key=PLAN)
        raise Died

    with pytest.raises(Died):
        Once(engine, request(), "m2m", "key", error_answer)(serve)
    assert live(engine, customer) == []
    assert "customer.agreement_created" not in events_of(engine, customer.id)
    assert assign(engine, customer)[0] == 200


def test_a_process_that_dies_while_it_stores_the_answer_leaves_no_effect(engine, monkeypatch):
    customer = payer(engine, number=None)
    with monkeypatch.context() as patched:
        patched.setattr(IdempotencyRepository, "store", Mock(side_effect=Died))
        with pytest.raises(Died):
            assign(engine, customer)
    assert live(engine, customer) == []
    assert assign(engine, customer)[2] is False


def test_a_plan_that_was_paid_by_a_process_that_died_is_answered_and_not_paid_again(database_url):
    gateway = Faulty()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        gateway.fault = Died()
        with pytest.raises(Died):
            assign(engine, customer)
        assert payments(engine, customer) == []
        advance(engine, seconds=61)
        recover(engine)

        status, body, was_replayed = assign(engine, customer)
        assert (status, was_replayed) == (200, False)
        [agreement_id] = live(engine, customer)
        assert agreement_id in body.decode()
        assert assign(engine, customer) == (200, body, True)
        assert payments(engine, customer) == ["succeeded"]


def test_a_plan_whose_payment_was_not_heard_of_is_paid_once(database_url):
    gateway = Faulty()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        gateway.fault = OSError("the line is dead")
        with pytest.raises(OSError, match="dead"):
            assign(engine, customer)
        assert assign(engine, customer)[0] == 200
        assert payments(engine, customer) == ["succeeded"]


def test_what_was_left_over_stays_settled_although_the_call_that_settles_it_is_refused(database_url):
    gateway = Faulty()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        gateway.fault = Died()
        with pytest.raises(Died):
            assign(engine, customer, key="first")
        advance(engine, seconds=61)
        with pytest.raises(UnknownPlan):
            assign(engine, customer, key="second", plan="no_such_plan")
        assert payments(engine, customer) == ["succeeded"]
        assert len(live(engine, customer)) == 1
        with engine.read() as tx:
            assert not tx.charges.has_open(customer.id)


def test_while_money_is_collected_a_copy_of_the_call_is_told_to_wait(database_url):
    seen = []

    class Slow(ManagedGateway):
        def collect(self, bill, *, idempotency_key):
            with pytest.raises(Conflict, match="being served"):
                assign(engine, customer)
            seen.append(idempotency_key)
            return super().collect(bill, idempotency_key=idempotency_key)

    with engine_on(database_url, gateway=Slow()) as engine:
        customer = payer(engine)
        assert assign(engine, customer)[0] == 200
    assert len(seen) == 1


def test_a_card_that_was_declined_is_not_tried_again_by_a_repetition(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    with pytest.raises(CardDeclined):
        assign(engine, customer)
    status, body, was_replayed = assign(engine, customer)
    assert (status, was_replayed) == (402, True)
    assert b'"CARD_DECLINED"' in body
    assert payments(engine, customer) == ["failed"]


def test_what_was_refused_before_it_changed_anything_can_be_sent_again(engine):
    customer = payer(engine)
    assign(engine, customer, key="first")
    for _ in range(2):
        with pytest.raises(SamePlan):
            assign(engine, customer, key="second")
    with engine.read() as tx:
        assert [one["action"] for one in tx.audit.of(customer.id)].count("agreement.create.denied") == 2


@pytest.mark.parametrize("other", [{"path": "/api/v1/user"}, {"query": b"id=kp_other"}])
def test_a_key_of_another_address_is_refused(engine, other):
    customer = payer(engine)
    assign(engine, customer)
    with pytest.raises(IdempotencyMismatch):
        assign(engine, customer, **other)


def test_a_key_of_another_client_is_another_key(engine):
    customer = payer(engine)
    assign(engine, customer)
    with pytest.raises(SamePlan):
        assign(engine, customer, client="another")


def test_answers_are_kept_for_seven_days_and_then_forgotten(engine):
    customer = payer(engine)
    assign(engine, customer)
    advance(engine, days=6, hours=23)
    recover(engine)
    assert assign(engine, customer)[2]
    advance(engine, hours=2)
    recover(engine)
    with pytest.raises(SamePlan):
        assign(engine, customer)


def test_of_many_copies_at_once_one_is_served(engine):
    customer = payer(engine)
    together = threading.Barrier(8)

    def copy(_):
        together.wait()
        try:
            return assign(engine, customer)
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = [answer for answer in pool.map(copy, range(8)) if answer is not None]
    assert [was_replayed for _, _, was_replayed in answers].count(False) == 1
    assert len({body for _, body, _ in answers}) == 1
    assert payments(engine, customer) == ["succeeded"]
    assert len(live(engine, customer)) == 1
