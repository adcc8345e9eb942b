"""Checkout sessions of v1: a page that pays and subscribes, once."""

from __future__ import annotations

import pytest

from billing_sdk.errors import CardDeclined, CheckoutOver, PriceChanged
from billing_sdk.money import Money
from billing_sdk.server.usecases import complete_checkout
from billing_sdk.server.usecases.complete_checkout import go_on, know_payer, pay_session, settle_checkouts
from billing_sdk.server.usecases.confirm_payment import confirm_payment
from billing_sdk.server.usecases.run_due import run_due
from tests.contract.stripe_door.door import Door, new_door
from tests.contract.stripe_door.hybrid import hybrid_plan
from tests.engines import DECLINED_WHEN_CHARGED, advance, card

COMPONENT = "monthly-fee-component"
SUCCESS = "https://example.com/success?session={CHECKOUT_SESSION_ID}"


@pytest.fixture(scope="module")
def plan(door: Door):
    return hybrid_plan(door.engine, seat=50_000)


def session_of(door: Door, plan, *, quantity=1, component=COMPONENT, **more):
    item = {
        "type": "pricing_plan_subscription_item",
        "pricing_plan_subscription_item": {
            "pricing_plan": plan.key,
            "metadata": {"my_user_id": "7"},
            "component_configurations": {
                component: {"type": "license_fee_component", "license_fee_component": {"quantity": quantity}}
            },
        },
    }
    return door.v1.post("/checkout/sessions", {"checkout_items": [item], **more})


def ours(session) -> str:
    return session["id"].replace("cs_test_", "checkoutsession_")


def test_a_session_without_a_customer_makes_one_pays_and_subscribes(door: Door, plan) -> None:
    session = session_of(door, plan, quantity=2, success_url=SUCCESS, cancel_url="https://example.com/cancel")
    assert (session["status"], session["payment_status"], session["customer"]) == ("open", "unpaid", None)
    assert (session["amount_subtotal"], session["amount_total"], session["currency"]) == (100_000, 100_000, "usd")
    assert (session["mode"], session["success_url"]) == ("subscription", SUCCESS)
    assert session["url"].startswith(f"{door.engine.settings.base_url}/checkout/session/")
    [line] = door.v1.get(f"/checkout/sessions/{session['id']}/line_items")["data"]
    assert (line["amount_total"], line["quantity"]) == (100_000, 2)

    know_payer(door.engine, ours(session), email="new@example.com")
    with pytest.raises(PriceChanged):
        pay_session(door.engine, ours(session), card=card(), shown=Money(1, "USD"))
    with pytest.raises(CardDeclined):
        pay_session(door.engine, ours(session), card=card(DECLINED_WHEN_CHARGED))
    assert door.v1.get(f"/checkout/sessions/{session['id']}")["status"] == "open"
    assert pay_session(door.engine, ours(session), card=card(), shown=Money(100_000, "USD")).standing == "complete"

    done = door.v1.get(f"/checkout/sessions/{session['id']}")
    assert (done["status"], done["payment_status"], done["url"]) == ("complete", "paid", None)
    [item] = done["checkout_items"]
    plan_item = item["pricing_plan_subscription_item"]
    with door.engine.read() as tx:
        agreement = tx.agreements.get(plan_item["pricing_plan_subscription"].replace("bpps_test_", "agreement_"))
    assert (agreement.status, agreement.quantities, agreement.metadata) == (
        "active",
        {COMPONENT: 2},
        {"my_user_id": "7"},
    )
    invoice = door.v1.get(f"/invoices/{done['invoice']}")
    assert (invoice["status"], invoice["total"], invoice["customer"]) == ("paid", 100_000, done["customer"])
    assert invoice["parent"]["billing_cadence_details"]["billing_cadence"] == plan_item["billing_cadence"]
    assert door.v1.get(f"/customers/{done['customer']}")["email"] == "new@example.com"
    assert pay_session(door.engine, ours(session), card=card()).standing == "complete"
    with door.engine.read() as tx:
        assert len(tx.payment_intents.page(customer_id=agreement.customer_id).items) == 1
    assert door.v1.refused("POST", f"/checkout/sessions/{session['id']}/expire")[1] == "checkout_session_not_open"


def test_a_session_with_a_customer_and_tax_is_as_the_guide_prints_it(door: Door, plan) -> None:
    customer = door.v1.post(
        "/customers", {"email": "known@example.com", "address": {"country": "DE", "line1": "Unter den Linden 1"}}
    )["id"]
    component = plan.component_id.replace("component_", "bppc_test_")
    session = session_of(door, plan, component=component, customer=customer, automatic_tax={"enabled": True})
    assert (session["customer"], session["automatic_tax"]["enabled"]) == (customer, True)
    assert session["automatic_tax"]["status"] == "complete"
    assert (session["success_url"], session["amount_total"]) == (None, 50_000 + session["total_details"]["amount_tax"])
    done = pay_session(door.engine, ours(session), card=card())
    assert done.standing == "complete"
    with door.engine.read() as tx:
        profile = tx.billing_profiles.of(tx.customers.get(done.session.customer_id), done.session.cadence_id)
    assert (profile.tax.is_enabled, profile.collection_method) == (True, "charge_automatically")
    advance(door.engine, days=31)
    run_due(door.engine)
    paid = door.v1.get(f"/invoices?customer={customer}")["data"]
    assert [one["status"] for one in paid] == ["paid", "paid"]


def test_a_payment_that_is_to_be_confirmed_leads_to_the_page_of_the_bank_and_back(door: Door) -> None:
    plan = hybrid_plan(door.engine, seat=50_000)
    session = session_of(door, plan, customer_email="asked@example.com")
    know_payer(door.engine, ours(session), email="asked@example.com")
    asked = pay_session(door.engine, ours(session), card=card("4000002760003184"))
    assert (asked.standing, asked.url is None) == ("confirm", False)
    assert pay_session(door.engine, ours(session), card=card()).standing == "confirm"
    assert door.v1.refused("POST", f"/checkout/sessions/{session['id']}/expire")[1] == "checkout_session_not_open"
    assert confirm_payment(door.engine, asked.url.rpartition("/")[2], is_confirmed=True) == "paid"
    settle_checkouts(door.engine)
    assert go_on(door.engine, ours(session)).standing == "complete"


def test_a_session_that_was_left_holds_nothing_up_for_another_one(door: Door) -> None:
    plan = hybrid_plan(door.engine, seat=50_000)
    customer = door.v1.post("/customers", {"email": "again@example.com"})["id"]
    declined, asked, wanted = (session_of(door, plan, customer=customer) for _ in range(3))
    with pytest.raises(CardDeclined):
        pay_session(door.engine, ours(declined), card=card(DECLINED_WHEN_CHARGED))
    waiting = pay_session(door.engine, ours(asked), card=card("4000002760003184"))
    assert waiting.standing == "confirm"
    assert pay_session(door.engine, ours(wanted), card=card()).standing == "complete"
    assert confirm_payment(door.engine, waiting.url.rpartition("/")[2], is_confirmed=True) == "over"
    assert door.v1.get(f"/checkout/sessions/{asked['id']}")["status"] == "open"
    assert [one["status"] for one in door.v1.get(f"/invoices?customer={customer}")["data"]] == ["paid"]


@pytest.mark.parametrize("step", ["pay_session", "reserve_intent", "confirm_payment_intent", "commit_intent"])
def test_a_form_that_is_sent_twice_ends_where_it_leads_to(door: Door, monkeypatch, step: str) -> None:
    customer = door.v1.post("/customers", {"email": "twice@example.com"})["id"]
    session = session_of(door, hybrid_plan(door.engine), customer=customer)
    go = getattr(complete_checkout, step)

    def overtaken(*args, **options):
        monkeypatch.setattr(complete_checkout, step, go)
        assert pay_session(door.engine, ours(session), card=card()).standing == "complete"
        return go(*args, **options)

    monkeypatch.setattr(complete_checkout, step, overtaken)
    assert complete_checkout.pay_session(door.engine, ours(session), card=card()).standing == "complete"
    [paid] = door.v1.get(f"/invoices?customer={customer}")["data"]
    [intent] = door.v1.get(f"/payment_intents?customer={customer}")["data"]
    assert (paid["status"], intent["amount_received"]) == ("paid", paid["amount_paid"])


def test_what_was_paid_counts_where_another_attempt_was_refused_meanwhile(door: Door, monkeypatch) -> None:
    customer = door.v1.post("/customers", {"email": "both@example.com"})["id"]
    session = session_of(door, hybrid_plan(door.engine), customer=customer)
    confirm = complete_checkout.confirm_payment_intent

    def after_another(*args, **options):
        monkeypatch.setattr(complete_checkout, "confirm_payment_intent", confirm)
        with pytest.raises(CardDeclined):
            pay_session(door.engine, ours(session), card=card(DECLINED_WHEN_CHARGED))
        return confirm(*args, **options)

    monkeypatch.setattr(complete_checkout, "confirm_payment_intent", after_another)
    assert pay_session(door.engine, ours(session), card=card()).standing == "complete"
    assert [one["status"] for one in door.v1.get(f"/invoices?customer={customer}")["data"]] == ["paid"]


def test_several_plans_are_one_invoice_and_one_subscription_each(door: Door) -> None:
    first, second = hybrid_plan(door.engine), hybrid_plan(door.engine, fee=2_000)
    items = [
        {"type": "pricing_plan_subscription_item", "pricing_plan_subscription_item": {"pricing_plan": one.key}}
        for one in (first, second)
    ]
    session = door.v1.post("/checkout/sessions", {"checkout_items": items, "metadata": {"a": "b"}})
    know_payer(door.engine, ours(session), email="two@example.com")
    done = pay_session(door.engine, ours(session), card=card()).session
    with door.engine.read() as tx:
        assert len(tx.agreements.live_of(done.customer_id)) == 2
        assert tx.invoices.get(done.invoice_id).amount == Money(52_000, "USD")
    again = {"checkout_items": items[:1], "customer": done.customer_id.replace("customer_", "cus_")}
    status, code, _ = door.v1.refused("POST", "/checkout/sessions", again)
    assert (status, code) == (400, "pricing_plan_subscription_already_exists")


def test_a_session_ends_after_a_day_or_when_it_is_given_up() -> None:
    with new_door() as door:
        plan = hybrid_plan(door.engine)
        item = {"type": "pricing_plan_subscription_item", "pricing_plan_subscription_item": {"pricing_plan": plan.key}}
        given_up, late = (door.v1.post("/checkout/sessions", {"checkout_items": [item]}) for _ in range(2))
        assert door.v1.post(f"/checkout/sessions/{given_up['id']}/expire")["status"] == "expired"
        advance(door.engine, days=1)
        assert door.v1.get(f"/checkout/sessions/{late['id']}")["status"] == "expired"
        for session in (given_up, late):
            with pytest.raises(CheckoutOver):
                know_payer(door.engine, ours(session), email="late@example.com")
        assert [one["id"] for one in door.v1.pages("/checkout/sessions?status=expired&limit=1")] == [
            late["id"],
            given_up["id"],
        ]


ITEM = "checkout_items[0][pricing_plan_subscription_item]"
WRONG = [
    ({"pricing_plan": "bpp_test_0"}, {}, "resource_missing", f"{ITEM}[pricing_plan]"),
    ({"pricing_plan_version": "bppv_0"}, {}, "resource_missing", f"{ITEM}[pricing_plan_version]"),
    ({"component_configurations": {"no": 1}}, {}, "parameter_invalid", f"{ITEM}[component_configurations][no]"),
    ({"component_configurations": {COMPONENT: 0}}, {}, "parameter_invalid", None),
    ({}, {"customer": "cus_" + "0" * 32}, "resource_missing", "customer"),
    ({}, {"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
    ({}, {"success_url": "https://user:secret@example.com/"}, "url_invalid", "success_url"),
    ({}, {"cancel_url": "//example.com"}, "url_invalid", "cancel_url"),
    ({}, {"currency": "eur"}, "pricing_plan_currency_mismatch", "currency"),
    ({}, {"mode": "payment"}, "parameter_invalid", "mode"),
    ({}, {"expires_at": 1}, "parameter_invalid", "expires_at"),
    ({}, {"line_items": [{"price": "price_1"}]}, "parameter_unknown", "line_items"),
]


@pytest.mark.parametrize(("said", "more", "code", "param"), WRONG)
def test_what_is_wrong_with_a_session_is_named(door: Door, plan, said, more, code, param) -> None:
    configured = {
        name: {"type": "license_fee_component", "license_fee_component": {"quantity": quantity}}
        for name, quantity in said.get("component_configurations", {}).items()
    }
    inner = {"pricing_plan": plan.key, **said} | ({"component_configurations": configured} if configured else {})
    item = {"type": "pricing_plan_subscription_item", "pricing_plan_subscription_item": inner}
    status, *told = door.v1.refused("POST", "/checkout/sessions", {"checkout_items": [item], **more})
    assert (status, told[0]) == (400, code)
    if param is not None:
        assert told[1] == param
