"""Subscribing, changing and cancelling: what is agreed to, charged, invoiced, announced and recorded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk.errors import (
    AgreementNotLive,
    CardDeclined,
    Conflict,
    NotFound,
    PaymentMethodRequired,
    PlanMismatch,
    SamePlan,
    UnknownPlan,
    Unreachable,
)
from billing_sdk.money import Money
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import DECLINED_WHEN_CHARGED, NOON, advance, card, engine_on, events_of, payer


class UnsteadyGateway(ManagedGateway):
    """A processor whose answer is lost once, after the money has moved."""

    def __init__(self) -> None:
        super().__init__()
        self.collected: set[str] = set()
        self.loses_next_answer = True

    def collect(self, bill, *, idempotency_key):
        charge = super().collect(bill, idempotency_key=idempotency_key)
        self.collected.add(charge.reference)
        if self.loses_next_answer:
            self.loses_next_answer = False
            raise Unreachable("the answer was lost")
        return charge


def invoices_of(engine, customer):
    with engine.read() as tx:
        return tx.invoices.page(customer_id=customer.id).items


def payments_of(engine, customer):
    with engine.read() as tx:
        return tx.invoices.list_payments(customer_id=customer.id).items


def live_of(engine, customer):
    with engine.read() as tx:
        return [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]


def test_a_paid_plan_is_charged_invoiced_and_announced_in_one_go(engine):
    customer = payer(engine)

    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    (invoice,) = invoices_of(engine, customer)
    (payment,) = payments_of(engine, customer)
    assert live_of(engine, customer) == ["pro_monthly"]
    assert (invoice.number, invoice.amount, invoice.payment_id) == ("INV-000001", Money(2_900, "USD"), payment.id)
    assert (invoice.agreement_id, payment.status, payment.attempted_at) == (agreement.id, "succeeded", NOON)
    assert events_of(engine, customer.id) == [
        "customer.agreement_created",
        "customer.plan_assigned",
        "customer.invoice_issued",
        "customer.payment_succeeded",
    ]


def test_a_free_plan_needs_no_card_and_makes_no_invoice(engine):
    customer = payer(engine, number=None)

    subscribe(engine, customer_id=customer.id, plan_key="free")

    assert live_of(engine, customer) == ["free"]
    assert invoices_of(engine, customer) == ()


def test_a_change_replaces_the_plan_of_the_group_and_says_which(engine):
    customer = payer(engine)
    first = subscribe(engine, customer_id=customer.id, plan_key="free")
    advance(engine, days=3)

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    with engine.read() as tx:
        before = tx.agreements.get(first.id)
        changed = tx.outbox.list(customer_id=customer.id, types=["customer.plan_changed"])
    assert (before.status, before.ended_at) == ("replaced", engine.now())
    assert live_of(engine, customer) == ["pro_monthly"]
    assert [(event.data["previous_plan"]["key"], event.data["plan"]["key"]) for event in changed] == [
        ("free", "pro_monthly")
    ]
    assert events_of(engine, customer.id) == [
        "customer.agreement_created",
        "customer.plan_assigned",
        "customer.agreement_created",
        "customer.plan_changed",
        "customer.invoice_issued",
        "customer.payment_succeeded",
    ]


def test_a_declined_charge_leaves_the_old_plan_and_a_failed_payment(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)

    with pytest.raises(CardDeclined) as declined:
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    (payment,) = payments_of(engine, customer)
    assert declined.value.facts["decline_code"] == "generic_decline"
    assert (payment.status, payment.decline_code, payment.amount) == ("failed", "generic_decline", Money(2_900, "USD"))
    assert live_of(engine, customer) == []
    assert invoices_of(engine, customer) == ()
    assert events_of(engine, customer.id) == ["customer.payment_failed"]


def test_a_good_card_after_a_declined_one_pays(engine):
    customer = payer(engine, number=DECLINED_WHEN_CHARGED)
    with pytest.raises(CardDeclined):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    add_card(engine, customer_id=customer.id, card=card())
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    assert [invoice.number for invoice in invoices_of(engine, customer)] == ["INV-000001"]


@pytest.mark.parametrize(
    ("plan_key", "number", "refusal"),
    [
        ("pro_monthly", None, PaymentMethodRequired),
        ("nonsense", "4242424242424242", UnknownPlan),
        ("team_pro", "4242424242424242", PlanMismatch),
    ],
)
def test_what_can_not_be_had_is_refused_recorded_and_changes_nothing(engine, plan_key, number, refusal):
    customer = payer(engine, number=number)

    with pytest.raises(refusal):
        subscribe(engine, customer_id=customer.id, plan_key=plan_key)

    with engine.read() as tx:
        actions = [record["action"] for record in tx.audit.of(customer.id)]
    assert live_of(engine, customer) == []
    assert payments_of(engine, customer) == ()
    assert events_of(engine, customer.id) == []
    assert actions[-1] == "agreement.create.denied"


def test_a_plan_that_is_not_published_can_not_be_chosen(engine):
    customer = payer(engine)
    with engine.begin() as tx:
        tx.catalog.save_plan(replace(tx.catalog.get_plan("pro_monthly"), status="archived"))

    with pytest.raises(UnknownPlan):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")


@pytest.mark.attack(166)
def test_the_plan_that_the_customer_is_on_is_refused(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    with pytest.raises(SamePlan):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    assert len(payments_of(engine, customer)) == 1


def test_an_unknown_customer_is_not_found(engine):
    with pytest.raises(NotFound):
        subscribe(engine, customer_id="customer_0", plan_key="free")


def test_a_change_credits_unused_time_where_that_is_asked_for(engine):
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, days=14)  # of the 28 days from 31 January to 28 February

    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly", options=ChangeOptions(is_prorate=True))

    assert [line.amount.minor for line in invoices_of(engine, customer)[-1].lines] == [9_900, -1_450]


def test_a_change_forgives_and_credits_nothing_by_itself(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    assert [line.amount.minor for line in invoices_of(engine, customer)[-1].lines] == [2_900]


def test_a_change_charges_what_was_used_where_that_is_asked_for(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")

    subscribe(engine, customer_id=customer.id, plan_key="free", options=ChangeOptions(is_invoice_now=True))

    assert [line.amount.minor for line in invoices_of(engine, customer)[-1].lines] == [200]


def test_cancelling_ends_the_plan_at_once(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, hours=1)

    ended = cancel_agreement(engine, agreement_id=agreement.id)

    view = load_entitlements(engine, user_id=customer.user_id, org_code=None)
    assert (ended.status, ended.ended_at) == ("cancelled", engine.now())
    assert (view.plans, view.entitlements) == ((), ())
    assert events_of(engine, customer.id)[-1] == "customer.agreement_cancelled"


def test_cancelling_again_is_refused_and_announced_once(engine):
    customer = payer(engine)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
    cancel_agreement(engine, agreement_id=agreement.id)

    with pytest.raises(AgreementNotLive):
        cancel_agreement(engine, agreement_id=agreement.id)

    assert events_of(engine, customer.id).count("customer.agreement_cancelled") == 1


def test_whoever_cancelled_can_subscribe_anew(engine):
    customer = payer(engine)
    cancel_agreement(engine, agreement_id=subscribe(engine, customer_id=customer.id, plan_key="pro_monthly").id)

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    assert [invoice.number for invoice in invoices_of(engine, customer)] == ["INV-000001", "INV-000002"]


def test_a_lost_answer_blocks_until_it_is_asked_for_again_and_collects_once(database_url):
    gateway = UnsteadyGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        with pytest.raises(Unreachable):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        assert live_of(engine, customer) == []

        # The next attempt learns first that the one before has succeeded.
        with pytest.raises(SamePlan):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

        assert live_of(engine, customer) == ["pro_monthly"]
        assert [payment.status for payment in payments_of(engine, customer)] == ["succeeded"]
        assert len(gateway.collected) == 1


def test_a_charge_left_over_by_a_dead_process_is_settled_at_the_next_start(database_url):
    gateway = UnsteadyGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        with pytest.raises(Unreachable):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

        recover(engine)
        recover(engine)

        assert live_of(engine, customer) == ["pro_monthly"]
        assert len(gateway.collected) == 1


def test_while_a_charge_is_under_way_the_plan_can_neither_change_nor_end(database_url):
    with engine_on(database_url) as engine:
        customer = payer(engine)
        agreement = subscribe(engine, customer_id=customer.id, plan_key="free")
        refusals = []

        class Meanwhile(ManagedGateway):
            def collect(self, bill, *, idempotency_key):
                for act in (
                    lambda: subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly"),
                    lambda: cancel_agreement(engine, agreement_id=agreement.id),
                ):
                    with pytest.raises(Conflict) as refusal:
                        act()
                    refusals.append(refusal.value.code)
                return super().collect(bill, idempotency_key=idempotency_key)

        slow = replace(engine, gateway=Meanwhile())
        with engine.read() as tx:
            assert tx.customers.find_payment_method(customer.id) is not None
        subscribe(slow, customer_id=customer.id, plan_key="pro_monthly")

        assert refusals == ["conflict", "conflict"]
        assert live_of(engine, customer) == ["pro_monthly"]


def test_a_gateway_out_of_reach_does_not_keep_the_server_from_starting(database_url):
    gateway = UnsteadyGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        with pytest.raises(Unreachable):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        gateway.loses_next_answer = True

        recover(engine)
        assert live_of(engine, customer) == []
        recover(engine)

        assert live_of(engine, customer) == ["pro_monthly"]
        assert len(gateway.collected) == 1
