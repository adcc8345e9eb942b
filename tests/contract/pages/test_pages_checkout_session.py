"""The page of a checkout session without a browser: who may open it, what it takes, and where it leads to."""

from __future__ import annotations

import pytest

from billing_sdk.server.domain.visits import LASTS, CheckoutItem, CheckoutSession
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.checkout_links import checkout_path
from billing_sdk.server.usecases.checkout_sessions import create_checkout_session, find_session
from billing_sdk.server.usecases.complete_checkout import know_payer
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.web import csrf_token
from tests.contract.pages.visits import CARD
from tests.contract.stripe_door.hybrid import hybrid_plan
from tests.in_process import in_process
from tests.statements import statements_sent

BASE_URL = "http://127.0.0.1:3000"
OURS = {"Origin": BASE_URL, "Accept": "text/html"}
DECLINED = "4000000000009995"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    with in_process(f"sqlite:///{tmp_path_factory.mktemp('checkout') / 'billing.db'}", BASE_URL) as running:
        yield running


@pytest.fixture(scope="module")
def plan(app):
    return hybrid_plan(app.engine)


def begin(app, *plans, **more):
    at = app.engine.now()
    items = tuple(CheckoutItem(plan.key, plan.version_id, new_id("agreement")) for plan in plans)
    urls = {"success_url": "https://shop.example/done?s={CHECKOUT_SESSION_ID}", "cancel_url": "https://shop.example/"}
    session = CheckoutSession(new_id("checkoutsession"), items, at, at + LASTS, **{**urls, **more})
    return create_checkout_session(app.engine, session, actor="test")[0]


def send(app, path, **fields):
    token = csrf_token(path.rpartition("/")[2])
    return app.request("POST", path, data={"csrf_token": token, **CARD, **fields}, headers=OURS)


def test_only_whoever_has_the_address_of_a_session_opens_its_page(app, plan):
    one, other = begin(app, plan), begin(app, plan)
    path, key = checkout_path(app.engine, one.id), checkout_path(app.engine, other.id).rpartition("/")[2]
    assert app.get(path, headers=OURS).status_code == 200
    for wrong in (f"/checkout/session/{one.id}/{key}", path[:-1], f"{path}x", "/checkout/session/x/y"):
        assert app.get(wrong, headers=OURS).status_code == 404, wrong


def test_the_page_reads_once_what_its_plans_are_worked_out_from(app, plan):
    def sent(*plans):
        path = checkout_path(app.engine, begin(app, *plans).id)
        with statements_sent() as found:
            assert app.get(path, headers=OURS).status_code == 200
        return found

    one, two = sent(plan), sent(plan, hybrid_plan(app.engine))
    assert len(one) <= 75
    assert len(two) - len(one) <= 12
    assert sum("FROM licence_fees" in statement for statement in two) == 1


def test_a_session_is_paid_on_its_page_and_leads_where_the_seller_has_said(app, plan):
    session = begin(app, plan)
    path = checkout_path(app.engine, session.id)
    nobody = send(app, path)
    assert (nobody.status_code, "your e-mail address" in nobody.text) == (422, True)
    declined = send(app, path, email="who@example.com", number=DECLINED)
    assert (declined.status_code, "not enough money" in declined.text) == (422, True)
    assert DECLINED not in declined.text
    changed = send(app, path, email="who@example.com", shown="1", currency="USD")
    assert (changed.status_code, "has changed" in changed.text) == (422, True)
    paid = send(app, path, email="who@example.com", success_url="https://evil.example/")
    done = f"https://shop.example/done?s=cs_test_{session.id.rpartition('_')[2]}"
    assert (paid.status_code, paid.headers["location"]) == (303, done)
    for again in (app.get(path, headers=OURS), send(app, path, email="who@example.com")):
        assert (again.status_code, again.headers["location"]) == (303, done)
    with app.engine.read() as tx:
        found = find_session(tx, session.id)
        assert (found.status, tx.invoices.get(found.invoice_id).amount.minor) == ("complete", 50_000)
        assert len(tx.payment_intents.page(customer_id=found.customer_id).items) == 1


def test_a_session_without_a_place_to_lead_to_says_that_all_went_well(app, plan):
    session = begin(app, plan, success_url="", cancel_url="")
    paid = send(app, checkout_path(app.engine, session.id), email="thanks@example.com")
    assert (paid.status_code, "Thank you" in paid.text) == (200, True)


def test_the_page_names_the_place_that_its_form_ends_at_and_no_other(app, plan):
    page = app.get(checkout_path(app.engine, begin(app, plan).id), headers=OURS)
    [policy] = [part for part in page.headers["content-security-policy"].split("; ") if part.startswith("form-action")]
    assert policy == "form-action 'self' https://shop.example:443"


def test_tax_ids_are_kept_with_the_place_and_what_is_none_is_said_before_anybody_is_a_customer(app, plan):
    session = begin(app, plan, is_taxed=True)
    path = checkout_path(app.engine, session.id)
    typed = {"email": "vat@example.com", "country": "DE"}
    refused = send(app, path, **typed, tax_ids="DE123456789, !!!")
    assert (refused.status_code, "Give up to five numbers" in refused.text) == (422, True)
    with app.engine.read() as tx:
        assert find_session(tx, session.id).customer_id is None
    assert send(app, path, **typed, tax_ids="de 123 456 789, ATU12345678").status_code == 303
    with app.engine.read() as tx:
        payer = tx.customers.get(find_session(tx, session.id).customer_id)
    assert (payer.address.country, payer.tax_ids) == ("DE", ("DE123456789", "ATU12345678"))


def test_tax_ids_that_are_known_stay_where_none_is_typed_with_the_place(app, plan):
    session = begin(app, plan, is_taxed=True)
    payer = know_payer(app.engine, session.id, email="known@example.com").customer_id
    update_customer(app.engine, payer, tax_ids=("DE123456789",))
    assert send(app, checkout_path(app.engine, session.id), country="DE", tax_ids="").status_code == 303
    with app.engine.read() as tx:
        assert tx.customers.get(payer).tax_ids == ("DE123456789",)
