"""Apps: whose key it is, which keys fit, and what becomes of one that is revoked, mended, rotated or uninstalled."""

from __future__ import annotations

import logging

import pytest

from billing_sdk._secret import Secret
from billing_sdk.errors import (
    AppInUse,
    Conflict,
    GatewayNotConfigured,
    GatewayUnauthorized,
    InvalidRequest,
    InvalidSetting,
    NotFound,
    StripeKeyMismatch,
)
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.install_app import ensure_app, install_app
from billing_sdk.server.usecases.mark_unauthorized import mark_unauthorized, recheck_apps
from billing_sdk.server.usecases.rotate_app_key import rotate_app_key
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.server.usecases.uninstall_app import uninstall_app
from tests.engines import IN_MEMORY, engine_on, payer


@pytest.fixture
def engine(stripe_simulator):
    with engine_on(IN_MEMORY, stripe_api_base=stripe_simulator.base_url, stripe_retries=0) as opened:
        yield opened


def app_of(engine, gateway="stripe_platform"):
    with engine.read() as tx:
        return tx.payment_apps.of_gateway(gateway)


def key_of(simulator) -> Secret:
    return Secret(simulator.secret_key)


def actions_on(engine, subject) -> list[str]:
    with engine.read() as tx:
        return [record["action"] for record in tx.audit.of(subject)]


def everything_in(engine) -> str:
    connection = engine.database._engine.raw_connection()
    try:
        return "\n".join(connection.driver_connection.iterdump())
    finally:
        connection.close()


def test_an_app_knows_its_account_and_shows_the_ends_of_its_key_only(engine, stripe_simulator):
    app = install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    assert (app.type, app.status, app.is_live, app.connection) == ("stripe", "ready", False, "connected")
    assert app.account_id == stripe_simulator.state.platform_id
    assert app.masked_api_key == f"sk_test_***{stripe_simulator.secret_key[-3:]}"
    assert [entry.path for entry in stripe_simulator.log] == ["/v1/account"]


@pytest.mark.parametrize(
    "key", ["sk_live_" + "a" * 24, "rk_live_" + "a" * 24, "pk_test_" + "a" * 24, "sk_test", "hunter2-hunter2"]
)
def test_a_key_that_does_not_fit_is_refused_before_anybody_is_asked(engine, stripe_simulator, key):
    with pytest.raises(StripeKeyMismatch) as refused:
        install_app(engine, gateway="stripe_platform", api_key=Secret(key))
    assert key not in str(refused.value)
    assert (app_of(engine), stripe_simulator.log) == (None, [])


def test_a_server_does_not_start_with_the_key_of_the_other_environment():
    with pytest.raises(InvalidSetting, match="live key"):
        Settings(base_url="http://127.0.0.1:3000", database_url=IN_MEMORY, stripe_secret_key=Secret("sk_live_abcdef"))


def test_a_key_that_stripe_refuses_leaves_nothing(engine, stripe_simulator):
    stripe_simulator.revoke_key()
    with pytest.raises(GatewayUnauthorized) as refused:
        install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    assert stripe_simulator.secret_key not in str(refused.value)
    assert app_of(engine) is None


def test_there_is_one_app_of_a_gateway(engine, stripe_simulator):
    first = install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    with pytest.raises(Conflict):
        install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    assert ensure_app(engine, "stripe_platform") == first


@pytest.mark.parametrize(
    ("gateway", "key", "refusal"),
    [
        ("stripe_platform", None, GatewayNotConfigured),
        ("stripe_connect", None, GatewayNotConfigured),
        ("stripe_connect", "sk_test_abcdef", InvalidRequest),
        ("managed", "sk_test_abcdef", InvalidRequest),
    ],
)
def test_a_gateway_takes_the_key_that_belongs_to_it(engine, gateway, key, refusal):
    with pytest.raises(refusal):
        install_app(engine, gateway=gateway, api_key=None if key is None else Secret(key))


def test_nothing_is_made_at_stripe_before_the_gateway_is_in_use(engine, stripe_simulator):
    install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    assert [entry.method for entry in stripe_simulator.log] == ["GET"]
    enable_billing(engine, gateway="stripe_platform", actor="operator")
    assert [(entry.method, entry.path) for entry in stripe_simulator.log][1:] == [("POST", "/v1/webhook_endpoints")]


def test_a_key_that_was_refused_is_taken_again_once_it_is_mended(engine, stripe_simulator, caplog):
    app = install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    stripe_simulator.revoke_key()
    caplog.set_level(logging.DEBUG)
    mark_unauthorized(engine.database, "stripe_platform", at=engine.now())
    mark_unauthorized(engine.database, "stripe_platform", at=engine.now())
    recheck_apps(engine)
    assert app_of(engine).status == "unauthorized"
    stripe_simulator.restore_key()
    recheck_apps(engine)
    assert app_of(engine).status == "ready"
    assert actions_on(engine, app.id) == ["app.install", "app.unauthorized", "app.ready"]
    assert stripe_simulator.secret_key not in caplog.text
    assert app.masked_api_key == app_of(engine).masked_api_key


def test_a_rotated_key_is_of_the_same_account(engine, stripe_simulator):
    app = install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    mark_unauthorized(engine.database, "stripe_platform", at=engine.now())
    other = Secret(stripe_simulator.new_key(account=stripe_simulator.account()))
    with pytest.raises(StripeKeyMismatch):
        rotate_app_key(engine, app_id=app.id, api_key=other)
    with pytest.raises(StripeKeyMismatch):
        rotate_app_key(engine, app_id=app.id, api_key=Secret(stripe_simulator.live_key))
    assert app_of(engine).status == "unauthorized"
    new = Secret(stripe_simulator.new_key())
    rotated = rotate_app_key(engine, app_id=app.id, api_key=new)
    assert (rotated.status, rotated.masked_api_key) == ("ready", f"sk_test_***{new.reveal()[-3:]}")
    with engine.read() as tx:
        assert tx.payment_apps.secret_of(app.id, "api_key") == new


def test_an_app_that_is_in_use_stays(engine, stripe_simulator):
    update_profile(engine, BUILT_IN_ID, collection_method="send_invoice")
    subscribe(engine, customer_id=payer(engine, number=None).id, plan_key="pro_monthly")
    app = install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    enable_billing(engine, gateway="stripe_platform", actor="operator")
    with pytest.raises(AppInUse):
        uninstall_app(engine, app_id=app.id)
    assert app_of(engine) is not None


def test_an_app_that_is_uninstalled_has_no_secrets_left(engine, stripe_simulator):
    app = install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    enable_billing(engine, gateway="stripe_platform", actor="operator")
    uninstall_app(engine, app_id=app.id)
    with engine.read() as tx:
        assert tx.payment_apps.secret_of(app.id, "api_key") is None
        assert tx.payment_apps.secret_of(app.id, "webhook_secret") is None
    with pytest.raises(NotFound):
        uninstall_app(engine, app_id=app.id)


def test_no_key_can_be_read_from_the_database(engine, stripe_simulator):
    install_app(engine, gateway="stripe_platform", api_key=key_of(stripe_simulator))
    kept = everything_in(engine)
    assert app_of(engine).id in kept
    assert stripe_simulator.secret_key not in kept
