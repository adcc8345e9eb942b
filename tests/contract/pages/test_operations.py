"""Customers, subscriptions, invoices, credit, coupons and disputes at the dashboard: what is shown and done."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from billing_sdk.money import Money
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.settle_by_hand import write_off_invoice
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.update_billing_settings import update_billing_settings
from tests.contract.pages.operator import Operator, at_the_dashboard, plain
from tests.world import payer

CUSTOMERS = "/dashboard/customers"


@pytest.fixture(scope="module")
def operator(tmp_path_factory):
    with at_the_dashboard(tmp_path_factory.mktemp("operations")) as operator:
        yield operator


def open_invoice(operator: Operator) -> str:
    """Return an invoice that somebody owes."""
    with operator.engine.read() as tx:
        return next(one.id for one in tx.invoices.newest_of(operator.ids["declined_customer_id"]) if one.is_owed)


def owed_by_new_payer(operator: Operator, name: str) -> str:
    """Return a new invoice of somebody whose card is declined, and so is owed."""
    customer_id = payer(operator.engine, f"{name}@example.com", name, "Payer", number="4000000000000341")
    made = add_charge(
        operator.engine, customer_id=customer_id, charge=OneOff("Work", Money(1_000, "USD")), bill_now=True
    )
    return made.id


def test_customers_are_listed_page_by_page_with_what_they_are_filtered_by(operator):
    added = [f"customer_f{number:031x}" for number in range(51)]
    with operator.engine.begin() as tx:
        for customer_id in added:
            at = datetime(2026, 1, 1, tzinfo=UTC)
            owner = new_id("kp")
            tx.customers.add(Customer(customer_id, "user", f"{owner}@example.com", at, user_id=owner))
    first = operator.get(CUSTOMERS, kind="user")
    assert all(f"{CUSTOMERS}/{one}" in first.text for one in added[1:])
    assert f"{CUSTOMERS}/{added[0]}" not in first.text
    follow = f"{CUSTOMERS}?kind=user&amp;after={added[1]}"
    assert follow in first.text
    second = operator.get(CUSTOMERS, kind="user", after=added[1])
    assert f"{CUSTOMERS}/{added[0]}" in second.text
    assert "Grace Hopper" in plain(second)
    assert f'href="{CUSTOMERS}?kind=user"' in second.text


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"plan": "team_pro"}, {"Analytical Engines"}),
        ({"plan": "team_pro", "kind": "user"}, set()),
        ({"status": "paused"}, set()),
        ({"plan": "pro_monthly", "status": "active"}, {"Grace Hopper", "Rosa Parks", "Mary Somerville"}),
    ],
)
def test_customers_are_found_by_plan_status_and_kind(operator, filters, names):
    text = operator.text(CUSTOMERS, **filters)
    people = {"Grace Hopper", "Rosa Parks", "Mary Somerville", "Analytical Engines", "Alan Turing"}
    assert {name for name in people if name in text} == names


@pytest.mark.parametrize("place", ["customers", "subscriptions", "invoices", "credits", "disputes", "coupons"])
@pytest.mark.parametrize("after", ["x", "\u202e", "'; --", "~", "2026-01-01T00:00:00+00:00~x"])
def test_a_cursor_that_nobody_gave_out_is_only_a_place_in_the_list(operator, place, after):
    assert operator.get(f"/dashboard/{place}", after=after).status_code == 200


def test_a_customer_is_shown_with_all_that_is_known(operator):
    text = operator.text(f"{CUSTOMERS}/{{customer_id}}")
    for said in (
        "grace@example.com",
        "Pro",
        "AI tokens",
        "of 100,000 used",
        "INV-000001",
        "Welcome",
        "Visa ending in 4242",
    ):
        assert said in text
    organization = operator.text(f"{CUSTOMERS}/{{org_customer_id}}")
    assert "Members" in organization
    assert "grace@example.com" in organization


def test_a_link_to_the_portal_is_shown_once_and_on_its_page_alone(operator):
    answer = operator.post(f"{CUSTOMERS}/{{customer_id}}/portal-link")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "/portal_redirect?key=" in answer.text
    assert "/portal_redirect?key=" not in operator.get(f"{CUSTOMERS}/{{customer_id}}").text


def test_a_test_clock_is_moved_where_its_customer_is(operator):
    at = operator.engine.now()
    clock = create_clock(operator.engine, at=at)
    user = register_user(operator.engine, email="clocked@example.com", password="correct horse battery")
    customer = become_customer(operator.engine, user_id=user.id, billing_email=user.email, clock_id=clock.id)
    day = (at + timedelta(days=3)).date()
    assert operator.post(f"{CUSTOMERS}/{customer.id}/clock", to="soon").status_code == 422
    assert operator.post(f"{CUSTOMERS}/{customer.id}/clock", to=day.isoformat()).status_code == 303
    with operator.engine.read() as tx:
        assert tx.clocks.get(clock.id).frozen_at.date() == day


def test_the_timeline_has_everything_in_order_once_and_goes_on_page_by_page(operator):
    place = f"{CUSTOMERS}/{{customer_id}}/timeline"
    with operator.engine.read() as tx:
        customer = tx.customers.get(operator.ids["customer_id"])
        kinds = ("change", "event", "invoice", "payment", "mail")
        whole = tx.timeline.page(customer, kinds, before=None, limit=500)
        parts, before = [], None
        while part := tx.timeline.page(customer, kinds, before=before, limit=7):
            parts += part
            before = part[-1].place
    assert parts == list(whole)
    assert [entry.place for entry in whole] == sorted({entry.place for entry in whole}, reverse=True)
    assert {entry.kind for entry in whole} == set(kinds)
    with operator.engine.begin() as tx:
        tx.audit.record(operator.ids["operator_id"], "customer.update", customer.id, operator.engine.now())
    page = operator.get(place.format(**operator.ids)).text
    assert f'title="{operator.ids["operator_id"]}">by <bdi>ada@example.com</bdi>' in page
    text = operator.text(place)
    for said in (
        "Became a customer",
        "Subscription begun",
        "Payment of US$29.00 made",
        "Credit granted",
        "Invoice INV-000001",
    ):
        assert said in text
    assert "Became a customer" not in operator.text(place, kind="payment")
    assert operator.path("/dashboard/subscriptions/{agreement_id}") in operator.get(place, kind="change").text


def test_an_invoice_explains_each_line_by_its_steps(operator):
    place = "/dashboard/invoices/{invoice_id}"
    assert "Flat price" not in operator.text(place)
    text = operator.text(place, line="1")
    for said in ("Pro, version 1", "Flat price US$29.00"):
        assert said in text
    assert "Rounded" not in text
    german = operator.text(place, line="1", lang="de").replace("\N{NO-BREAK SPACE}", " ")
    for said in ("Pauschalpreis 29,00 $", "Visa mit den Endziffern 4242"):
        assert said in german
    for wrong in ("0", "99", "1e3", "x", "9" * 500):
        assert "Flat price" not in operator.text(place, line=wrong)
    assert operator.get(f"{place}/pdf").content.startswith(b"%PDF")


def test_invoices_are_found_by_status_day_and_customer(operator):
    assert "INV-000001" in operator.text("/dashboard/invoices", status="paid", customer=operator.ids["customer_id"])
    assert "INV-000001" not in operator.text("/dashboard/invoices", status="void")
    assert "INV-000001" not in operator.text("/dashboard/invoices", until="2020-01-01")
    assert "INV-000001" in operator.text("/dashboard/invoices", **{"from": "2020-01-01", "until": "nonsense"})
    assert "INV-000001" in operator.text("/dashboard/invoices", until="9999-12-31")


def test_an_invoice_that_is_owed_is_settled_given_up_or_made_void(operator):
    for deed, fields, status in (
        ("paid", {"reference": "wire 7"}, "paid"),
        ("write-off", {}, "uncollectible"),
        ("void", {}, "void"),
    ):
        invoice_id = owed_by_new_payer(operator, f"{deed.replace('-', '')}er")
        answer = operator.post(f"/dashboard/invoices/{invoice_id}/{deed}", **fields)
        assert answer.status_code == 303, plain(answer)
        with operator.engine.read() as tx:
            assert tx.invoices.get(invoice_id).status == status
            assert tx.audit.of(invoice_id)[-1]["actor"] == operator.ids["operator_id"]


def test_a_refused_charge_and_a_wrong_credit_note_say_why_on_the_page(operator):
    invoice_id = open_invoice(operator)
    answer = operator.post(f"/dashboard/invoices/{invoice_id}/retry")
    assert answer.status_code == 422
    answer = operator.post(f"/dashboard/invoices/{invoice_id}/credit", credited="much", reason="")
    assert answer.status_code == 422
    assert 'id="credited-wrong"' in answer.text
    assert 'id="reason-wrong"' in answer.text
    answer = operator.post(f"/dashboard/invoices/{invoice_id}/credit", credited="5", reason="A mistake")
    assert answer.status_code == 303
    assert "A mistake" in operator.text(f"/dashboard/invoices/{invoice_id}")


def test_a_deed_that_came_too_late_is_refused_with_words(operator):
    invoice_id = owed_by_new_payer(operator, "late")
    write_off_invoice(operator.engine, invoice_id)
    answer = operator.post(f"/dashboard/invoices/{invoice_id}/write-off")
    assert (answer.status_code, "problems" in answer.text) == (422, True)


def test_credit_is_granted_and_taken_back(operator):
    wrong = operator.post("/dashboard/credits/new", customer="nobody", name="", amount="x", currency="US")
    assert wrong.status_code == 422
    for name in ("name", "currency"):
        assert f'id="{name}-wrong"' in wrong.text
    customer = operator.ids["customer_id"]
    made = operator.post("/dashboard/credits/new", customer=customer, name="Thanks", amount="12,50", currency="usd")
    place = made.headers["location"].partition("?")[0]
    assert "US$12.50" in operator.text(place)
    assert operator.post(f"{place}/void").status_code == 303
    assert "Taken back" in operator.text(place)
    assert operator.post(f"{place}/void").status_code == 422


def test_a_form_of_money_that_is_sent_twice_is_done_once(operator):
    key = {"once": "a" * 22}
    grant = {"customer": operator.ids["customer_id"], "name": "Only once", "amount": "7", "currency": "usd"}
    first, second = (operator.post("/dashboard/credits/new", **grant, **key) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert operator.post("/dashboard/credits/new", **{**grant, "amount": "8"}, **key).status_code == 422

    invoice_id = open_invoice(operator)
    credited = {"credited": "1", "reason": "Once and for all", "once": "b" * 22}
    answers = [operator.post(f"/dashboard/invoices/{invoice_id}/credit", **credited) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert operator.text(f"/dashboard/invoices/{invoice_id}").count("Once and for all") == 1


def test_a_coupon_is_created_redeemed_and_archived(operator):
    wrong = operator.post("/dashboard/coupons/_new", key="bad key", name="x", kind="percent", percent_off="lots")
    assert 'id="percent_off-wrong"' in wrong.text
    for percent in ("0", "100.5", "NaN", "1e1"):
        fields = {"key": "SUMMER", "name": "Summer", "kind": "percent", "percent_off": percent}
        assert 'id="percent_off-wrong"' in operator.post("/dashboard/coupons/_new", **fields).text
    over = {"key": "SUMMER", "name": "Summer", "kind": "percent", "percent_off": "5", "redeem_by": "2020-01-01"}
    assert 'id="redeem_by-wrong"' in operator.post("/dashboard/coupons/_new", **over).text
    made = operator.post(
        "/dashboard/coupons/_new", key="WINTER", name="Winter", kind="amount", amount_off="3", currency="usd"
    )
    assert made.headers["location"].startswith("/dashboard/coupons/WINTER")
    again = operator.post("/dashboard/coupons/_new", key="WINTER", name="Winter", kind="percent", percent_off="5")
    assert again.status_code == 422
    assert operator.post("/dashboard/subscriptions/{agreement_id}/coupon", coupon="WINTER").status_code == 303
    assert operator.post("/dashboard/subscriptions/{agreement_id}/coupon", coupon="NONE").status_code == 422
    assert "Grace Hopper" in operator.text("/dashboard/coupons/WINTER")
    assert operator.post("/dashboard/coupons/WINTER/archive").status_code == 303
    assert "Archived" in operator.text("/dashboard/coupons/WINTER")


def test_a_subscription_is_changed_paused_and_cancelled_after_it_was_shown_what_it_comes_to(operator):
    customer_id = payer(operator.engine, "changing@example.com", "Chan", "Ging")
    agreement = subscribe(operator.engine, customer_id=customer_id, plan_key="pro_monthly")
    place = f"/dashboard/subscriptions/{agreement.id}"
    assert "Pro" in operator.text(place)
    shown = operator.get(f"{place}/change", plan="enterprise_monthly", when="now")
    assert "Charged at once" in plain(shown)
    terms = shown.text.partition('name="terms" value="')[2].partition('"')[0]
    sometime = operator.post(f"{place}/change", plan="enterprise_monthly", when="sometime")
    assert (sometime.status_code, "Choose when it changes." in sometime.text) == (422, True)
    outdated = operator.post(f"{place}/change", plan="enterprise_monthly", when="now", terms="other")
    assert outdated.status_code == 422
    changed = operator.post(f"{place}/change", plan="enterprise_monthly", when="now", terms=terms)
    assert changed.status_code == 303
    place = changed.headers["location"].partition("?")[0]
    assert "Enterprise" in operator.text(place)
    for deed, said in (("pause", "Paused"), ("resume", "Active")):
        assert operator.post(f"{place}/{deed}").status_code == 303
        assert said in operator.text(place)
    assert operator.post(f"{place}/resume").status_code == 422
    assert "What it comes to" in operator.text(f"{place}/cancel", when="period_end")
    assert operator.post(f"{place}/cancel", when="period_end").status_code == 303
    assert "It ends on" in operator.text(place)
    assert operator.post(f"{place}/undo").status_code == 303
    assert operator.post(f"{place}/cancel", when="now").status_code == 303
    assert "Cancelled" in operator.text(place)


def test_a_cancellation_gives_back_what_was_shown_or_shows_it_again(operator):
    customer_id = payer(operator.engine, "leaving@example.com", "Lea", "Ving")
    agreement = subscribe(operator.engine, customer_id=customer_id, plan_key="pro_monthly")
    place = f"/dashboard/subscriptions/{agreement.id}"
    with operator.engine.read() as tx:
        policies = billing_settings(tx, operator.engine).policies
    update_billing_settings(operator.engine, policies=replace(policies, unused_days="refund"))
    later = operator.get(f"{place}/cancel", when="period_end")
    assert operator.post(f"{place}/cancel", when="now", terms=terms_in(later)).status_code == 422
    assert operator.post(f"{place}/cancel", when="period_end", terms=terms_in(later)).status_code == 303
    assert operator.post(f"{place}/undo").status_code == 303
    shown = operator.get(f"{place}/cancel", when="now")
    assert "Given back" in plain(shown)
    update_billing_settings(operator.engine, policies=replace(policies, unused_days="retain"))
    overtaken = operator.post(f"{place}/cancel", when="now", terms=terms_in(shown))
    assert (overtaken.status_code, "Given back" in plain(overtaken)) == (422, False)
    long_ago = terms_in(overtaken).replace(terms_in(overtaken)[:4], "2001", 1)
    for terms in ("none", long_ago):
        assert operator.post(f"{place}/cancel", when="now", terms=terms).status_code == 422
    assert "Active" in operator.text(place)
    assert operator.post(f"{place}/cancel", when="now", terms=terms_in(overtaken)).status_code == 303
    assert "Cancelled" in operator.text(place)


def terms_in(page):
    return unescape(page.text.partition('name="terms" value="')[2].partition('"')[0])


def test_a_dispute_of_the_test_processor_is_decided_once(operator):
    place = "/dashboard/disputes/{dispute_id}"
    assert "did not make the payment" in operator.text(place)
    assert "Mary Somerville" in operator.text("/dashboard/disputes", status="needs_response")
    assert operator.post(f"{place}/decide", outcome="won").status_code == 303
    assert "Won" in operator.text(place)
    assert operator.post(f"{place}/decide", outcome="lost").status_code == 422


def test_none_of_it_is_shown_to_somebody_who_has_not_signed_in(operator):
    cookies, operator.cookies = operator.cookies, {}
    try:
        for place in ("customers", "subscriptions", "invoices", "credits", "coupons", "disputes", "search"):
            answer = operator.get(f"/dashboard/{place}")
            assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/sign-in")
    finally:
        operator.cookies = cookies
