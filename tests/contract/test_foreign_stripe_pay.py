"""Stripe's published clients, unmodified, over payments, invoices and Checkout, in three versions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from billing_sdk.server.api.stripe.ids import shown
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.stripe_customers import create_stripe_customer
from billing_sdk.server.usecases.stripe_payment_methods import method_for
from tests.contract.stripe_door.hybrid import hybrid_plan, monthly, subscribed
from tests.databases import copy_sqlite
from tests.serving import serving

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/contract/foreign/stripe_pay.py"
# What a line of a licence fee comes from, by the version of the client.
PARENTS = {"2025-09-30": "license_fee_subscription_details"}
VERSIONS = {"2025-09-30": "2025-09-30.preview", "2026-10-14": "2026-10-14.preview", "stable": ""}

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("pay") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.mark.parametrize("version", VERSIONS)
def test_each_published_client_takes_money_reads_invoices_and_begins_a_checkout(server, version):
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    engine, has_plans = server.engine, version != "stable"
    plan = hybrid_plan(engine, seat=50_000)
    known = create_stripe_customer(
        engine, data={"name": "Ada"}, metadata={}, email="ada@example.com", address=None, clock_id=None, actor="api"
    )
    customer_id = known.customer.id
    cadence = monthly(engine, customer_id)
    method = method_for(engine, customer_id, "pm_card_visa", actor="api")
    subscribed(engine, cadence, plan, method_id=method.id)
    task = {
        "base": server.base_url,
        "key": create_api_token(engine, name="pay", prefix="sk").secret.reveal(),
        "has_plans": has_plans,
        "version": VERSIONS[version],
        "customer": shown("customer", customer_id, is_live=False),
        "cadence": shown("billing_cadence", cadence.id, is_live=False),
        "plan": plan.key,
    }
    done = subprocess.run(
        [str(python), str(SCRIPT)],
        input=json.dumps(task) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)

    assert found["payments"] == {
        "statuses": ["succeeded", "requires_action", "redirect_to_url", "succeeded", "succeeded"],
        "refused": ["card_declined", "generic_decline", 402, "requires_payment_method"],
        "metadata": "7",
        "cancelled": "canceled",
        "refund": ["succeeded", 200, True],
        "listed": [True, 4],
    }
    assert found["invoices"] == {
        "invoice": ["paid", 50_000, 50_000, "billing_cadence_details"],
        "cadence": True,
        "line": [50_000, PARENTS.get(version, "pricing_plan_subscription_details"), "license_fee_details"],
        "preview": ["draft", 50_000] if has_plans else None,
        "again": True,
    }
    if has_plans:
        assert found["checkout"] == [150_000, "open", "expired"]
