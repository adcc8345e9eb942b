"""What Stripe sends here: who may send, what is done about it once, and what becomes of what can't be done yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import AuthenticationRequired
from billing_sdk.server.gateways.stripe.accounts import EVENTS
from billing_sdk.server.settings import NO_LIMITS
from billing_sdk.server.usecases.catch_up_events import list_missed_events, rest_after, take_up_events
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.take_gateway_event import HANDLERS
from billing_sdk.testing.stripe import Fault
from billing_sdk.testing.stripe.webhooks import signature
from tests.stripe_hooks import PLATFORM, Hooked, confirm, hooked, pay_on_page

ASKS, MASTERCARD = "4000002760003184", "5555555555554444"


@pytest.fixture(scope="module")
def world() -> Iterator[Hooked]:
    with hooked() as made:
        yield made


def event(world: Hooked, **changes: Any) -> bytes:
    told = {
        "id": f"evt_{next(world.numbers)}",
        "object": "event",
        "type": "customer.updated",
        "created": int(world.engine.now().timestamp()),
        "livemode": False,
        "data": {"object": {"id": "cus_nobody", "object": "customer"}},
    }
    return json.dumps(told | changes).encode()


def sent(world: Hooked, body: bytes, *, at: int = 0, header: str | None = None) -> tuple[int, str]:
    """Send a body with a signature of some seconds from now, and return the status and what is said."""
    with world.engine.read() as tx:
        secret = tx.payment_apps.secret_of(world.app_id, "webhook_secret")
    assert secret is not None
    header = signature(body, secret.reveal(), int(world.engine.now().timestamp()) + at) if header is None else header
    answer = world.post(f"/stripe/webhooks/{world.app_id}", body, {"Stripe-Signature": header})
    told = answer.json()
    return answer.status_code, str(told.get("outcome") or told.get("code") or told)


def test_every_event_that_is_asked_for_is_handled():
    assert set(EVENTS) - HANDLERS.keys() == set()


def test_what_is_signed_with_the_secret_of_the_endpoint_is_taken(world):
    assert sent(world, event(world)) == (200, "not_managed")
    assert sent(world, event(world), at=-299) == (200, "not_managed")
    assert sent(world, event(world, type="product.created")) == (200, "not_managed")


@pytest.mark.attack(179)
@pytest.mark.parametrize(
    "changes",
    [{"livemode": True}, {"account": "acct_somebody"}, {"data": None}, {"id": "x" * 300}, {"created": "yesterday"}],
)
def test_an_event_of_another_mode_or_account_or_none_at_all_is_refused(world, changes):
    status, said = sent(world, event(world, **changes))
    assert (status, "webhook_refused" in said) == (400, True)


@pytest.mark.attack(180)
def test_what_is_not_signed_or_is_old_or_from_the_future_is_refused(world):
    for options in ({"at": -301}, {"at": 301}, {"header": ""}, {"header": "t=1,v1=00"}):
        status, said = sent(world, event(world), **options)
        assert (status, "webhook_refused" in said) == (400, True)


@pytest.mark.attack(100)
def test_a_body_that_is_too_large_or_no_json_of_one_meaning_is_refused(world):
    assert sent(world, b'{"id": "' + b"a" * 524_288 + b'"}')[0] == 413
    assert sent(world, b"[" * 100_000)[0] == 400
    assert sent(world, b'{"id": 1, "id": 2}')[0] == 400
    assert sent(world, b"\xff")[0] == 400


def test_nobody_takes_events_for_an_app_that_there_is_not(world):
    for path in ("/stripe/webhooks/app_nowhere", "/stripe/webhooks/app_default"):
        assert world.post(path, event(world), {"Stripe-Signature": "t=1,v1=00"}).status_code == 404


def test_who_sends_many_that_are_not_signed_has_to_wait(world):
    limited = replace(world.engine.settings, **(dict(NO_LIMITS) | {"refused_requests_per_minute": 3}))
    world.door.state.engine = replace(world.engine, settings=limited)
    try:
        statuses = [sent(world, event(world), header="t=1,v1=00")[0] for _ in range(5)]
    finally:
        world.door.state.engine = world.engine
    assert statuses == [400, 400, 400, 429, 429]


def test_an_endpoint_that_was_registered_by_hand_has_the_secret_of_the_settings(world):
    by_hand = replace(world.engine.settings, stripe_webhook_secret=Secret("whsec_by_hand"))
    body, at = event(world), int(world.engine.now().timestamp())
    with world.engine.read() as tx:
        own = tx.payment_apps.secret_of(world.app_id, "webhook_secret")
    world.door.state.engine = replace(world.engine, settings=by_hand)
    try:
        assert sent(world, body, header=signature(body, "whsec_by_hand", at))[0] == 400  # the app has one of its own
        with world.engine.begin() as tx:
            tx.payment_apps.keep_secret(world.app_id, "webhook_secret", None)
        header = signature(body, "whsec_by_hand", at)
        answer = world.post(f"/stripe/webhooks/{world.app_id}", body, {"Stripe-Signature": header})
        assert answer.status_code == 200
    finally:
        with world.engine.begin() as tx:
            tx.payment_apps.keep_secret(world.app_id, "webhook_secret", own)
        world.door.state.engine = world.engine


def test_an_invoice_that_its_payer_pays_on_stripes_page_is_paid_here_by_the_webhook_alone(world):
    invoice, remote = world.sent_invoice()
    world.forget()
    pay_on_page(remote)
    answers = world.deliver()
    assert {status for _, status in answers} == {200}
    paid = world.invoice(invoice.id)
    assert (invoice.status, paid.status) == ("issued", "paid")
    with world.engine.read() as tx:
        payment = tx.invoices.get_payment(paid.payment_id or "")
    assert (payment.amount.minor, payment.gateway, payment.gateway_reference is not None) == (5_000, PLATFORM, True)


def test_a_payment_that_is_confirmed_an_hour_later_makes_its_change_true_by_the_webhook_alone(world):
    customer_id = world.customer(ASKS)
    with pytest.raises(AuthenticationRequired) as refused:
        change_plan(world.engine, customer_id=customer_id, plan_key="pro_monthly")
    world.deliver()
    world.pass_time(hours=1)
    confirm(str(refused.value.facts["url"]))
    assert {status for _, status in world.deliver()} == {200}
    assert (world.newest(customer_id).status, world.newest(customer_id).amount.minor) == ("paid", 2_900)
    with world.engine.read() as tx:
        assert [one.plan_key for one in tx.agreements.of_customer(customer_id)] == ["pro_monthly"]
        assert tx.charges.of_customer(customer_id) == ()


def move(world: Hooked, remote: dict[str, Any], end: str) -> None:
    """Do something about an invoice in Stripe's dashboard."""
    invoices = world.client.v1.invoices
    match end:
        case "void":
            invoices.void_invoice(remote["id"])
        case "uncollectible":
            invoices.mark_uncollectible(remote["id"])
        case "paid":
            invoices.pay(remote["id"], {"paid_out_of_band": True})


@pytest.mark.parametrize("end", ["void", "uncollectible", "paid"])
def test_what_is_done_about_an_invoice_in_stripes_dashboard_is_done_here_once(world, end):
    invoice, remote = world.sent_invoice()
    world.forget()
    world.stripe.webhooks.duplicate()
    move(world, remote, end)
    world.deliver()
    world.stripe.webhooks.behave()
    assert world.invoice(invoice.id).status == end
    with world.engine.read() as tx:
        actions = [record["action"] for record in tx.audit.of(invoice.id)]
    assert len(actions) == len(set(actions))


def test_an_invoice_that_falls_due_there_falls_due_here_and_dunning_begins(world):
    invoice, _ = world.sent_invoice()
    world.forget()
    world.stripe.clock.advance(days=11)
    # Our own timer has not run yet.
    world.engine.clock.advance(days=11)
    world.deliver()
    assert world.invoice(invoice.id).status == "overdue"
    with world.engine.read() as tx:
        assert tx.dunnings.find(invoice.id) is not None


@pytest.mark.attack(178)
def test_an_invoice_that_is_paid_with_another_amount_is_not_paid_here_and_somebody_is_told_once(world):
    invoice, remote = world.sent_invoice()
    world.forget()
    note = {"invoice": remote["id"], "amount": 1_000, "reason": "order_change"}
    world.client.v1.credit_notes.create(note)  # type: ignore[arg-type]  # the type of it is a literal
    pay_on_page(remote)
    world.deliver()
    assert world.invoice(invoice.id).status == "issued"
    with world.engine.read() as tx:
        told = [record["action"] for record in tx.audit.of(invoice.id)]
    assert told.count("payment.mismatch") == 1


def test_a_card_that_was_left_at_checkout_is_kept_although_nobody_came_back(world):
    customer_id = world.customer(card=None)
    world.checkout(customer_id)
    assert world.last4(customer_id) is None
    world.deliver()
    assert world.last4(customer_id) == "4242"


def test_a_card_that_was_left_later_stays_what_is_charged_although_the_earlier_one_is_told_of_after_it(world):
    customer_id = world.customer(card=None)
    world.checkout(customer_id, MASTERCARD)
    late = world.stripe.webhooks.waiting[:]
    world.forget()
    world.pass_time(minutes=5)
    world.checkout(customer_id)
    world.deliver()
    world.stripe.webhooks.waiting = late
    world.deliver()
    assert world.last4(customer_id) == "4242"


def test_a_card_that_is_taken_away_there_is_charged_no_more(world):
    customer_id = world.customer()
    with world.engine.read() as tx:
        method = tx.customers.find_payment_method(customer_id)
    assert method is not None
    world.client.v1.payment_methods.update(method.gateway_token, {"card": {"exp_month": 1, "exp_year": 2039}})
    world.client.v1.payment_methods.detach(method.gateway_token)
    world.deliver()
    assert world.last4(customer_id) is None


def test_a_card_that_its_bank_has_renewed_shows_its_new_date(world):
    customer_id = world.customer()
    with world.engine.read() as tx:
        method = tx.customers.find_payment_method(customer_id)
    assert method is not None
    world.client.v1.payment_methods.update(method.gateway_token, {"card": {"exp_month": 1, "exp_year": 2039}})
    body = event(
        world,
        type="payment_method.automatically_updated",
        data={"object": {"id": method.gateway_token, "object": "payment_method"}},
    )
    assert sent(world, body) == (200, "kept")
    with world.engine.read() as tx:
        after = tx.customers.find_payment_method(customer_id)
    assert after is not None
    assert (after.exp_month, after.exp_year) == (1, 2039)


def test_a_customer_that_is_deleted_there_has_no_card_and_is_made_anew_with_the_next_bill(world):
    customer_id = world.customer()
    world.deliver()
    with world.engine.read() as tx:
        known = tx.remote_objects.find(world.app_id, "customer", customer_id)
    assert known is not None
    world.client.v1.customers.delete(known.remote_id or "")
    world.deliver()
    assert world.last4(customer_id) is None
    world.checkout(customer_id)
    world.deliver()
    assert world.last4(customer_id) == "4242"


def test_a_card_that_was_left_for_somebody_elses_purpose_is_not_charged_here(world):
    customer_id = world.customer()
    with world.engine.read() as tx:
        known = tx.remote_objects.find(world.app_id, "customer", customer_id)
    assert known is not None
    wanted = {"mode": "setup", "customer": known.remote_id, "success_url": "https://shop.example/", "currency": "usd"}
    session = world.client.v1.checkout.sessions.create(wanted)
    world.stripe.complete_checkout(session.id, MASTERCARD)
    world.deliver()
    assert world.last4(customer_id) == "4242"


def test_disputes_and_refunds_that_are_made_there_are_taken(world):
    customer_id = world.customer()
    change_plan(world.engine, customer_id=customer_id, plan_key="pro_monthly")
    invoice = world.newest(customer_id)
    with world.engine.read() as tx:
        reference = tx.invoices.get_payment(invoice.payment_id or "").gateway_reference or ""
    world.client.v1.refunds.create({"payment_intent": reference, "amount": 900})
    world.deliver()
    world.stripe.dispute(reference, amount=500)
    assert {status for _, status in world.deliver()} == {200}
    with world.engine.read() as tx:
        assert [note.amount.minor for note in tx.credit_notes.of_invoice(invoice.id)] == [900]
        assert [one.amount.minor for one in tx.disputes.page(invoice_id=invoice.id).items] == [500]


def test_an_event_that_can_not_be_handled_is_sent_again_and_handled_then(world):
    invoice, remote = world.sent_invoice()
    world.forget()
    pay_on_page(remote)
    world.stripe.faults.script([Fault("error_503", match="GET /v1/*", times=99)])
    assert {status for name, status in world.deliver() if name == "invoice.paid"} == {503}
    world.stripe.faults.clear()
    world.pass_time(minutes=2)
    assert {status for _, status in world.deliver()} == {200}
    assert world.invoice(invoice.id).status == "paid"


def test_an_event_that_is_not_sent_again_is_taken_up_a_minute_later(world):
    invoice, remote = world.sent_invoice()
    world.forget()
    pay_on_page(remote)
    world.stripe.faults.script([Fault("error_503", match="GET /v1/*", times=99)])
    world.deliver()
    world.stripe.faults.clear()
    world.forget()
    take_up_events(world.engine)
    assert world.invoice(invoice.id).status == "issued"
    world.pass_time(minutes=2)
    take_up_events(world.engine)
    assert world.invoice(invoice.id).status == "paid"


def test_an_event_that_nobody_can_handle_is_given_up_after_three_days(world):
    _, remote = world.sent_invoice()
    world.forget()
    pay_on_page(remote)
    world.stripe.faults.script([Fault("error_503", match="GET /v1/invoices/*", times=999)])
    world.deliver()
    world.forget()
    world.pass_time(days=4)
    take_up_events(world.engine)
    world.stripe.faults.clear()
    with world.engine.read() as tx:
        assert tx.gateway_events.unhandled(before=world.engine.now(), limit=9) == ()
    assert ("invoice.paid", "given_up") in world.outcomes()


def test_the_rest_of_an_event_grows_up_to_six_hours():
    assert [rest_after(attempts).total_seconds() / 60 for attempts in (0, 1, 2, 3, 9, 99)] == [1, 1, 2, 4, 256, 360]


def test_events_that_never_came_are_asked_for_once_an_hour(world):
    list_missed_events(world.engine)
    invoice, remote = world.sent_invoice()
    pay_on_page(remote)
    world.forget()
    list_missed_events(world.engine)
    asked = len([entry for entry in world.stripe.log if entry.path.startswith("/v1/events")])
    assert world.invoice(invoice.id).status == "issued"
    world.pass_time(hours=2)
    for _ in range(2):
        list_missed_events(world.engine)
    assert world.invoice(invoice.id).status == "paid"
    assert len([entry for entry in world.stripe.log if entry.path.startswith("/v1/events")]) == asked + 1


def test_while_billing_is_off_events_are_answered_and_change_nothing(world):
    _, remote = world.sent_invoice()
    world.forget()
    pay_on_page(remote)
    run_due(world.engine)
    before, asked = len(world.outcomes()), len(world.stripe.log)
    with world.engine.begin() as tx:
        tx.workspace.save(tx.workspace.get().disabled())
    world.pass_time(seconds=2)
    try:
        assert {status for _, status in world.deliver()} == {200}
        assert sent(world, event(world)) == (200, "billing_off")
        assert (len(world.outcomes()), len(world.stripe.log)) == (before, asked)
    finally:
        enable_billing(world.engine, gateway=PLATFORM, actor="operator")
        world.pass_time(seconds=2)
