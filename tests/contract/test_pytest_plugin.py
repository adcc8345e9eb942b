"""The pytest plugin, in test runs of its own: it serves those that use it, and disturbs no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.receiver import receiving

RUN = "import pytest, sys; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-W', 'error', 'test_it.py']))"
WITHOUT_SERVER = """
import sys
for name in ("alembic", "fastapi", "joserfc", "rich", "sqlalchemy", "typer", "uvicorn"):
    sys.modules[name] = None
"""
USES_BOTH = """
import httpx
import jwt
import pytest
from billing_sdk import Client

@pytest.fixture(scope="session")
def billing_redirect_uris():
    return ("APPLICATION",)

def test_webhooks(billing_server, signed_webhook):
    webhook = signed_webhook("customer.plan_changed", plan={"key": "pro", "code": "pro", "name": "Pro"})
    jwks = httpx.get(f"{billing_server.base_url}/.well-known/jwks").json()
    keys = {key.key_id: key.key for key in jwt.PyJWKSet.from_dict(jwks).keys}
    key = keys[jwt.get_unverified_header(webhook.body)["kid"]]
    expected = {"audience": "webhook_test", "issuer": billing_server.base_url}
    claims = jwt.decode(webhook.body, key, algorithms=["RS256"], **expected)
    assert claims["type"] == "customer.plan_changed"
    assert claims["event_id"] == webhook.event_id
    assert claims["data"]["plan"]["key"] == "pro"
    assert webhook.headers["content-type"] == "application/jwt"
    assert webhook.body not in repr(webhook)
    assert billing_server.client_secret not in repr(billing_server)

def test_a_visitor(billing_server):
    settings = {
        "issuer": billing_server.base_url,
        "client_id": billing_server.client_id,
        "client_secret": billing_server.client_secret,
        "redirect_uri": billing_server.redirect_uris[0],
    }
    email, password = billing_server.users[1]
    with Client(**settings) as client:
        start = client.login.login_url()
        with billing_server.sign_in(start.url, email=email, password=password) as visitor:
            signed_in = client.login.callback(visitor.page.url, start.transaction)
    assert signed_in.user.email == email
"""


def run_tests(folder: Path, text: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-c", f"{prelude}\n{RUN}"]
    return subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=90)


def test_a_run_that_uses_no_fixture_imports_nothing_of_the_server(tmp_path):
    text = "import sys\ndef test_it():\n    assert not [m for m in sys.modules if m.startswith('billing_sdk.server')]\n"
    done = run_tests(tmp_path, text)
    assert done.returncode == 0, done.stdout


def test_a_run_without_the_server_extra_is_not_disturbed(tmp_path):
    done = run_tests(tmp_path, "def test_it():\n    assert True\n", WITHOUT_SERVER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_fixture_without_the_server_extra_names_the_extra(tmp_path):
    done = run_tests(tmp_path, "def test_it(billing_server):\n    assert billing_server\n", WITHOUT_SERVER)
    assert done.returncode == 1
    assert 'pip install "billing-sdk[server]"' in done.stdout


def test_the_server_is_real_its_webhooks_verify_against_its_keys_and_a_visitor_signs_in_with_one_call(tmp_path):
    with receiving() as application:
        done = run_tests(tmp_path, USES_BOTH.replace("APPLICATION", application.url))
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout
