"""Stripe's published clients, unmodified, walk through the guide "Create hybrid pricing plans" at this server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/contract/foreign/stripe_guide.py"
SEATS = 150_000
LICENCES = ["license_fee_details", SEATS, 0]
# Of 300 tokens at 5 cents each the month's credit pays 10 dollars.
TOKENS = ["rate_card_rate_details", 1500, 1000]

pytestmark = pytest.mark.foreign


def walk(server, version, collection):
    """Run the guide with one of the clients and return what it has found."""
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    key = create_api_token(server.engine, name="guide", prefix="sk").secret.reveal()
    task = json.dumps({"base": server.base_url, "key": key, "collection": collection}) + "\n"
    done = subprocess.run(
        [str(python), str(SCRIPT)],
        input=task,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("database_kind", "version", "collection"),
    [
        pytest.param("sqlite", "2025-09-30", "send_invoice", id="13.1 on SQLite"),
        pytest.param("postgresql", "2026-10-14", "automatic", id="16.1 on PostgreSQL", marks=pytest.mark.postgres),
    ],
    indirect=["database_kind"],
)
def test_the_guide_works_from_the_meter_to_the_second_invoice_with_each_client(server, version, collection):
    found = walk(server, version, collection)

    assert found["first"] == {"status": "paid", "total": SEATS, "lines": [LICENCES]}
    assert found["preview"] | {"status": ""} == {
        "status": "",
        "total": SEATS + 500,
        "lines": [LICENCES, TOKENS],
    }
    status = "open" if collection == "send_invoice" else "paid"
    assert found["second"] == {"status": status, "total": SEATS + 500, "lines": [LICENCES, TOKENS]}
    assert "UnknownEventNotification" not in found["classes"]
    assert found["related"] == [True, "active", "current"]
    assert found["metadata"] == "user-1"
    assert found["event"] == [True, "v2.billing.pricing_plan_subscription.servicing_activated"]
    assert found["thin"]
