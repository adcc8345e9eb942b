"""The switch on the wire: status, enable, disable, and every refusal of the contract."""

from __future__ import annotations

from dataclasses import replace

import pytest

from billing_sdk._secret import Secret
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.dashboard_tokens import issue_dashboard_token
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.kolaylogin.conftest import BASE_URL, asking
from tests.databases import copy_sqlite
from tests.engines import card
from tests.in_process import in_process

KEY = Secret("sk_test_" + "k" * 24)
OFF = {"billingEnabled": False, "billingEnabledAt": None, "billingGateway": None}


def customer_of(off, *, plan: str):
    with off.engine.read() as tx:
        ada = tx.users.find_by_email("ada@example.com")
    customer = become_customer(off.engine, user_id=ada.id, billing_email=ada.email)
    add_card(off.engine, customer_id=customer.id, card=card())
    return subscribe(off.engine, customer_id=customer.id, plan_key=plan)


@pytest.fixture
def off_with_stripe(switched_off, tmp_path):
    """The demo with billing off, on a server that was set up to link accounts of Stripe."""
    place, seed = switched_off
    copy_sqlite(str(place), str(tmp_path / "billing.db"))
    chosen = {"stripe_secret_key": KEY, "stripe_connect_client_id": "ca_1"}
    with in_process(f"sqlite:///{tmp_path / 'billing.db'}", BASE_URL, seed=seed, **chosen) as served:
        yield served


def test_billing_is_off_until_somebody_enables_it(ask):
    answer = ask("GET", "status")
    assert (answer.status_code, answer.json()) == (200, OFF)


@pytest.mark.parametrize("body", [None, {}, {"gateway": "managed"}])
def test_enabling_records_the_time_and_the_gateway(off, ask, body):
    answer = ask("POST", "enable", json=body)
    assert answer.status_code == 200, answer.text
    status = answer.json()
    assert (status["billingEnabled"], status["billingGateway"]) == (True, "managed")
    assert status["billingEnabledAt"].endswith("Z")
    assert ask("GET", "status").json() == status


def test_enabling_twice_with_the_same_gateway_changes_nothing(off, ask):
    first = ask("POST", "enable").json()
    assert ask("POST", "enable", json={"gateway": "managed"}).json() == first
    with off.engine.read() as tx:
        assert len([record for record in tx.audit.of("managed") if record["action"] == "billing.enable"]) == 1


@pytest.mark.parametrize(
    ("gateway", "status", "code"),
    [
        ("stripe_platform", 400, "gateway_not_configured"),
        ("stripe_connect", 400, "gateway_not_configured"),
        ("paypal", 400, "invalid_request"),
        (None, 400, "invalid_request"),
    ],
)
@pytest.mark.parametrize("is_on", [False, True])
def test_a_gateway_that_is_not_ready_is_refused_and_changes_nothing(ask, gateway, status, code, is_on):
    before = ask("POST", "enable").json() if is_on else OFF
    answer = ask("POST", "enable", json={"gateway": gateway})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"]
    assert ask("GET", "status").json() == before


@pytest.mark.parametrize("body", [{"gateway": "managed", "more": 1}, {"Gateway": "managed"}, [], "managed"])
def test_a_body_that_is_something_else_is_refused(ask, body):
    answer = ask("POST", "enable", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert ask("GET", "status").json() == OFF


def test_disabling_keeps_nothing_on(ask):
    ask("POST", "enable")
    answer = ask("POST", "disable")
    assert (answer.status_code, answer.json()) == (200, OFF)
    assert ask("POST", "disable").json() == OFF


def test_disabling_is_refused_while_somebody_has_a_subscription_that_costs(off, ask):
    on = ask("POST", "enable").json()
    agreement = customer_of(off, plan="pro_monthly")
    answer = ask("POST", "disable")
    code = answer.json()["error"]["code"]
    assert (answer.status_code, code) == (400, "billing_has_active_end_user_subscriptions")
    assert ask("GET", "status").json() == on
    cancel_agreement(off.engine, agreement_id=agreement.id, timing="now")
    assert ask("POST", "disable").json() == OFF


def test_a_free_plan_keeps_nobody_from_disabling(off, ask):
    ask("POST", "enable")
    customer_of(off, plan="free")
    assert ask("POST", "disable").json() == OFF


@pytest.mark.parametrize("given", [{}, {"stripe_secret_key": KEY}, {"stripe_connect_client_id": "ca_1"}])
def test_accounts_are_linked_only_with_a_key_and_a_client_id(switched_off, given):
    place, seed = switched_off
    with in_process(f"sqlite:///{place}", BASE_URL, seed=seed, **given) as served:
        answer = asking(served)("POST", "enable", json={"gateway": "stripe_connect"})
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "gateway_not_configured")
        assert ("KL_STRIPE_SECRET_KEY" in error["message"]) != ("stripe_secret_key" in given)
        assert ("BILLING_SERVER_STRIPE_CONNECT_CLIENT_ID" in error["message"]) != ("stripe_connect_client_id" in given)


def test_another_gateway_takes_the_place_of_the_first_and_billing_stays_on_since_then(off_with_stripe):
    off, ask = off_with_stripe, asking(off_with_stripe)
    first = ask("POST", "enable").json()
    at = off.engine.now()
    app = PaymentApp("app_1", "stripe_connect", "stripe", "Stripe", at, at, connection="in_progress")
    with off.engine.begin() as tx:
        tx.payment_apps.add(replace(app, missing=("external_account",)))
    refused = ask("POST", "enable", json={"gateway": "stripe_connect"})
    assert (refused.status_code, refused.json()["error"]["missing"]) == (409, ["external_account"])
    with off.engine.begin() as tx:
        tx.payment_apps.save(replace(app, connection="connected"))
    second = ask("POST", "enable", json={"gateway": "stripe_connect"}).json()
    assert second == {**first, "billingGateway": "stripe_connect"}


def test_a_call_that_is_sent_again_with_its_key_is_answered_as_before(ask):
    key = {"Idempotency-Key": "once"}
    first = ask("POST", "enable", headers=key)
    ask("POST", "disable")
    again = ask("POST", "enable", headers=key)
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert ask("GET", "status").json() == OFF
    other = ask("POST", "enable", headers=key, json={"gateway": "stripe_connect"})
    assert other.status_code == 422


def test_no_token_shows_in_what_is_printed_of_it(off):
    with off.engine.read() as tx:
        ada = tx.users.find_by_email("ada@example.com")
    token, _ = issue_dashboard_token(off.engine, user_id=ada.id, actor="test")
    assert isinstance(token, Secret)
    assert token.reveal() not in repr(token)
