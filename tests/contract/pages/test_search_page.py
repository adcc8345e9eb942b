"""Search: anything by id, number, key, name or address; what is asked for exactly opens at once; text is only text."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote

import pytest

from billing_sdk.server.storage import search
from billing_sdk.server.usecases.checkout_sessions import find_session
from billing_sdk.server.usecases.complete_checkout import know_payer, pay_session
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.create_organization import create_organization
from billing_sdk.server.usecases.delete_user import delete_user
from billing_sdk.server.usecases.register_user import register_user
from billing_sdk.server.usecases.update_user import update_user
from tests.contract.pages.operator import Operator, at_the_dashboard
from tests.engines import card

SEARCH = "/dashboard/search"


@pytest.fixture(scope="module")
def operator(tmp_path_factory):
    with at_the_dashboard(tmp_path_factory.mktemp("search")) as operator:
        yield operator


def opened(operator: Operator, text: str) -> str:
    """Return where an exact question leads."""
    answer = operator.get(SEARCH, q=text)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("{customer_id}", "/dashboard/customers/{customer_id}"),
        ("{user_id}", "/dashboard/customers/{customer_id}"),
        ("{operator_id}", "/dashboard/people/{operator_id}"),
        ("{org_code}", "/dashboard/customers/{org_customer_id}"),
        ("{agreement_id}", "/dashboard/subscriptions/{agreement_id}"),
        ("{invoice_id}", "/dashboard/invoices/{invoice_id}"),
        ("inv-000001", "/dashboard/invoices/{invoice_id}"),
        ("{note_id}", "/dashboard/invoices/{invoice_id}"),
        ("{grant_id}", "/dashboard/credits/{grant_id}"),
        ("{dispute_id}", "/dashboard/disputes/{dispute_id}"),
        ("grace@example.com", "/dashboard/customers/{customer_id}"),
        ("GRACE@Example.com", "/dashboard/customers/{customer_id}"),
        ("pro_monthly", "/dashboard/plans/pro_monthly"),
        ("ai_tokens", "/dashboard/features/ai_tokens"),
        ("spring", "/dashboard/coupons/spring"),
        ("demo_app", "/dashboard/applications/demo_app"),
        ("default_users", "/dashboard/pricing-tables/default_users"),
        ("{endpoint_id}", "/dashboard/webhooks/{endpoint_id}"),
        ("{delivery_id}", "/dashboard/webhooks/{endpoint_id}/deliveries/{delivery_id}"),
        ("{token_id}", "/dashboard/keys/{token_id}"),
        ("{role_id}", "/dashboard/roles/{role_id}"),
        ("{request_id}", "/dashboard/cancellations/{request_id}"),
        ("{mail_id}", "/dashboard/mail/sent/{mail_id}"),
        ("https://hooks.example.com/billing", "/dashboard/webhooks/{endpoint_id}"),
    ],
)
def test_what_is_asked_for_exactly_opens_at_once(operator, asked, place):
    assert opened(operator, operator.path(asked)) == operator.path(place)


def test_a_meter_and_a_table_are_opened_by_their_keys_and_an_id_that_is_none_is_not_found(operator):
    create_meter(operator.engine, key="calls_made", name="Calls", event_type="call", aggregation="count")
    assert opened(operator, "calls_made") == "/dashboard/usage/meters/calls_made"
    for prefix in ("webhook", "delivery", "token", "role", "endrequest", "mail"):
        assert "Nothing found" in operator.text(SEARCH, q=f"{prefix}_nowhere")


def test_a_usage_event_is_found_by_its_id_and_by_its_source_with_it(operator):
    source, id_ = unquote(operator.ids["usage_source"]), unquote(operator.ids["usage_id"])
    place = opened(operator, id_)
    assert parse_qs(place.partition("?")[2]) == {"source": [source], "id": [id_]}
    assert operator.get(place).status_code == 200
    assert opened(operator, f"{source} {id_}") == place
    assert "Nothing found" in operator.text(SEARCH, q=f"elsewhere {id_}")


def test_an_event_is_found_in_both_forms_of_its_id_as_its_deliveries_or_as_whom_it_is_about(operator):
    with operator.engine.read() as tx:
        sent = tx.deliveries.get(operator.ids["delivery_id"]).event_id
        unsent = next(
            one
            for one in tx.outbox.list(customer_id=operator.ids["customer_id"])
            if not tx.deliveries.list(event_id=one.id)
        )
    delivery = operator.path("/dashboard/webhooks/{endpoint_id}/deliveries/{delivery_id}")
    for form in (sent, sent.replace("event_", "evt_")):
        assert opened(operator, form) == delivery
    assert opened(operator, unsent.id) == operator.path("/dashboard/customers/{customer_id}/timeline")
    assert "Nothing found" in operator.text(SEARCH, q=f"event_{'0' * 32}")


def test_a_checkout_session_is_found_in_both_forms_of_its_id_as_what_has_come_of_it(operator):
    session_id = operator.ids["checkout_session_id"]
    digits = session_id.rpartition("_")[2]
    forms = (session_id, f"cs_test_{digits}", f"cs_{digits}")
    for form in forms:
        assert "Checkout session without a customer" in operator.text(SEARCH, q=form)
    know_payer(operator.engine, session_id, email="somebody@example.com")
    with operator.engine.read() as tx:
        customer_id = find_session(tx, session_id).customer_id
    for form in forms:
        assert opened(operator, form) == f"/dashboard/customers/{customer_id}"
    assert pay_session(operator.engine, session_id, card=card()).standing == "complete"
    with operator.engine.read() as tx:
        invoice_id = find_session(tx, session_id).invoice_id
    assert [opened(operator, form) for form in forms] == [f"/dashboard/invoices/{invoice_id}"] * 3
    assert "Nothing found" in operator.text(SEARCH, q=f"cs_test_{'0' * 32}")


def test_a_payment_leads_to_whoever_has_made_it(operator):
    with operator.engine.read() as tx:
        payment = tx.invoices.payments_for(operator.ids["org_invoice_id"])[0]
    place = operator.path("/dashboard/customers/{org_customer_id}")
    assert opened(operator, payment.id) == opened(operator, str(payment.gateway_reference)) == place


@pytest.mark.parametrize("asked", ["gra", "hopper grace", "HOP", "grâce", "Analyt engi", "engines.example.com"])
def test_beginnings_of_words_find_customers_whatever_their_case_and_accents(operator, asked):
    found = operator.text(SEARCH, q=asked)
    assert ("Grace Hopper" in found) is not ("Analyt" in asked or "engines" in asked)
    assert "Customer" in found


def test_a_word_that_many_share_hides_nobody_who_is_asked_for_by_a_rare_one_as_well(operator, monkeypatch):
    monkeypatch.setattr(search, "MOST_LOOKED_AT", 3)
    assert "Grace Hopper" in operator.text(SEARCH, q="example.com hopper")


def test_every_word_that_is_asked_for_has_to_be_there(operator):
    assert "Nothing found" in operator.text(SEARCH, q="grace lovelace")


def test_each_thing_is_shown_once_though_person_and_customer_are_found_by_it(operator):
    assert operator.get(SEARCH, q="rosa").text.count("/dashboard/customers/customer_") == 1


@pytest.mark.parametrize(
    "asked",
    ["", "%", "_", "'; DROP TABLE users; --", "<script>alert(1)</script>", "\\", "\u202eevil", "🦄", "a" * 10_000, "*"],
)
def test_whatever_is_typed_is_only_text(operator, asked):
    answer = operator.get(SEARCH, q=asked)
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_a_new_name_is_found_and_the_old_one_is_not(operator):
    user = register_user(operator.engine, email="emmy@example.com", password="correct horse battery", given_name="Emmy")
    assert "emmy@example.com" in operator.text(SEARCH, q="emm")
    update_user(operator.engine, user_id=user.id, given_name="Amalie", family_name="Noether")
    assert "Amalie Noether" in operator.text(SEARCH, q="noeth amal")
    with operator.engine.read() as tx:
        assert {hit.noun_id for hit in tx.search.find("amalie", 10)} == {user.id}


def test_whoever_is_erased_is_found_by_nothing_any_more(operator):
    user = register_user(operator.engine, email="gone@example.com", password="correct horse battery", given_name="Zed")
    delete_user(operator.engine, user_id=user.id)
    for asked in ("gone@example.com", "zed", user.id):
        assert "Nothing found" in operator.text(SEARCH, q=asked)


def test_people_and_organizations_that_are_no_customers_have_a_page(operator):
    made = create_organization(operator.engine, name="Quiet Ltd", creator_id=operator.ids["operator_id"])
    assert opened(operator, made.code) == f"/dashboard/people/{made.code}"
    assert "Ada Lovelace" in operator.text(f"/dashboard/people/{made.code}")
    assert "Quiet Ltd" in operator.text("/dashboard/people/{operator_id}")
    assert operator.get("/dashboard/people/nobody").status_code == 404
