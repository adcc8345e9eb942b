"""Invoices of v1: what is charged, by which price, and what lowers it; every sum is that of the invoice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.stripe_payment_methods import method_for
from tests.contract.stripe_door.door import Door, new_door
from tests.contract.stripe_door.hybrid import Hybrid, hybrid_plan, monthly, subscribed
from tests.engines import advance

OLD = {"Stripe_Version": "2025-09-30.preview"}


class Shop:
    """A customer on the plan of the guide who pays by card, a month later."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.plan: Hybrid = hybrid_plan(door.engine)
        self.customer: str = door.v1.post("/customers", {"email": "payer@example.com", "name": "Payer"})["id"]
        customer_id = self.customer.replace("cus_", "customer_")
        method = method_for(door.engine, customer_id, "pm_card_visa", actor="api")
        self.cadence = monthly(door.engine, customer_id)
        self.subscription = subscribed(door.engine, self.cadence, self.plan, method_id=method.id)
        record_usage(door.engine, agreement_id=self.subscription, feature_key="ai_tokens", value="300")
        self.preview = door.v1.post("/invoices/create_preview", {"billing_cadence": self.shown_cadence})
        advance(door.engine, days=31)
        run_due(door.engine)

    @property
    def shown_cadence(self) -> str:
        return self.cadence.id.replace("cadence_", "bc_test_")

    def invoices(self) -> list[dict[str, Any]]:
        return self.door.v1.get(f"/invoices?customer={self.customer}")["data"]


@pytest.fixture(scope="module")
def shop():
    with new_door() as door:
        yield Shop(door)


def test_the_first_invoice_is_paid_by_the_payment_intent(shop: Shop) -> None:
    first = shop.invoices()[-1]
    assert (first["status"], first["total"], first["amount_paid"], first["amount_remaining"]) == (
        "paid",
        50_000,
        50_000,
        0,
    )
    assert first["parent"] == {
        "type": "billing_cadence_details",
        "billing_cadence_details": {"billing_cadence": shop.shown_cadence},
        "quote_details": None,
        "subscription_details": None,
    }
    [payment] = first["payments"]["data"]
    intent = shop.door.v1.get(f"/payment_intents/{payment['payment']['payment_intent']}")
    assert (payment["payment"]["type"], intent["amount_received"]) == ("payment_intent", 50_000)
    refund = shop.door.v1.post("/refunds", {"payment_intent": intent["id"], "amount": 700})
    assert (refund["status"], refund["charge"]) == ("succeeded", intent["latest_charge"])
    credited = shop.door.v1.get(f"/invoices/{first['id']}")
    assert (credited["post_payment_credit_notes_amount"], credited["amount_paid"]) == (700, 50_000)
    for body, code in (({"amount": 49_301}, "amount_too_large"), ({}, None), ({}, "charge_already_refunded")):
        answer = shop.door.v1.call("POST", "/refunds", {"payment_intent": intent["id"], **body}).body
        assert answer.get("error", {}).get("code") == code


def test_the_next_invoice_says_what_was_used_and_what_credit_has_paid(shop: Shop) -> None:
    second = shop.invoices()[0]
    fee, usage = sorted(second["lines"]["data"], key=lambda line: -line["amount"])
    assert (fee["amount"], usage["amount"], usage["quantity"], usage["quantity_decimal"]) == (50_000, 1_500, 300, "300")
    assert (second["subtotal"], second["total"], second["amount_due"]) == (51_500, 50_500, 50_500)
    assert second["total_pretax_credit_amounts"] == usage["pretax_credit_amounts"]
    [credit] = usage["pretax_credit_amounts"]
    assert (credit["type"], credit["amount"], credit["discount"]) == ("credit_balance_transaction", 1_000, None)
    moved = shop.door.v1.get(f"/billing/credit_balance_transactions/{credit['credit_balance_transaction']}")
    assert moved["debit"]["credits_applied"]["invoice"] == second["id"]
    assert usage["pricing"] == {
        "type": "rate_card_rate_details",
        "unit_amount_decimal": "5",
        "license_fee_details": None,
        "price_details": None,
        "rate_card_rate_details": {
            "metered_item": shop.plan.item_id.replace("item_", "bli_test_"),
            "rate_card": shop.plan.card_id.replace("card_", "rcd_test_"),
            "rate_card_rate": usage["pricing"]["rate_card_rate_details"]["rate_card_rate"],
        },
        "rate_card_custom_pricing_unit_overage_rate_details": None,
    }
    assert fee["pricing"]["type"] == "license_fee_details"
    assert fee["pricing"]["license_fee_details"]["license_fee"] == shop.plan.fee_id.replace("fee_", "licf_test_")
    assert (fee["pricing"]["unit_amount_decimal"], fee["quantity"]) == ("50000", 1)
    assert (second["hosted_invoice_url"] + "/pdf") == second["invoice_pdf"]
    assert second["number"].startswith("INV-")


def test_parents_of_lines_are_those_of_the_version(shop: Shop) -> None:
    path = f"/invoices/{shop.invoices()[0]['id']}/lines"
    subscription = shop.subscription.replace("agreement_", "bpps_test_")
    new, old = (shop.door.v1.get(path, **headers)["data"] for headers in ({}, OLD))
    assert sorted(line["parent"]["type"] for line in new) == [
        "pricing_plan_subscription_details",
        "rate_card_subscription_details",
    ]
    assert sorted(line["parent"]["type"] for line in old) == [
        "license_fee_subscription_details",
        "rate_card_subscription_details",
    ]
    for line in (*new, *old):
        details = line["parent"][line["parent"]["type"]]
        assert details.get("pricing_plan_subscription", subscription) == subscription
    assert not any("pricing_plan_subscription_details" in line["parent"] for line in old)
    assert all("quantity_decimal" not in line for line in old)


def test_a_preview_is_what_the_invoice_became(shop: Shop) -> None:
    second = shop.invoices()[0]
    for name in ("subtotal", "total", "amount_due", "currency", "customer", "parent", "collection_method"):
        assert shop.preview[name] == second[name], name
    assert shop.preview["status"] == "draft"
    assert shop.preview["id"].startswith("upcoming_in_")
    told = shop.door.v1.get(f"/invoices/upcoming?customer={shop.customer}")
    assert told["subtotal"] == 50_000
    refusals = [
        ({}, (400, "parameter_missing", "billing_cadence")),
        ({"billing_cadence": "bc_1"}, (400, "resource_missing", "billing_cadence")),
        ({"billing_cadence": "bc_" + "0" * 32}, (400, "resource_missing", "billing_cadence")),
        ({"customer": "cus_" + "0" * 32}, (400, "resource_missing", "customer")),
        ({"subscription": "sub_1"}, (400, "parameter_unknown", "subscription")),
    ]
    for body, expected in refusals:
        assert shop.door.v1.refused("POST", "/invoices/create_preview", body) == expected
    nobody = shop.door.v1.post("/customers", {"email": "nobody@example.com"})["id"]
    assert shop.door.v1.refused("POST", "/invoices/create_preview", {"customer": nobody})[:2] == (
        404,
        "invoice_upcoming_none",
    )


def test_lists_are_filtered_and_come_in_pages(shop: Shop) -> None:
    every = [one["id"] for one in shop.invoices()]
    assert [one["id"] for one in shop.door.v1.pages(f"/invoices?customer={shop.customer}&limit=1")] == every
    back = shop.door.v1.get(f"/invoices?customer={shop.customer}&ending_before={every[-1]}")
    assert [one["id"] for one in back["data"]] == every[:-1]
    for query, count in (
        (f"billing_cadence={shop.shown_cadence}", len(every)),
        ("status=draft", 0),
        ("status=open&collection_method=send_invoice", 0),
        ("created[gte]=1", len(every)),
        ("created[lt]=1", 0),
    ):
        assert len(shop.door.v1.get(f"/invoices?customer={shop.customer}&{query}")["data"]) == count, query
    for query, param in (("status=owed", "status"), ("limit=0", "limit"), ("starting_after=in_1", "starting_after")):
        assert shop.door.v1.refused("GET", f"/invoices?{query}")[2] == param


def test_an_open_invoice_is_paid_voided_or_given_up(door: Door) -> None:
    plan = hybrid_plan(door.engine, credit=0)
    customer = door.v1.post("/customers", {"email": "sent@example.com", "name": "Sent"})["id"]
    customer_id = customer.replace("cus_", "customer_")
    method = method_for(door.engine, customer_id, "pm_card_visa", actor="api")
    subscribed(door.engine, monthly(door.engine, customer_id), plan, method_id=method.id)
    with door.engine.begin() as tx:
        tx.customers.save_payment_method(replace(method, is_default=False))
    for _ in range(4):
        advance(door.engine, days=31)
        run_due(door.engine)
    owed = [one for one in door.v1.pages(f"/invoices?customer={customer}&limit=100") if one["status"] == "open"]
    assert len(owed) == 4
    assert {one["amount_remaining"] for one in owed} == {50_000}
    by_card, by_bank, wrong, lost = (one["id"] for one in owed)

    told = door.v1.call("POST", f"/invoices/{by_card}/pay", {"payment_method": "pm_card_chargeCustomerFail"})
    assert (told.status, told.body["error"]["code"], told.body["error"]["type"]) == (402, "card_declined", "card_error")
    asked = door.v1.call("POST", f"/invoices/{by_card}/pay", {"payment_method": "pm_card_authenticationRequired"})
    assert (asked.status, asked.body["error"]["code"]) == (402, "invoice_payment_intent_requires_action")
    paid = door.v1.post(f"/invoices/{by_bank}/pay", {"paid_out_of_band": True})
    assert (paid["status"], paid["amount_paid"], paid["amount_remaining"]) == ("paid", 50_000, 0)
    void = door.v1.post(f"/invoices/{wrong}/void")
    assert (void["status"], void["status_transitions"]["voided_at"] is None) == ("void", False)
    given_up = door.v1.post(f"/invoices/{lost}/mark_uncollectible")
    assert given_up["status"] == "uncollectible"
    assert given_up["status_transitions"]["marked_uncollectible_at"] is not None
    late = door.v1.post(f"/invoices/{lost}/pay", {"payment_method": "pm_card_mastercard"})
    assert (late["status"], late["payments"]["data"][0]["payment"]["type"]) == ("paid", "charge")
    for id_, verb in (
        (by_bank, "pay"),
        (by_bank, "void"),
        (wrong, "pay"),
        (wrong, "mark_uncollectible"),
        (lost, "send"),
    ):
        assert door.v1.refused("POST", f"/invoices/{id_}/{verb}")[:2] == (400, "invoice_not_editable")
    assert door.v1.post(f"/invoices/{by_card}/send")["status"] == "open"
    assert door.v1.refused("GET", "/invoices/in_1")[:2] == (404, "resource_missing")
