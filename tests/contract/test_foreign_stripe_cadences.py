"""Stripe's published clients, unmodified, over cadences, profiles and settings, in two versions."""

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
CLIENT = ROOT / "tests/contract/foreign/stripe_cadences.py"

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    """One server for both clients."""
    path = tmp_path_factory.mktemp("cadences") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.mark.parametrize("version", ["2025-09-30", "2026-10-14"])
def test_each_published_client_makes_cadences_with_profiles_and_settings_and_ends_them(server, version):
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    key = create_api_token(server.engine, name="cadences", prefix="sk").secret.reveal()
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

    assert found["bill"] == [14, True, True, True]
    assert found["collection"] == ["send_invoice", "500", "send_invoice"]
    assert found["profile"] == ["active", "Main office", {}]
    quarter_end = found["cadence"].pop(5)
    assert found["cadence"] == ["v2.billing.cadence", "active", True, 31, 9, True, None]
    assert quarter_end in ("03-31T09:30:00.000Z", "06-30T09:30:00.000Z", "09-30T09:30:00.000Z", "12-31T09:30:00.000Z")
    assert found["data"] == ["send_invoice", 14, 0]
    assert found["lists"] == [True, True]
    assert found["changed"] == [{"team": "blue"}, "canceled", None]
    assert found["refused"] == [
        ["InvalidRequestError", "billing_profile_not_found_for_cadence", 400],
        ["InvalidRequestError", "month_of_year_not_supported_for_interval_count", 400],
        ["InvalidRequestError", "invalid_billing_cadence_filters", 400],
        ["InvalidRequestError", "billing_cadence_not_found", 404],
        ["InvalidRequestError", "billing_cadence_canceled", 400],
    ]
