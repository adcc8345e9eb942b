"""Stripe's published clients, unmodified, hear of events and read them: in three versions, and in another language."""

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


@pytest.fixture(scope="module")
def server(sqlite_template, tmp_path_factory):
    """One server for all clients, which delivers what it tells."""
    path = tmp_path_factory.mktemp("events") / "billing.db"
    copy_sqlite(sqlite_template.place, str(path))
    with serving(f"sqlite:///{path}", seed=sqlite_template.seed) as running:
        yield running


def asked(server, command, task, **environment):
    """Run a client with a task, and return what it has found."""
    key = create_api_token(server.engine, name="events", prefix="sk").secret.reveal()
    done = subprocess.run(
        command,
        input=json.dumps({"key": key, **task}) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("version", "note", "construct"),
    [
        ("stripe-2025-09-30", "V2BillingLicensedItemCreatedEventNotification", "Event"),
        ("stripe-2026-10-14", "V2BillingLicensedItemCreatedEventNotification", "ValueError"),
        ("stripe-stable", "UnknownEventNotification", "ValueError"),
    ],
)
def test_each_published_client_hears_of_events_and_reads_them_with_its_own_parser(server, version, note, construct):
    python = ROOT / f".foreign/{version}/bin/python"
    assert python.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"

    found = asked(server, [str(python), str(FOREIGN / "stripe_events.py")], {"base": server.base_url})

    thin, snapshot = found["thin"], found["snapshot"]
    assert thin["note"] == [note, "v2.billing.licensed_item.created", True, False]
    assert thin["event"][1] is True
    assert thin["related"] == [True, "v2.billing.licensed_item"]
    assert (thin["listed"], thin["construct"], thin["forged"]) == (True, construct, "SignatureVerificationError")
    assert thin["ping"] == [True, "V2CoreEventDestinationPingEventNotification"]
    assert thin["destination"] == ["disabled", "enabled", "Ours", True, True]
    assert snapshot["event"] == ["Event", "customer.created", True, "Ada"]
    assert (snapshot["again"], snapshot["gone"]) == ([True, True], True)


def test_the_client_for_node_hears_of_events_and_reads_them(server):
    assert (NODE / "node_modules").is_dir(), "the foreign clients are missing; run: sh scripts/foreign.sh"
    address = urlsplit(server.base_url)
    task = {"host": address.hostname, "port": address.port}

    found = asked(server, ["node", str(FOREIGN / "stripe_events.mjs")], task, FOREIGN_NODE=str(NODE))

    assert found == {
        "snapshot": ["customer.created", True],
        "thin": ["v2.billing.licensed_item.created", True, True, True],
        "forged": "StripeSignatureVerificationError",
    }
