"""The published openmeter client 1.0.0b236, unmodified, as an independent client of the server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.usecases.api_tokens import create_api_token
from billing_sdk.server.usecases.subscribe import subscribe

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".foreign/openmeter/bin/python"
SCRIPT = ROOT / "tests/contract/foreign/openmeter_client.py"

pytestmark = pytest.mark.foreign


@pytest.fixture
def ask(server):
    """Ask the client to do something, at an address below the server's."""
    assert PYTHON.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    token = create_api_token(server.engine, name="metering", prefix="om").secret.reveal()
    with subprocess.Popen(
        [str(PYTHON), str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    ) as client:

        def asked(do, below=""):
            task = {"do": do, "endpoint": f"{server.base_url}{below}", "token": token}
            client.stdin.write(json.dumps(task) + "\n")
            client.stdin.flush()
            line = client.stdout.readline()
            assert line, client.stderr.read()
            return json.loads(line)["found"]

        yield asked
        client.kill()


def test_the_published_client_reports_usage_queries_it_and_reads_what_may_be_used(server, ask):
    made = ask("begin")
    subscribe(server.engine, customer_id=id_from_ulid("customer", made["customer"]), plan_key="team_free")

    found = ask("look")

    assert made | {"customer": ""} == {"meter": "tokens", "feature": "prompt_tokens", "key": "acme", "customer": ""}
    assert found["used"] == [[20.0, "large"]]
    assert "tokens" in found["meters"]
    assert found["value"] == [True, 5000.0, 0.0]
    assert found["missing"] is False
    assert "ai_tokens" in found["access"]
    assert ask("look", "/openmeter") == found
    assert ask("look_soon") == {"used": [30.0], "has_access": True}


def test_the_published_client_keeps_subjects_and_entitles_customers_beside_all_plans(ask):
    ask("begin")

    assert ask("keep") == {
        "meter": "All tokens",
        "models": ["large"],
        "subjects": ["acme-app"],
        "customer": "ACME, Inc.",
        "device": ["device", "Device", 5],
        "keys": ["device"],
        "left": [],
        "events": ["event-1", "event-2", "event-3"],
    }
    assert ask("entitle") == {
        "made": ["metered", "prompt_tokens", 100.0, "MONTH"],
        "granted": [7.0, 1],
        "value": [True, 77.0, 30.0],
        "history": [30.0, 77.0],
        "after": [100.0, 0.0],
        "grants": 1,
    }
