"""How agreements end and rest: cancellation with its policies, pause and resume, and a hook that denies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_sdk.errors import (
    AgreementPaused,
    CancellationDenied,
    CardDeclined,
    NotPausable,
    NotPaused,
    PaymentMethodRequired,
    PaymentRequired,
    SelectionDenied,
)
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.hooks import Denied, Hooks
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.pause_agreement import pause_agreement, resume_agreement
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.reserve_usage import reserve_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.agreements import (
    balance_of,
    bills,
    decide,
    invoices_of,
    live,
    rows,
    sell,
    stored,
    timers_of,
)
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer

END = NOON + timedelta(days=28)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def customer(engine):
    return payer(engine)


def used_half(engine, customer):
    """Return an agreement that has half of its period behind it, and usage for two dollars."""
    agreement = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="10000")
    advance(engine, days=14)
    return agreement


@pytest.mark.parametrize(
    ("policies", "asked", "lines", "balance"),
    [
        pytest.param({}, {}, [], 0, id="by default nothing is charged and nothing given back"),
        pytest.param({"unpaid_usage": "charge"}, {}, [200], 0, id="usage by the policy"),
        pytest.param({}, {"is_invoice_now": True}, [200], 0, id="usage by the call"),
        pytest.param({"unpaid_usage": "charge"}, {"is_invoice_now": False}, [], 0, id="usage forgiven by the call"),
        pytest.param({"unused_days": "refund"}, {}, [-4_950, 4_950], 4_950, id="days by the policy"),
        pytest.param({}, {"is_prorate": True}, [-4_950, 4_950], 4_950, id="days by the call"),
        pytest.param({"unused_days": "refund"}, {"is_prorate": False}, [], 0, id="days kept by the call"),
        pytest.param(
            {}, {"is_prorate": True, "is_invoice_now": True}, [200, -4_950, 4_750], 4_750, id="one against the other"
        ),
    ],
)
def test_a_cancellation_settles_by_the_policies_or_as_the_call_says(engine, customer, policies, asked, lines, balance):
    decide(engine, **policies)
    agreement = used_half(engine, customer)

    ended = cancel_agreement(engine, agreement_id=agreement.id, **asked)

    assert (ended.status, timers_of(engine, customer)) == ("cancelled", {})
    last = [line.amount.minor for invoice in invoices_of(engine, customer)[1:] for line in invoice.lines]
    assert (last, balance_of(engine, customer)) == (lines, balance)
    assert all(status == "paid" for status, _ in bills(engine, customer))


def test_what_was_asked_for_with_a_planned_cancellation_is_kept_to(engine, customer):
    agreement = used_half(engine, customer)
    when = engine.now() + timedelta(days=7)

    asked = {"is_prorate": True, "is_invoice_now": True, "source": "api", "actor": "shop"}
    cancel_agreement(engine, agreement_id=agreement.id, timing=when, **asked)
    advance(engine, days=7)
    run_due(engine)

    assert [line.amount.minor for line in invoices_of(engine, customer)[-1].lines] == [200, -2_475, 2_275]
    with engine.read() as tx:
        (ended,) = [event for event in tx.outbox.list(customer_id=customer.id) if event.type.endswith("cancelled")]
        (record, *_) = [one for one in tx.audit.of(agreement.id) if one["action"] == "agreement.cancel"]
    assert (ended.source, record["actor"]) == ("api", "shop")


@pytest.mark.parametrize("number", [DECLINED_WHEN_CHARGED, None])
def test_what_is_owed_at_the_end_keeps_nobody_from_leaving(engine, number):
    customer = payer(engine, "bob@example.com", number=number)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="pay_as_you_go")
    record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="110000")
    advance(engine, days=1)

    ended = cancel_agreement(engine, agreement_id=agreement.id, is_invoice_now=True)

    assert ended.status == stored(engine, agreement).status == "cancelled"
    assert bills(engine, customer) == [("issued" if number else "overdue", 2_900)]


@pytest.mark.attack(194)
def test_credit_pays_later_invoices_first(engine, customer):
    agreement = used_half(engine, customer)
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    assert bills(engine, customer)[-1] == ("paid", 0)
    assert balance_of(engine, customer) == 4_950 - 2_900

    advance(engine, days=31)
    run_due(engine)
    assert bills(engine, customer)[-1] == ("paid", 2_900 - 2_050)
    assert balance_of(engine, customer) == 0


@pytest.mark.attack(194)
def test_credit_that_a_declined_charge_would_have_used_is_given_back(engine, customer):
    agreement = used_half(engine, customer)
    cancel_agreement(engine, agreement_id=agreement.id, is_prorate=True)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    with pytest.raises(CardDeclined):
        subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")

    assert balance_of(engine, customer) == 4_950
    add_card(engine, customer_id=customer.id, card=card())
    subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    assert (bills(engine, customer)[-1], balance_of(engine, customer)) == (("paid", 4_950), 0)


def test_a_cheaper_plan_keeps_the_rest_of_what_was_paid_as_credit(engine, customer):
    used_half(engine, customer)

    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(is_prorate=True))

    assert [line.amount.minor for line in invoices_of(engine, customer)[-1].lines] == [2_900, -4_950, 2_050]
    assert balance_of(engine, customer) == 2_050


def test_paused_nothing_is_included_counted_or_charged(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    paused = pause_agreement(engine, agreement_id=agreement.id)

    assert (paused.status, paused.paused_at, timers_of(engine, customer)) == ("paused", NOON, {})
    shown = load_entitlements(engine, user_id=customer.user_id, org_code=None)
    assert (shown.entitlements, shown.plans) == ((), ())
    with pytest.raises(AgreementPaused):
        record_usage(engine, agreement_id=agreement.id, feature_key="ai_tokens", value="1")
    with pytest.raises(PaymentRequired):
        reserve_usage(engine, feature_key="ai_tokens", units="1", agreement_id=agreement.id)
    advance(engine, days=90)
    assert run_due(engine) == 0
    assert bills(engine, customer) == [("paid", 2_900)]
    assert events_of(engine, customer.id)[-1] == "customer.agreement_paused"


def test_a_pause_within_a_paid_period_costs_nothing_when_it_ends(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=10)

    resumed = resume_agreement(engine, agreement_id=agreement.id)

    assert replace(resumed, number_changes=(), pauses=()) == agreement
    assert timers_of(engine, customer) == {"renew": END}
    assert (bills(engine, customer), events_of(engine, customer.id)[-1]) == (
        [("paid", 2_900)],
        "customer.agreement_resumed",
    )


@pytest.mark.parametrize(("proration", "amount"), [("second", 1_450), ("day", 1_353)])
def test_the_rest_of_a_later_period_is_charged_by_the_policy_for_proration(engine, customer, proration, amount):
    """Of the 30 days from 31 March to 30 April half are left at noon of 15 April, and 14 whole days."""
    decide(engine, proration=proration)
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=74)  # noon of 15 April

    resumed = resume_agreement(engine, agreement_id=agreement.id)

    assert bills(engine, customer) == [("paid", 2_900), ("paid", amount)]
    assert timers_of(engine, customer) == {"renew": resumed.billed_until}
    assert f"{resumed.billed_until:%m-%d %H}" == "04-30 12"


def test_a_declined_card_leaves_the_agreement_paused(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=40)
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))

    with pytest.raises(CardDeclined):
        resume_agreement(engine, agreement_id=agreement.id)

    assert stored(engine, agreement).status == "paused"


def test_usage_from_before_a_pause_is_charged_once_its_period_is_over(engine, customer):
    agreement = used_half(engine, customer)
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=45 - 14)  # 17 March: the period of the usage ended on 28 February

    resume_agreement(engine, agreement_id=agreement.id)

    lines = invoices_of(engine, customer)[-1].lines
    assert [(line.kind, line.amount.minor) for line in lines if line.kind == "usage"] == [("usage", 200)]


def test_what_can_not_be_paused_or_resumed_is_refused_by_name(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="starter")
    before = rows(engine)
    with pytest.raises(NotPausable):
        pause_agreement(engine, agreement_id=agreement.id)
    with pytest.raises(NotPaused):
        resume_agreement(engine, agreement_id=agreement.id)
    assert rows(engine) == before

    other = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    pause_agreement(engine, agreement_id=other.id)
    before = rows(engine)
    with pytest.raises(AgreementPaused):
        pause_agreement(engine, agreement_id=other.id)
    assert rows(engine) == before


def test_a_paused_agreement_can_be_cancelled_or_replaced(engine, customer):
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    pause_agreement(engine, agreement_id=agreement.id)

    other = subscribe(engine, customer_id=customer.id, plan_key="enterprise_monthly")
    pause_agreement(engine, agreement_id=other.id)
    cancel_agreement(engine, agreement_id=other.id)

    assert (stored(engine, agreement).status, stored(engine, other).status) == ("replaced", "cancelled")


def test_without_a_card_a_plan_that_costs_something_is_not_resumed(engine):
    customer = payer(engine, "bob@example.com", number=None)
    sell(engine, "cheap", flat=100)
    agreement = assign_plan(engine, customer_id=customer.id, plan_key="cheap")
    with engine.begin() as tx:
        tx.agreements.save(replace(agreement, is_unpaid=False))
    pause_agreement(engine, agreement_id=agreement.id)
    advance(engine, days=40)

    with pytest.raises(PaymentMethodRequired):
        resume_agreement(engine, agreement_id=agreement.id)


@pytest.mark.parametrize("verdict", ["you owe us a robot", Denied("you owe us a robot")])
def test_a_hook_denies_a_cancellation_with_its_reason(engine, customer, verdict):
    asked = []
    strict = replace(engine, hooks=Hooks(cancellation=lambda request: asked.append(request) or verdict))
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    before = rows(engine)

    with pytest.raises(CancellationDenied) as denied:
        cancel_agreement(strict, agreement_id=agreement.id, timing="period_end")

    assert (denied.value.facts["reason"], rows(engine)) == ("you owe us a robot", before)
    assert [(request.agreement, request.ends_at, request.source) for request in asked] == [(agreement, END, "user")]


def fails(_request):
    raise RuntimeError("out of order")


@pytest.mark.parametrize("hook", [fails, lambda _request: False])
def test_a_broken_hook_keeps_nobody_in_and_lets_nobody_through_and_is_logged(engine, customer, hook, caplog):
    broken = replace(engine, hooks=Hooks(cancellation=hook, selection=hook))
    agreement = subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

    with pytest.raises(SelectionDenied):
        subscribe(broken, customer_id=customer.id, plan_key="free")
    assert cancel_agreement(broken, agreement_id=agreement.id).status == "cancelled"

    assert [record.levelname for record in caplog.records if "hook" in record.message] == ["ERROR", "ERROR"]


def test_a_hook_denies_a_plan_and_suggests_others(engine, customer):
    def only_small(request):
        return None if request.plan_key == "free" else Denied("too large for you", ("free",))

    strict = replace(engine, hooks=Hooks(selection=only_small))
    before = rows(engine)

    with pytest.raises(SelectionDenied) as denied:
        subscribe(strict, customer_id=customer.id, plan_key="pro_monthly")

    assert (denied.value.facts, rows(engine)) == ({"reason": "too large for you", "suggestions": ["free"]}, before)
    assert subscribe(strict, customer_id=customer.id, plan_key="free") == live(engine, customer)
