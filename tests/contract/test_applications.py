"""Applications are registered by a command, with secrets that nobody but the operator sees, once."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from billing_sdk.cli.commands import app
from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.app import create_app
from billing_sdk.server.ids import digest_of
from billing_sdk.server.sealing import SealingKey
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.register_application import register_application, rotate_client_secret
from tests.engines import engine_on
from tests.in_process import InProcess

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "server.md"
PUBLIC = "https://billing.example.com"
BACK = "https://app.example.com/billing/callback"


@pytest.fixture
def engine(tmp_path):
    with engine_on(f"sqlite:///{tmp_path / 'billing.db'}") as opened:
        yield opened


def test_a_secret_is_shown_once_and_a_new_one_takes_its_place(engine):
    made = register_application(engine, name="Reports", kind="machine", scopes=["read:users"])
    client_id = made.application.client_id
    rotated = rotate_client_secret(engine, client_id=client_id)
    with engine.read() as tx:
        assert tx.applications.find_secret_digest(client_id) == digest_of(rotated.secret.reveal())
        assert [record["action"] for record in tx.audit.of(client_id)] == [
            "application.save",
            "application.rotate_secret",
        ]
        assert tx.applications.get(client_id) == made.application
    assert made.secret != rotated.secret
    assert made.secret.reveal() not in repr(made)


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "web"},
        {"kind": "web", "redirect_uris": [BACK], "scopes": ["read:users"]},
        *(
            {"kind": "web", "redirect_uris": [uri]}
            for uri in (
                "http://app.example.com/back",
                "https://*.example.com/",
                f"{BACK}#part",
                "https://a@example.com/",
                "javascript:alert(1)",
                "/back",
                "https://app.example.com\\@evil.example/",
            )
        ),
        {"kind": "web", "redirect_uris": [BACK], "logout_redirect_uris": ["http://app.example.com/"]},
        {"kind": "machine"},
        {"kind": "machine", "scopes": ["read:everything"]},
        {"kind": "machine", "scopes": ["read:users"], "redirect_uris": [BACK]},
        {"kind": "machine", "scopes": ["read:users"], "is_confidential": False},
        {"kind": "web", "redirect_uris": [BACK], "name": " "},
    ],
)
def test_an_application_that_would_be_unsafe_or_useless_is_not_registered(engine, given):
    with pytest.raises(InvalidRequest):
        register_application(engine, **{"name": "App", **given})
    with engine.read() as tx:
        assert tx.applications.list() == ()


def test_only_an_application_that_has_a_secret_gets_a_new_one(engine):
    public = register_application(
        engine, name="App", kind="web", redirect_uris=["http://127.0.0.1:5000/back"], is_confidential=False
    )
    assert public.secret is None
    with pytest.raises(InvalidRequest, match="no secret"):
        rotate_client_secret(engine, client_id=public.application.client_id)
    with pytest.raises(NotFound):
        rotate_client_secret(engine, client_id="client_nobody")


def test_the_commands_register_and_list_without_showing_a_secret_again(engine):
    def run(*arguments):
        done = CliRunner().invoke(app, ["applications", *arguments, "--database", engine.settings.database_url])
        assert done.exit_code == 0, done.output
        return done.stdout

    lines = dict(line.split() for line in run("add", "Shop", "--redirect-uri", BACK).splitlines())
    assert set(lines) == {"client_id", "client_secret"}
    shown = run("list")
    assert lines["client_id"] in shown
    assert lines["client_secret"] not in shown
    again = dict(line.split() for line in run("rotate-secret", lines["client_id"]).splitlines())
    assert again["client_id"] == lines["client_id"]
    assert again["client_secret"] != lines["client_secret"]


def test_an_empty_live_server_is_brought_into_use_by_the_commands_of_the_guide(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'live.db'}"
    monkeypatch.setenv("BILLING_SERVER_ENVIRONMENT", "live")
    monkeypatch.setenv("BILLING_SERVER_BASE_URL", PUBLIC)
    monkeypatch.setenv("BILLING_SERVER_SEALING_KEYS", SealingKey.generate("live").write())
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", url)
    made = [
        CliRunner().invoke(app, shlex.split(line)[1:])
        for line in re.findall(r"^billing-sdk applications add .*$", GUIDE.read_text(), re.MULTILINE)
    ]
    assert [done.exit_code for done in made] == [0, 0], made
    machine = dict(line.split() for line in made[1].stdout.splitlines())
    served = create_app(Settings.from_environment(base_url=PUBLIC, database_url=url), delivers=False)
    with asyncio.Runner() as runner:
        http = InProcess(served, None, PUBLIC, runner)
        grant = {"grant_type": "client_credentials", "audience": f"{PUBLIC}/api", **machine}
        answer = http.request("POST", "/oauth2/token", data=grant)
        assert answer.status_code == 200, answer.text
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        assert http.get("/api/v1/users", headers=headers).status_code == 200
        assert http.get("/api/v1/organizations", headers=headers).status_code == 403
    with served.state.engine.read() as tx:
        assert tx.organizations.get_default().is_default
    served.state.engine.database.close()
