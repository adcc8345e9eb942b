"""Connect: an account is linked by its owner's consent, once for each visit to Stripe's page, and let go again."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import (
    AppInUse,
    Conflict,
    GatewayNotConfigured,
    GatewayNotConnected,
    InvalidOAuthState,
    InvalidRequest,
)
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.connect_account import (
    begin_connecting,
    disconnect_account,
    finish_connecting,
    give_up_connecting,
    note_disconnected,
    refresh_connection,
    set_application_fee,
)
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.stripe.objects.oauth import new_code
from tests.engines import IN_MEMORY, advance, engine_on, payer


@pytest.fixture
def engine(stripe_simulator):
    with engine_on(
        IN_MEMORY,
        stripe_api_base=stripe_simulator.base_url,
        stripe_secret_key=Secret(stripe_simulator.secret_key),
        stripe_connect_client_id=stripe_simulator.client_id,
        stripe_retries=0,
    ) as opened:
        yield opened


def app_of(engine):
    with engine.read() as tx:
        return tx.payment_apps.of_gateway("stripe_connect")


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def consent(simulator, account: str) -> str:
    """Return a code as Stripe sends it along once the owner of an account has agreed."""
    return new_code(simulator.state, account, client_id=simulator.client_id, scope="read_write", is_live=False)


def connected(engine, simulator, *, account: str | None = None, is_ready: bool = True):
    url = begin_connecting(engine)
    code = consent(simulator, account or simulator.account(is_ready=is_ready))
    return finish_connecting(engine, code=code, state=state_of(url))


def test_who_is_sent_away_is_not_connected_yet(engine, stripe_simulator):
    url = begin_connecting(engine)
    assert url.startswith(f"{stripe_simulator.base_url}/oauth/authorize?")
    assert parse_qs(urlsplit(url).query)["redirect_uri"] == ["http://127.0.0.1:3000/stripe/connect/return"]
    assert (app_of(engine).connection, app_of(engine).account_id) == ("connecting", None)
    assert stripe_simulator.log == []
    with pytest.raises(GatewayNotConnected):
        enable_billing(engine, gateway="stripe_connect", actor="operator")


def test_an_account_whose_owner_agrees_is_connected(engine, stripe_simulator):
    account = stripe_simulator.account()
    app = connected(engine, stripe_simulator, account=account)
    assert (app.connection, app.account_id, app.missing, app.is_live) == ("connected", account, (), False)
    enable_billing(engine, gateway="stripe_connect", actor="operator")
    assert app_of(engine).webhook_endpoint_id is not None
    with pytest.raises(Conflict):
        begin_connecting(engine)


def test_an_account_that_lacks_something_is_in_progress_until_it_is_given(engine, stripe_simulator):
    app = connected(engine, stripe_simulator, is_ready=False)
    assert app.connection == "in_progress"
    assert app.missing
    stripe_simulator.complete_account(app.account_id)
    assert (refresh_connection(engine).connection, app_of(engine).missing) == ("connected", ())


def test_a_state_is_good_once_for_ten_minutes_and_of_our_own_making_only(engine, stripe_simulator):
    old = state_of(begin_connecting(engine))
    advance(engine, minutes=11)
    used = state_of(begin_connecting(engine))
    give_up_connecting(engine, state=used)
    replaced = state_of(begin_connecting(engine))
    begin_connecting(engine)
    asked = len(stripe_simulator.log)
    for state in (old, used, replaced, "", "s1.local.AAAA", replaced[:-4] + "AAAA"):
        with pytest.raises(InvalidOAuthState):
            finish_connecting(engine, code="ac_1", state=state)
    assert len(stripe_simulator.log) == asked


def test_who_does_not_agree_is_as_before(engine):
    give_up_connecting(engine, state=state_of(begin_connecting(engine)))
    assert app_of(engine).connection == "not_connected"


def test_an_account_can_be_let_go_and_come_back(engine, stripe_simulator):
    account = stripe_simulator.account()
    first = connected(engine, stripe_simulator, account=account)
    assert disconnect_account(engine).connection == "disconnected"
    again = connected(engine, stripe_simulator, account=account)
    assert (again.id, again.connection) == (first.id, "connected")


def test_another_account_knows_nobody(engine, stripe_simulator):
    first = connected(engine, stripe_simulator)
    note_disconnected(engine, account_id=first.account_id)
    second = connected(engine, stripe_simulator)
    assert second.id != first.id
    with engine.read() as tx:
        assert tx.payment_apps.get(first.id).deleted_at is not None


def test_an_account_that_open_invoices_depend_on_is_let_go_by_force_only(engine, stripe_simulator):
    update_profile(engine, BUILT_IN_ID, collection_method="send_invoice")
    subscribe(engine, customer_id=payer(engine, number=None).id, plan_key="pro_monthly")
    connected(engine, stripe_simulator)
    enable_billing(engine, gateway="stripe_connect", actor="operator")
    with pytest.raises(AppInUse):
        disconnect_account(engine)
    assert disconnect_account(engine, is_forced=True).connection == "disconnected"


def test_only_the_account_that_is_linked_can_leave(engine, stripe_simulator):
    connected(engine, stripe_simulator)
    with pytest.raises(GatewayNotConnected):
        note_disconnected(engine, account_id="acct_other")
    assert app_of(engine).connection == "connected"


@pytest.mark.parametrize("percent", ["-1", "100.01", "2.505"])
def test_a_fee_is_a_share_with_two_decimals(engine, stripe_simulator, percent):
    connected(engine, stripe_simulator)
    assert set_application_fee(engine, percent=Decimal("2.50")).application_fee_percent == Decimal("2.50")
    with pytest.raises(InvalidRequest):
        set_application_fee(engine, percent=Decimal(percent))


def test_a_server_that_is_not_set_up_for_it_connects_nobody():
    with engine_on(IN_MEMORY) as engine, pytest.raises(GatewayNotConfigured):
        begin_connecting(engine)
