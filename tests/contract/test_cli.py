"""The console script: what it starts, what it says and how it ends; a program of its own where that is the point."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from billing_sdk.cli.commands import app
from tests.databases import begin_migrated
from tests.receiver import receiving
from tests.waiting import wait_until

SCRIPT = str(Path(sys.executable).with_name("billing-sdk"))


def environment() -> dict[str, str]:
    """This environment without settings that would reach the program by accident; a warning is an error there, too."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BILLING_")}
    return {**kept, "PYTHONWARNINGS": "error", "NO_COLOR": "1", "COLUMNS": "200"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands of this process work in, without settings that would reach them by accident."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BILLING_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def migrated(here: Path) -> Path:
    """That folder, with a database that has the schema of today: to make it is not what most commands are asked for."""
    begin_migrated("sqlite:///billing.db")
    return here


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@dataclass
class Serving:
    """A server that runs as a process."""

    process: subprocess.Popen[str]
    ready: dict[str, object]
    ready_file: Path

    @property
    def base_url(self) -> str:
        return str(self.ready["base_url"])


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Serving]:
    """Run `billing-sdk serve` on `billing.db` until the end of the block."""
    ready_file = folder / "ready.json"
    database = f"sqlite:///{folder / 'billing.db'}"
    begin_migrated(database)
    command = [SCRIPT, "serve", "--port", "0", "--database", database, "--ready-file", str(ready_file), *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until(lambda: ready_file.exists() or process.poll() is not None, what="the server's start")
        assert ready_file.exists(), process.communicate()[0]
        yield Serving(process, json.loads(ready_file.read_text()), ready_file)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_the_version_is_printed(here):
    assert call("--version").stdout.startswith("billing-sdk ")


def test_without_the_server_extra_the_missing_package_and_the_way_out_are_named(tmp_path):
    program = "import sys; sys.modules['typer'] = None; from billing_sdk.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], check=False, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == 'billing-sdk: typer is missing; install the server: pip install "billing-sdk[server]"\n'


@pytest.mark.attack(198)
def test_a_server_that_listens_says_so_in_one_file_that_only_its_owner_reads(tmp_path):
    uris = ("http://127.0.0.1:5001/callback", "http://127.0.0.1:5002/callback")
    with serving(tmp_path, "--seed", "demo", "--redirect-uri", uris[0], "--redirect-uri", uris[1]) as server:
        discovery = httpx.get(f"{server.base_url}/.well-known/openid-configuration").json()
        assert discovery["issuer"] == server.base_url
        assert server.ready["redirect_uris"] == list(uris)
        assert server.ready["audience"] == f"{server.base_url}/api"
        assert {"email": "ada@example.com", "password": "correct horse battery staple"} in server.ready["users"]
        assert stat.S_IMODE(server.ready_file.stat().st_mode) == 0o600
        token = httpx.post(
            f"{server.base_url}/oauth2/token",
            data={
                "grant_type": "client_credentials",
                "client_id": server.ready["m2m_client_id"],
                "client_secret": server.ready["m2m_client_secret"],
                "audience": server.ready["audience"],
            },
        )
        assert token.status_code == 200, token.text
    assert not server.ready_file.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_in_order(tmp_path, number):
    with serving(tmp_path) as server:
        server.process.send_signal(number)
        assert server.process.wait(timeout=30) == 0


def test_a_program_after_two_dashes_gets_its_settings_and_gives_the_exit_code(migrated):
    program = "import json, os, sys; json.dump(dict(os.environ), open('seen.json', 'w')); sys.exit(7)"
    command = ("serve", "--port", "0", "--seed", "demo", "--app-url", "http://127.0.0.1:5999")
    done = call(*command, "--", sys.executable, "-c", program)
    assert done.exit_code == 7, done.output
    seen = json.loads((migrated / "seen.json").read_text())
    assert seen["BILLING_REDIRECT_URI"] == "http://127.0.0.1:5999/billing/callback"
    assert seen["BILLING_AUDIENCE"] == f"{seen['BILLING_ISSUER']}/api"
    assert all(seen[f"BILLING_{name}"] for name in ("CLIENT_ID", "CLIENT_SECRET", "M2M_CLIENT_ID", "M2M_CLIENT_SECRET"))
    assert len(seen["BILLING_SESSION_SECRET"]) >= 32
    assert "http://127.0.0.1:5999/billing/webhooks" in done.stdout


def test_a_program_that_does_not_exist_is_named(migrated):
    done = call("serve", "--port", "0", "--", "no-such-program")
    assert done.exit_code == 1
    assert "no-such-program" in done.stderr


def test_the_program_is_stopped_with_the_server(tmp_path):
    program = "import pathlib, os, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(600)"
    with serving(tmp_path, "--", sys.executable, "-c", program) as server:
        wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text(), what="the program's start")
        server.process.terminate()
        assert server.process.wait(timeout=30) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_the_default_database_is_a_file_here_and_the_output_says_so(here):
    done = call("serve", "--port", "0", "--", sys.executable, "-c", "pass")
    assert done.exit_code == 0, done.stderr
    assert (here / "billing.db").exists()
    assert "sqlite:///billing.db" in done.stdout


def test_a_temporary_database_leaves_nothing_behind(here):
    done = call("demo", "--", sys.executable, "-c", "pass")
    assert done.exit_code == 0, done.stderr
    assert list(here.iterdir()) == []


def test_a_triggered_event_reaches_an_endpoint_of_a_running_server(here):
    with receiving() as receiver, serving(here, "--webhook", receiver.url):
        assert call("trigger", "customer.plan_changed").exit_code == 0
        wait_until(lambda: receiver.received, what="the webhook")
        assert receiver.received[0].headers["content-type"] == "application/jwt"


def test_an_unknown_event_type_is_refused_with_the_list_of_those_that_exist(migrated):
    done = call("trigger", "customer.exploded")
    assert done.exit_code == 1
    assert "customer.plan_changed" in done.stderr
    assert "Traceback" not in done.stderr


def test_listening_to_a_network_needs_https(here):
    done = call("serve", "--host", "0.0.0.0", "--port", "0")
    assert done.exit_code == 1
    assert "--base-url https://" in done.stderr


@pytest.mark.parametrize("command", [("serve", "--port", "0", "--seed", "demo"), ("seed",)])
def test_the_demo_is_not_sown_where_others_can_reach_it(migrated, command):
    done = call(*command, "--base-url", "https://billing.example.com")
    assert done.exit_code == 1
    assert "published passwords" in done.stderr


def test_a_port_in_use_is_an_explained_refusal(here):
    with receiving() as other:
        port = other.url.rsplit(":")[-1].split("/")[0]
        done = call("serve", "--port", port, "--database", "memory")
    assert done.exit_code == 1
    assert "--port" in done.stderr


def test_seeding_twice_changes_nothing(migrated):
    first, second = call("seed"), call("seed")
    assert (first.exit_code, second.exit_code) == (0, 0), second.stderr
    assert "ada@example.com" in second.stdout


def test_the_doctor_finds_a_missing_database_and_names_the_remedy(here):
    done = call("doctor")
    assert done.exit_code == 1
    assert "migrate" in done.stdout
    assert not (here / "billing.db").exists()


def test_the_doctor_has_nothing_to_say_about_a_sound_server(migrated):
    assert call("migrate").exit_code == 0
    done = call("doctor")
    assert done.exit_code == 0, done.stdout
    assert "wrong" not in done.stdout


def test_the_doctor_finds_an_endpoint_that_is_not_there(migrated):
    with receiving() as receiver:
        call("serve", "--port", "0", "--webhook", receiver.url, "--", sys.executable, "-c", "pass")
    done = call("doctor")
    assert "takes no connection" in done.stdout


def test_a_rotated_key_is_published(migrated):
    done = call("keys", "rotate")
    assert done.exit_code == 0, done.stderr
    assert "Published keys: 2" in done.stdout


def test_a_database_password_is_not_shown(here, monkeypatch):
    url = "postgresql://billing:hunter2@127.0.0.1:1/billing"
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", url)
    done = call("doctor")
    assert done.exit_code == 1
    assert "can't be used" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
