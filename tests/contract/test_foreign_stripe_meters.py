"""Stripe's published clients, unmodified, over all that is about meters: three of Python, and that of Node.js."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from billing_sdk.server.usecases.api_tokens import create_api_token
from tests.databases import copy_sqlite
from tests.serving import serving

ROOT = Path(__file__).parents[2]
FOREIGN = ROOT / "tests/contract/foreign"
NODE = ROOT / ".foreign/node"

pytestmark = pytest.mark.foreign


def asked(command, task, **environment):
    """Run a client with a task, and return what it has found."""
    done = subprocess.run(
        command,
        input=json.dumps(task) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    """One server for all clients."""
    path = tmp_path_factory.mktemp("meters") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


def key_of(server):
    return create_api_token(server.engine, name="meters", prefix="sk").secret.reveal()


@pytest.mark.parametrize("version", ["2025-09-30", "2026-10-14", "stable"])
def test_each_published_client_sends_events_in_every_way_and_reads_what_was_used(server, version):
    python = ROOT / f".foreign/stripe-{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"

    name = f"tokens_{version}"
    task = {"base": server.base_url, "key": key_of(server), "event_name": name}

    found = asked([str(python), str(FOREIGN / "stripe_meters.py")], task)

    assert found["meter"] == ["billing.meter", "active", "Alpaca AI tokens", True, True]
    assert found["v1"] == ["v1-1", "20", True]
    assert found["v2"] == ["v2-1", "5", name, True]
    assert found["adjusted"] == ["complete", "wrong", "complete"]
    assert found["repeated"] == [["InvalidRequestError", "duplicate_meter_event", 400]] * 2
    assert found["refused"] == [
        ["InvalidRequestError", "payload_invalid_value", 400],
        ["AuthenticationError", None, 401],
        ["InvalidRequestError", "resource_missing", 404],
    ]
    used = 20.0 + 5.0 + sum(range(100)) + 1.0
    assert found["whole"] == [used]
    assert found["hours"] == [26, used, 10]
    assert found["gone"] == ["inactive", ["InvalidRequestError", "archived_meter", 400], "active"]


def test_the_client_of_node_sends_events_and_reads_what_was_used(server):
    place = urlsplit(server.base_url)
    task = {"host": place.hostname, "port": place.port, "key": key_of(server)}

    assert (NODE / "node_modules").is_dir(), "the foreign clients are missing; run: sh scripts/foreign.sh"

    found = asked(["node", str(FOREIGN / "stripe_meters.mjs")], task, FOREIGN_NODE=str(NODE))

    assert found == {
        "identifier": "node-1",
        "adjusted": "complete",
        "session": "v2.billing.meter_event_session",
        "hours": [26, 7],
        "repeated": ["duplicate_meter_event", 400],
        "gone": "inactive",
    }
