"""The published @kinde/webhooks, under Node.js, accepts what this server sends, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from billing_sdk.testing import BillingServer
from billing_sdk.testing.webhooks import WebhookSigner
from tests.docs.pages import ROOT

NODE_PACKAGES = ROOT / ".foreign" / "node"

pytestmark = pytest.mark.foreign


@pytest.fixture
def decode(billing_server: BillingServer) -> Callable[[str], Any]:
    """Return what the foreign decoder makes of a token."""
    assert (NODE_PACKAGES / "node_modules").is_dir(), "the foreign clients are missing; run: sh scripts/foreign.sh"

    def run(token: str) -> Any:
        done = subprocess.run(
            ["node", "tests/contract/foreign/decode_webhook.mjs", billing_server.base_url],
            check=False,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "FOREIGN_NODE": str(NODE_PACKAGES)},
            input=token,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_webhook_of_this_server_is_accepted(decode: Callable[[str], Any], signed_webhook: WebhookSigner) -> None:
    body = signed_webhook("customer.plan_changed").body
    event = decode(body)
    assert event["type"] == "customer.plan_changed"
    assert event["event_id"].startswith("event_")
    assert {"source", "timestamp", "data"} <= event.keys()


def test_a_tampered_webhook_is_refused(decode: Callable[[str], Any], signed_webhook: WebhookSigner) -> None:
    head, payload, signature = signed_webhook("customer.plan_changed").body.split(".")
    swapped = signed_webhook("customer.agreement_cancelled").body.split(".")[1]
    assert payload != swapped
    assert decode(f"{head}.{swapped}.{signature}") is None
