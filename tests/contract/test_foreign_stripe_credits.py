"""Stripe's published clients, unmodified, over credit: the first preview, the newest one, and the stable release."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from billing_sdk.server.api.stripe.ids import shown
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.create_item import create_metered_item, create_one_time_item
from billing_sdk.server.usecases.create_rate_card import create_rate_card
from tests.databases import copy_sqlite
from tests.serving import serving

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests/contract/foreign/stripe_credits.py"
INVALID = "InvalidRequestError"
DAY = 86_400

pytestmark = pytest.mark.foreign


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("credits") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


@pytest.mark.parametrize("version", ["2025-09-30", "2026-10-14", "stable"])
def test_each_published_client_grants_credit_and_reads_what_became_of_it(server, version):
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    engine, has_plans = server.engine, version != "stable"
    later = int(time.time()) + 30 * DAY
    task = {
        "base": server.base_url,
        "key": create_api_token(engine, name="credits", prefix="sk").secret.reveal(),
        "has_plans": has_plans,
        "later": later,
        "lookup_key": f"sparks-{version}",
    }
    if has_plans:
        card = create_rate_card(engine, name="Assistant", currency="USD", service=Cadence("month"))
        item = create_metered_item(engine, name="Tokens", feature_key="ai_tokens")
        extra = create_one_time_item(engine, name="Extra")
        task |= {
            "card": shown("rate_card", card.id, is_live=False),
            "item": shown("billable_item", item.id, is_live=False),
            "extra": shown("billable_item", extra.id, is_live=False),
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
    assert found == {
        "grant": ["billing.credit_grant", "Welcome", "paid", 10, 1_000],
        "scope": "metered",
        "changed": [[False, "d"], True, None],
        "listed": [*range(12, 0, -1), 1_000],
        "ended": [True, True],
        "balance": [1_078],
        "alone": [1_000],
        "told": [17, [["debit", "credits_expired"], ["credit", "credits_granted"], ["debit", "credits_voided"]]],
        "newest": ["billing.credit_balance_transaction", 66, True],
        "again": [INVALID, "credit_grant_ended", None, 400],
        "missing": [INVALID, "resource_missing", "id", 404],
        "nothing": [INVALID, "parameter_invalid", "amount[monetary][value]", 400],
        **(UNITS if has_plans else {}),
        **(OVERAGE if version == "2026-10-14" else {}),
    }


UNITS = {
    "unit": ["v2.billing.custom_pricing_unit", "Coins", "b", True],
    "rate": [None, "0.5"],
    "action": "100",
    "granted": ["custom_pricing_unit", "12.5"],
    "unknown": [INVALID, "custom_pricing_unit_not_found", None, 404],
}
OVERAGE = {"overage": ["10.5", True, True], "deleted": True}
