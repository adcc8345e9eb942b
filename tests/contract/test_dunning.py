"""Dunning: what follows an invoice that is not paid, step by step, on a clock that stands still until it is moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import CardDeclined
from billing_sdk.server.domain.collection import BUILT_IN_ID, DunningPolicy
from billing_sdk.server.domain.periods import NO_TIME, Duration
from billing_sdk.server.storage.timers import TimerTaken
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.assign_plan import assign_plan
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.chase_invoice import retry_collection
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.void_invoice import void_invoice
from tests.engines import DECLINED_WHEN_CHARGED, IN_MEMORY, NOON, advance, card, engine_on, events_of, payer

FIRST = NOON + timedelta(days=28)
DAY = timedelta(days=1)


@pytest.fixture
def engine():
    with engine_on(IN_MEMORY) as opened:
        yield opened


@pytest.fixture
def customer(engine):
    """Somebody whose card works once, and is declined from then on."""
    customer = payer(engine)
    subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
    return customer


def go(engine, **units):
    """Let time go by, a day at a time so that everything happens at its own, and do what is due."""
    until = engine.now() + timedelta(**units)
    while engine.now() < until:
        advance(engine, seconds=min(until - engine.now(), DAY).total_seconds())
        run_due(engine)


def stand(engine, customer):
    """How it stands: the agreement's status, whether it grants anything, the last invoice, and what dunning says."""
    with engine.read() as tx:
        [invoice] = tx.invoices.newest_of(customer.id, limit=1)
        agreement = tx.agreements.get(invoice.agreement_id)
        dunning = tx.dunnings.find(invoice.id)
    includes = load_entitlements(engine, user_id=customer.user_id, org_code=None)
    assert bool(includes.plans) is bool(includes.entitlements) is agreement.grants
    return agreement.status, agreement.grants, invoice.status, dunning and (dunning.failures, dunning.outcome)


def attempts(engine, customer):
    """The attempts to collect the newest invoice: how many days after its issue, and what came of each."""
    with engine.read() as tx:
        [invoice] = tx.invoices.newest_of(customer.id, limit=1)
        return [
            ((one.attempted_at - invoice.issued_at).days, one.status) for one in tx.invoices.payments_for(invoice.id)
        ]


def timers(engine, customer):
    with engine.read() as tx:
        return {timer.kind: timer.due_at for timer in tx.timers.of_customer(customer.id) if timer.kind != "accrue"}


def told(engine, customer, *parts):
    return [type_ for type_ in events_of(engine, customer.id) if any(part in type_ for part in parts)]


def test_a_declined_renewal_is_tried_again_on_the_schedule_and_cancelled_in_the_end(engine, customer):
    go(engine, days=28)
    assert stand(engine, customer) == ("active", True, "issued", (1, None))
    assert timers(engine, customer) == {
        "dunning": FIRST + 3 * DAY,
        "grace": FIRST + 14 * DAY,
        "renew": NOON + 59 * DAY,
    }
    go(engine, days=8)
    assert stand(engine, customer) == ("active", True, "issued", (3, None))
    go(engine, days=6)
    assert stand(engine, customer) == ("active", False, "overdue", (3, None))
    go(engine, days=1)
    assert stand(engine, customer) == ("cancelled", False, "overdue", (4, "cancelled"))
    assert attempts(engine, customer) == [(0, "failed"), (3, "failed"), (8, "failed"), (15, "failed")]
    assert timers(engine, customer) == {}
    assert told(engine, customer, "dunning", "overdue", "payment_failed", "cancelled") == [
        "customer.payment_failed",
        "customer.dunning_started",
        "customer.payment_failed",
        "customer.payment_failed",
        "customer.invoice_overdue",
        "customer.payment_failed",
        "customer.agreement_cancelled",
        "customer.dunning_ended",
    ]
    go(engine, days=60)
    assert stand(engine, customer) == ("cancelled", False, "overdue", (4, "cancelled"))


def test_a_retry_that_succeeds_ends_it(engine, customer):
    go(engine, days=28)
    add_card(engine, customer_id=customer.id, card=card())
    go(engine, days=3)
    assert stand(engine, customer) == ("active", True, "paid", (1, "paid"))
    assert attempts(engine, customer) == [(0, "failed"), (3, "succeeded")]
    assert set(timers(engine, customer)) == {"renew"}
    assert told(engine, customer, "dunning") == ["customer.dunning_started", "customer.dunning_ended"]


def test_a_payment_after_the_grace_opens_access_again(engine, customer):
    go(engine, days=28 + 14)
    assert stand(engine, customer) == ("active", False, "overdue", (3, None))
    add_card(engine, customer_id=customer.id, card=card())
    with engine.read() as tx:
        [due] = changes_unpaid(tx, customer, at=engine.now())
    collect_pending(engine, customer_id=customer.id, terms=due.terms)
    assert stand(engine, customer) == ("active", True, "paid", (3, "paid"))
    assert set(timers(engine, customer)) == {"renew"}


def test_what_the_customer_tries_is_no_part_of_the_schedule(engine, customer):
    go(engine, days=28)
    before = timers(engine, customer)
    with engine.read() as tx:
        [due] = changes_unpaid(tx, customer, at=engine.now())
    with pytest.raises(CardDeclined):
        collect_pending(engine, customer_id=customer.id, terms=due.terms)
    assert stand(engine, customer) == ("active", True, "issued", (1, None))
    assert attempts(engine, customer) == [(0, "failed"), (0, "failed")]
    assert timers(engine, customer) == before


@pytest.mark.parametrize(
    ("at_end", "status", "invoice_status", "outcome"),
    [("pause", "paused", "overdue", "paused"), ("mark_uncollectible", "active", "uncollectible", "uncollectible")],
)
def test_the_profile_decides_about_the_end(engine, customer, at_end, status, invoice_status, outcome):
    policy = DunningPolicy((Duration(days=1),), Duration(days=2), at_end)
    update_profile(engine, BUILT_IN_ID, dunning=policy)
    go(engine, days=28 + 1)
    assert stand(engine, customer) == ("active", True, "issued", (2, None))
    go(engine, days=1)
    assert stand(engine, customer) == (status, False, invoice_status, (2, outcome))
    assert ("customer.invoice_uncollectible" in events_of(engine, customer.id)) is (at_end == "mark_uncollectible")


def test_without_retries_and_grace_the_end_comes_at_once(engine, customer):
    update_profile(engine, BUILT_IN_ID, dunning=DunningPolicy((), NO_TIME, "cancel"))
    go(engine, days=28)
    assert stand(engine, customer) == ("cancelled", False, "overdue", (1, "cancelled"))
    assert attempts(engine, customer) == [(0, "failed")]


def test_a_profile_that_changes_later_changes_nothing_for_what_has_begun(engine, customer):
    go(engine, days=28)
    update_profile(engine, BUILT_IN_ID, dunning=DunningPolicy((), NO_TIME, "pause"))
    go(engine, days=15)
    assert stand(engine, customer) == ("cancelled", False, "overdue", (4, "cancelled"))


def test_without_a_card_nothing_is_tried_and_the_rest_is_the_same(engine):
    customer = payer(engine, number=None)
    update_profile(engine, BUILT_IN_ID, dunning=DunningPolicy((Duration(days=1),), Duration(days=5)))
    assign_plan(engine, customer_id=customer.id, plan_key="pro_monthly")
    go(engine, days=28 + 1)
    assert stand(engine, customer) == ("active", True, "overdue", (2, None))
    assert attempts(engine, customer) == []
    go(engine, days=4)
    assert stand(engine, customer) == ("cancelled", False, "overdue", (2, "cancelled"))


class Killed(BaseException):
    """What ends a process is none of the errors that it handles."""


@pytest.mark.parametrize("is_paid", [True, False])
def test_a_process_that_dies_while_the_bank_is_asked_again_leaves_one_attempt(engine, customer, is_paid, monkeypatch):
    go(engine, days=28)
    if is_paid:
        add_card(engine, customer_id=customer.id, card=card())
    advance(engine, days=3)

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(engine.gateway, "collect", die)
        with pytest.raises(Killed):
            run_due(engine)
    advance(engine, minutes=2)
    for _ in range(2):
        settle_left_over_charges(engine)
        run_due(engine)

    assert attempts(engine, customer) == [(0, "failed"), (3, "succeeded" if is_paid else "failed")]
    expected = ("paid", (1, "paid")) if is_paid else ("issued", (2, None))
    assert stand(engine, customer) == ("active", True, *expected)


def test_a_timer_that_runs_again_does_nothing_twice(engine, customer):
    go(engine, days=28)
    advance(engine, days=3)
    with engine.read() as tx:
        [timer] = [timer for timer in tx.timers.of_customer(customer.id) if timer.kind == "dunning"]
    retry_collection(engine, timer)
    with pytest.raises(TimerTaken):
        retry_collection(engine, timer)
    assert attempts(engine, customer) == [(0, "failed"), (3, "failed")]


def test_an_invoice_that_was_paid_meanwhile_is_left_alone(engine, customer):
    go(engine, days=28)
    with engine.read() as tx:
        chasing = [timer for timer in tx.timers.of_customer(customer.id) if timer.kind in ("dunning", "grace")]
        [invoice] = tx.invoices.newest_of(customer.id, limit=1)
    pay_by_other_means(engine, invoice.id, reference="wire 7")
    with engine.begin() as tx:
        for timer in chasing:  # as a process would hold them that has been asleep
            tx.timers.set(timer.kind, timer.subject_id, engine.now(), customer)
    run_due(engine)
    assert stand(engine, customer) == ("active", True, "paid", (1, "paid"))
    assert attempts(engine, customer) == [(0, "failed"), (0, "succeeded")]


def test_an_invoice_that_is_void_is_chased_no_more_and_opens_access(engine, customer):
    go(engine, days=28 + 14)
    assert stand(engine, customer) == ("active", False, "overdue", (3, None))
    with engine.read() as tx:
        [invoice] = tx.invoices.owed_by(customer.id)
    void_invoice(engine, invoice_id=invoice.id)
    assert stand(engine, customer) == ("active", True, "void", (3, "not_owed"))
    assert set(timers(engine, customer)) == {"renew"}


def test_of_two_invoices_both_have_to_be_paid(engine, customer):
    update_profile(engine, BUILT_IN_ID, dunning=DunningPolicy((Duration(days=300),), Duration(days=2)))
    go(engine, days=28 + 31 + 3)
    with engine.read() as tx:
        first, second = tx.invoices.owed_by(customer.id)
    pay_by_other_means(engine, first.id)
    assert stand(engine, customer)[1] is False
    pay_by_other_means(engine, second.id)
    assert stand(engine, customer)[1] is True
