"""The calls of "Create hybrid pricing plans" as the page prints them, made by curl through a shell, slips included.

Only the host, the key and what stands in double braces is filled in. What the page leaves to the dashboard (the meter,
what is metered, its rate) is made with calls of the same kind.
Source: Stripe documentation, "Create hybrid pricing plans" and "How advanced usage-based billing works".
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token

CALLS = Path(__file__).with_name("foreign") / "hybrid_pricing_plans.txt"

pytestmark = pytest.mark.foreign


@pytest.fixture
def curl(server):
    """Run a call as it stands, with what stands in braces filled in, and return the answer."""
    assert shutil.which("curl"), "curl is not installed; run: sh scripts/foreign.sh"
    calls = dict(re.findall(r"^## (\w+)\n(.+?)\n$", CALLS.read_text(), re.DOTALL | re.MULTILINE))
    known = {"KEY": create_api_token(server.engine, name="curl", prefix="sk").secret.reveal()}

    def run(name, keep="", member="id"):
        text = calls[name].replace("https://api.stripe.com", server.base_url)
        text = re.sub(r"\{\{(\w+)\}\}", lambda found: known[found[1]], text)
        done = subprocess.run(
            ["bash", "-c", text.replace("curl ", "curl -sS ", 1)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert "error" not in answer, (name, answer)
        if keep:
            known[keep] = answer[member]
        return answer

    run.known = known
    return run


@pytest.fixture
def plan(curl):
    """Make the plan of the page and put it up for sale."""
    curl("meter", "METER_ID")
    curl("item", "BILLABLE_ITEM_ID")
    curl("plan", "PRICING_PLAN_ID")
    curl("rate_card", "RATE_CARD_ID")
    curl("rate")
    curl("attach_rate_card")
    curl("licensed_item", "LICENSED_ITEM_ID")
    fee = curl("license_fee", "LICENSE_FEE_ID")
    curl.known["LICENSE_FEE_VERSION"] = fee["latest_version"]
    curl("attach_license_fee", "LICENSE_COMPONENT_ID")
    curl("service_action", "SERVICE_ACTION_ID")
    curl.known["SERVICE_ACTION_VERSION"] = "svcav_test_123"
    curl("attach_service_action")
    return curl("activate", "PRICING_PLAN_VERSION", "live_version")


def test_each_call_of_the_page_works_as_it_is_printed(curl, plan):
    assert plan["active"] is True
    assert plan["latest_version"] == plan["live_version"]

    curl("collection_settings", "COLLECTION_SETTINGS_ID")
    curl("clock", "TEST_CLOCK_ID")
    curl("customer", "CUSTOMER_ID")
    curl("cadence", "CADENCE_ID")
    curl("intent", "BILLING_INTENT_ID")
    assert curl("reserve")["status"] == "reserved"
    assert curl("commit")["status"] == "committed"
    first = curl("invoices")["data"][0]
    curl.known["INVOICE_ID"] = first["id"]
    assert (first["total"], curl("pay")["status"]) == (50_000, "paid")
    (subscription,) = curl("subscriptions")["data"]
    assert subscription["servicing_status"] == "active"

    curl("meter_event")
    # Thirty days are a day less than January: nothing is due yet, and by the quarter the next bill is that of April.
    curl.known["FROZEN_TIME"] = "1580428800"
    curl("advance")
    assert len(curl("invoices")["data"]) == 1
    curl.known["FROZEN_TIME"] = "1585699200"
    curl("advance")
    second = curl("invoices")["data"][0]
    # Three fees that started since, and what the credit of January leaves of 100 tokens at 5 cents: nothing.
    assert second["total"] == 3 * 50_000


def test_both_calls_for_a_checkout_page_work_as_they_are_printed(curl, plan):
    curl("clock", "TEST_CLOCK_ID")
    curl("customer", "CUSTOMER_ID")

    for name in ("checkout", "taxed_checkout"):
        session = curl(name)
        assert session["url"].startswith("http://127.0.0.1:")
        assert (session["status"], session["payment_status"]) == ("open", "unpaid")
        assert session["checkout_items"][0]["pricing_plan_subscription_item"]["pricing_plan"] == plan["id"]
