"""The certified relying party openid-client, unmodified under Node.js, completes its flows against the server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.oidc_client import browser_of
from tests.serving import RunningServer, serving

ROOT = Path(__file__).parents[2]
NODE_PACKAGES = ROOT / ".foreign" / "node"
SCRIPT = "tests/contract/foreign/openid_client.mjs"
AFTER_LOGOUT = "http://127.0.0.1:3000/"

pytestmark = [pytest.mark.foreign, pytest.mark.attack(14, 22, 37, 42)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server to sign in at."""
    with serving(f"sqlite:///{tmp_path}/billing.db") as running:
        yield running


@contextmanager
def openid_client(server: RunningServer) -> Iterator[subprocess.Popen[str]]:
    """Run the script, and hand it its task."""
    assert (NODE_PACKAGES / "node_modules").is_dir(), "the foreign clients are missing; run: sh scripts/foreign.sh"
    process = subprocess.Popen(
        ["node", SCRIPT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "FOREIGN_NODE": str(NODE_PACKAGES)},
    )
    task = {
        "base_url": server.base_url,
        "client_id": server.seed.client_id,
        "client_secret": server.seed.client_secret,
        "redirect_uri": server.redirect_uri,
        "after_logout": AFTER_LOGOUT,
        "m2m_client_id": server.seed.m2m_client_id,
        "m2m_client_secret": server.seed.m2m_client_secret,
        "audience": server.engine.settings.management_audience[0],
    }
    try:
        tell(process, task)
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen[str], document: dict[str, str]) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(document) + "\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str], name: str) -> Any:
    """Return what the script says next under a name."""
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return json.loads(line)[name]


def arrive(browser: httpx.Client, address: str) -> str:
    """Follow the provider, and return the address of the application that it ends at."""
    response = browser.get(address)
    while response.headers["location"].startswith("/"):
        response = browser.get(response.headers["location"])
    callback: str = response.headers["location"]
    return callback


def test_the_certified_client_completes_its_flows_and_is_refused_where_it_should_be(server: RunningServer) -> None:
    with openid_client(server) as client, browser_of(server) as browser:
        tell(client, {"callback": arrive(browser, hear(client, "visit"))})
        with httpx.Client(base_url=server.base_url) as stranger:
            tell(client, {"callback": arrive(stranger, hear(client, "visit"))})
        found = hear(client, "found")
        goodbye = browser.get(found["logout"])

    assert found["claims"]["iss"] == server.base_url
    assert found["claims"]["aud"] == [server.seed.client_id]
    assert found["userinfo"]["email"] == "grace@example.com"
    assert found["active"]["active"] is True
    assert found["refreshed"] == {"same_subject": True, "is_new": True}
    assert found["revoked"] == {"active": False}
    assert found["userinfo_revoked"]["status"] == 401
    assert [answer["code"] for answer in found["mixed_up"]] == ["OAUTH_INVALID_RESPONSE"] * 2
    for name in ("reused", "family", "replayed"):
        assert found[name]["error"] == "invalid_grant"
    assert found["denied"]["error"] == "login_required"
    assert found["machine"] == {"scope": "read:users", "expires_in": 86_400}
    assert found["refused"]["error"] == "invalid_scope"
    assert (goodbye.status_code, goodbye.headers["location"]) == (303, f"{AFTER_LOGOUT}?state=bye")
