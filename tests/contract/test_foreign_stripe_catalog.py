"""Stripe's published clients, unmodified, over the catalogue: the one of the first preview, and the newest."""

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
SCRIPT = ROOT / "tests/contract/foreign/stripe_catalog.py"
INVALID = "InvalidRequestError"

pytestmark = pytest.mark.foreign


@pytest.fixture
def server(sqlite_template, tmp_path):
    """A server of its own for each client, which lists all that there is."""
    path = tmp_path / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.mark.parametrize("version", ["2025-09-30", "2026-10-14"])
def test_each_published_client_makes_changes_and_lists_what_is_for_sale(server, version):
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    key = create_api_token(server.engine, name="catalogue", prefix="sk").secret.reveal()

    done = subprocess.run(
        [str(python), str(SCRIPT)],
        input=json.dumps({"base": server.base_url, "key": key}) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
    )

    assert done.returncode == 0, done.stderr[-3000:]
    is_new = version == "2026-10-14"
    assert json.loads(done.stdout) == {
        "items": [True, "hypernian", "txcd_10103001", {"stays": "here"}, True, True],
        "items_refused": [
            [INVALID, "meter_not_found", 404],
            [INVALID, "metered_item_not_found", 404],
            [INVALID, "parameter_invalid", 400],
        ],
        "fees": [True, True, "10.5", 10, None, [None, "50000"], True],
        "interval": [None, "month", False] if is_new else ["month", None, True],
        "cards": [20, True, 0],
        "rates": ["0.000000000001", True, True, [True, "v2.billing.rate_card_rate"], 3, True],
        "rates_refused": [
            [INVALID, "rate_card_inactive_error", 400],
            [INVALID, "rate_card_rate_delete_inactive", 400],
            [INVALID, "rate_card_version_not_found", 404],
        ],
        "plan": [
            "Gift",
            1000,
            None,
            ["rate_card", "license_fee", "service_action"],
            ["rate_card", "service_action"],
            True,
            [True, "v2.billing.pricing_plan_component"],
            5,
            True,
            [False, True],
        ],
        "plan_refused": [
            [INVALID, "pricing_plan_version_has_no_components", 400],
            [INVALID, "pricing_plan_inactive", 400],
            [INVALID, "pricing_plan_component_inactive", 400],
            [INVALID, "pricing_plan_not_found", 404],
        ],
        **({"one_time": "hour", "modified": ["2"]} if is_new else {}),
    }
