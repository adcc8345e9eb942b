"""The published kinde-python-sdk 2.4.0, unmodified, as an independent client of the server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from billing_sdk.server.domain.catalog import Entitlement, Plan
from billing_sdk.server.ids import new_id
from billing_sdk.testing.visitor import Visitor

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".foreign/kinde-python/bin/python"
SCRIPT = ROOT / "tests/contract/foreign/kinde_client.py"
FEATURES = 25

pytestmark = pytest.mark.foreign


@contextmanager
def kinde_client(server, do, **more) -> Iterator[subprocess.Popen[str]]:
    """Run the script in the environment of the foreign client, and hand it its task."""
    assert PYTHON.exists(), "the foreign client is not installed; run: sh scripts/foreign.sh"
    task = {
        "do": do,
        "base_url": server.base_url,
        "client_id": server.seed.client_id,
        "client_secret": server.seed.client_secret,
        "redirect_uri": server.redirect_uri,
        "m2m_client_id": server.seed.m2m_client_id,
        "m2m_client_secret": server.seed.m2m_client_secret,
        **more,
    }
    process = subprocess.Popen(
        [str(PYTHON), str(SCRIPT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    try:
        tell(process, task)
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process, document):
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()


def hear(process, name):
    """Return what the script says next under a name."""
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return json.loads(line)[name]


def register(url, **fields):
    """Register in a browser, and return the address of the application that it ends at."""
    with Visitor() as visitor:
        visitor.open(url)
        try:
            page = visitor.submit(**fields)
        except httpx.ConnectError as error:  # nobody listens there, which is all that is needed
            return str(error.request.url)
    raise AssertionError(f"the sign-up stays at {page.url}: {page.text}")


@pytest.fixture
def generous_plan(server):
    """A free plan with more entitlements than two pages hold."""
    with server.engine.begin() as tx:
        free = tx.catalog.get_plan("free")
        components = tuple(
            Entitlement(new_id("component"), f"feature_{number}", f"Feature {number}", limit_max=number)
            for number in range(FEATURES)
        )
        version = replace(free.version, id=new_id("version"), plan_key="generous", components=components)
        tx.catalog.add_plan(Plan.draft(version, name="Generous", group=free.group).selling(version))
    return "generous"


def test_the_published_client_signs_up_reads_every_entitlement_and_opens_the_portal(server, http, generous_plan):
    with kinde_client(server, "sign_up", plan=generous_plan, return_url=server.redirect_uri) as client:
        callback = register(hear(client, "visit"), email="mary@example.com", password="correct horse battery staple")
        tell(client, {"callback": callback})
        found = hear(client, "found")

    assert found["email"] == "mary@example.com"
    assert found["claims"]["iss"] == server.base_url
    assert found["features"] == [f"feature_{number}" for number in range(FEATURES)]
    assert found["limits"] == list(range(FEATURES))
    assert found["portal_url"].startswith(f"{server.base_url}/portal_redirect?key=")
    assert http.get(found["portal_url"]).status_code == 200
    assert http.get(found["logout_url"]).status_code in (200, 303)


def test_the_published_management_client_finds_every_operation_that_billing_needs(server):
    with kinde_client(server, "manage") as client:
        found = hear(client, "found")

    assert found["organization"] == {"name": "Acme Ltd", "plan": "team_free"}
    assert found["same_customer"]
    assert found["listed"]
    assert found["removed"]
    assert found["user"] == {"name": "Katherine", "customer_id": found["customer"]["id"]}
    assert found["agreements"] == found["plans"] == ["pro_monthly"]
    assert found["agreement_ids"] != [found["customer"]["agreement_id"]]
    assert found["entitlements"]["ai_tokens"] == 100_000
    assert found["entitlements"]["advanced_reports"] == 1_000_000
    assert found["webhook"] == {"endpoint": "https://app.example/hooks", "event_types": ["customer.plan_changed"]}
    assert found["webhooks_left"] == []
    assert "customer.plan_changed" in found["event_types"]
