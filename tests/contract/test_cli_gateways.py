"""`billing-sdk gateways`: linked accounts and the catalogue there, from a terminal."""

from __future__ import annotations

import pytest

from billing_sdk._secret import Secret
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.testing.stripe import stripe_simulator
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import engine_on


@pytest.fixture
def stripe(sqlite_catalogue, tmp_path, monkeypatch):
    """A simulated account that a database is linked with, and the arguments that name the database."""
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with stripe_simulator() as simulator:
        monkeypatch.setenv("COLUMNS", "240")
        monkeypatch.setenv("KL_STRIPE_SECRET_KEY", simulator.secret_key)
        monkeypatch.setenv("BILLING_SERVER_STRIPE_API_BASE", simulator.base_url)
        key = Secret(simulator.secret_key)
        with engine_on(url, stripe_secret_key=key, stripe_api_base=simulator.base_url) as engine:
            enable_billing(engine, gateway="stripe_platform", actor="operator")
        yield simulator, ("--database", url)


def test_accounts_are_shown_without_their_keys_and_plans_are_synced(stripe):
    simulator, database = stripe
    listed = call("gateways", "list", *database)
    assert listed.exit_code == 0
    assert simulator.state.platform_id in listed.stdout
    assert simulator.secret_key not in listed.stdout
    synced = call("gateways", "sync", "pro_monthly", *database)
    assert synced.exit_code == 0
    assert "pro_monthly:base_price:USD" in synced.stdout
    assert [product["name"] for product in simulator.all("product")].count("Pro: Base price") == 1
