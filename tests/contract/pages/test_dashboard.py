"""The dashboard: operators only; an empty state while billing is off, and all of billing while it is on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.operators import add_operator, remove_operator
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.visitor import Visitor
from tests.engines import card
from tests.serving import RunningServer, serving

TAB = "/dashboard/applications/demo_app/billing"
LISTS = ("customers", "subscriptions", "invoices", "disputes", "credits", "coupons", "plans", "features")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RunningServer]:
    place = tmp_path_factory.mktemp("dashboard") / "billing.db"
    with serving(f"sqlite:///{place}", gateway=None) as running:
        yield running


@pytest.fixture
def off(server) -> RunningServer:
    """The server with billing off, whatever a test before has done."""
    with server.engine.begin() as tx:
        tx.workspace.save(tx.workspace.lock().disabled())
    server.engine.forget_workspace()
    return server


@pytest.fixture
def ada(off) -> Iterator[Visitor]:
    """Ada, who is an operator, at the dashboard."""
    with Visitor() as visitor:
        visitor.open(f"{off.base_url}/dashboard")
        visitor.submit(email=off.seed.users[0][0], password=off.seed.users[0][1])
        assert visitor.page.title.startswith("Home")
        yield visitor


def test_whoever_has_not_signed_in_is_asked_to(off):
    for path in ("/dashboard", TAB, f"{TAB}/settings"):
        answer = httpx.get(f"{off.base_url}{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/dashboard/sign-in")


@pytest.mark.parametrize(("email", "password"), [("ada@example.com", "wrong wrong wrong"), ("grace@example.com", None)])
def test_nobody_but_an_operator_with_the_password_gets_in(off, email, password):
    with Visitor() as visitor:
        visitor.open(f"{off.base_url}/dashboard")
        page = visitor.submit(email=email, password=password or off.seed.users[1][1])
        assert page.status == 422
        assert visitor.open(f"{off.base_url}/dashboard").title.startswith("Sign in")


def test_who_is_no_operator_any_more_sees_nothing_at_once(off, ada):
    with off.engine.read() as tx:
        user = tx.users.find_by_email("ada@example.com")
    remove_operator(off.engine, user_id=user.id, actor="test")
    assert ada.open(f"{off.base_url}/dashboard").status == 403
    add_operator(off.engine, email=user.email, actor="test")
    assert ada.open(f"{off.base_url}/dashboard").status == 200


def test_while_billing_is_off_the_tab_is_an_empty_state_with_one_action(off, ada):
    page = ada.open(f"{off.base_url}{TAB}")
    assert "Billing is off" in page.text
    around = ("/dashboard/sign-out", "/dashboard/search")
    actions = [form for form in page.forms if form.action not in around]
    assert [[button[0] for button in form.buttons] for form in actions] == [["Enable billing"]]
    assert ada.open(f"{off.base_url}{TAB}/settings").url.endswith(TAB)


def test_enabling_shows_the_whole_surface(off, ada):
    ada.open(f"{off.base_url}{TAB}")
    page = ada.submit("Enable billing")
    assert "Billing is enabled." in page.text
    assert "Test processor" in page.text
    assert off.engine.workspace.gateway == "managed"
    assert ada.open(f"{off.base_url}{TAB}/settings").url.endswith("/settings")
    for section in LISTS:
        page = ada.open(f"{off.base_url}/dashboard/{section}")
        assert (page.status, page.url.endswith(f"/{section}")) == (200, True)
    assert "pro_monthly" in ada.open(f"{off.base_url}/dashboard/plans").text
    assert "ai_tokens" in ada.open(f"{off.base_url}/dashboard/features").text


def test_a_gateway_that_is_not_ready_is_refused_where_it_was_chosen(off, ada):
    ada.open(f"{off.base_url}{TAB}")
    page = ada.submit("Enable billing", gateway="stripe_platform")
    assert page.status == 422
    assert "no key of Stripe" in page.text
    assert not off.engine.workspace.is_billing_enabled
    assert ada.submit("Enable billing", gateway="paypal").status == 422


def test_disabling_is_refused_with_its_reason_and_done_when_nobody_subscribes(off, ada):
    enable_billing(off.engine, actor="test")
    ada.open(f"{off.base_url}{TAB}/settings")
    assert "Billing is disabled." in ada.submit("Disable billing").text
    enable_billing(off.engine, actor="test")
    with off.engine.read() as tx:
        grace = tx.users.find_by_email("grace@example.com")
    customer = become_customer(off.engine, user_id=grace.id, billing_email=grace.email)
    add_card(off.engine, customer_id=customer.id, card=card())
    subscribe(off.engine, customer_id=customer.id, plan_key="pro_monthly")
    ada.open(f"{off.base_url}{TAB}/settings")
    page = ada.submit("Disable billing")
    assert (page.status, "active subscriptions" in page.text) == (422, True)
    assert "Grace Hopper" in ada.open(f"{off.base_url}/dashboard/customers").text
    assert "INV-" in ada.open(f"{off.base_url}/dashboard/invoices").text


def test_the_state_of_the_linked_account_is_shown_and_no_secret_is(off, ada):
    at = off.engine.now()
    app = PaymentApp(
        "app_1",
        "stripe_connect",
        "stripe",
        "Stripe",
        at,
        at,
        account_id="acct_1",
        masked_api_key="sk_test_***abc",
        connection="connected",
        missing=("external_account",),
        status="unauthorized",
    )
    with off.engine.begin() as tx:
        tx.payment_apps.add(app)
        tx.workspace.save(tx.workspace.lock().enabled("stripe_connect", at))
    off.engine.forget_workspace()
    page = ada.open(f"{off.base_url}{TAB}")
    for shown in ("Unauthorised", "external_account", "acct_1", "sk_test_***abc", "Connected"):
        assert shown in page.text, shown
    with off.engine.begin() as tx:
        tx.payment_apps.save(replace(app, deleted_at=at))


@pytest.mark.attack(163)
def test_a_form_of_another_site_switches_nothing(off, ada):
    page = ada.open(f"{off.base_url}{TAB}")
    token = page.forms[-1].fields["csrf_token"]
    for headers, sent in (({"Sec-Fetch-Site": "cross-site"}, token), ({}, "x"), ({}, "")):
        answer = ada.http.post(f"{off.base_url}{TAB}/enable", data={"csrf_token": sent}, headers=headers)
        assert answer.status_code == 403
    assert not off.engine.workspace.is_billing_enabled


def test_signing_out_ends_the_session(off, ada):
    ada.submit("Sign out")
    assert ada.open(f"{off.base_url}{TAB}").title.startswith("Sign in")


def test_an_application_that_is_not_there_is_said_to_be_missing(off, ada):
    assert ada.open(f"{off.base_url}/dashboard/applications/nobody/billing").status == 404
    disable_billing(off.engine, actor="test")
