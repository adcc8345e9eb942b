"""Stripe's published clients, unmodified, over billing intents and subscriptions, in two versions."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token
from tests.databases import copy_sqlite
from tests.serving import serving

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "tests/contract/foreign/stripe_intents.py"

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    """One server for both clients."""
    path = tmp_path_factory.mktemp("intents") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.mark.parametrize("version", ["2025-09-30", "2026-10-14"])
def test_each_published_client_subscribes_modifies_ends_and_hears_what_is_refused(server, version):
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    key = create_api_token(server.engine, name="intents", prefix="sk").secret.reveal()
    done = subprocess.run(
        [str(python), str(CLIENT)],
        input=json.dumps({"base": server.base_url, "key": key, "version": version}) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)

    statuses = ["draft", "reserved", "committed"]
    assert found["subscribed"] == [statuses, "3000", "subscribe", "active", "current", "blue", True]
    assert found["modified"] == [True, True, "red"]
    assert found["canceled"] == ["draft", "canceled"]
    assert found["refused"] == [
        ["InvalidRequestError", "invalid_status_for_reserve", 400],
        ["InvalidRequestError", "parameter_invalid_empty", 400],
        ["InvalidRequestError", "billing_intent_not_found", 404],
        ["InvalidRequestError", "pricing_plan_subscription_not_found", 404],
    ]
    assert found["ended"] == [["canceled"], 4]
