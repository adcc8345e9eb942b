"""The commands that look after keys and the audit, and the files that commands leave."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from billing_sdk.cli.commands import app
from billing_sdk.cli.serve import Plan, announced
from billing_sdk.server.running import Ready
from billing_sdk.server.sealing import read_keys
from billing_sdk.server.usecases.signing_keys import current_key
from billing_sdk.server.usecases.verify_audit import link_audit
from tests.engines import engine_on, open_database, payer


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    with engine_on("sqlite:///billing.db") as engine:
        current_key(engine)
        payer(engine)
        link_audit(engine)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


@pytest.mark.attack(201)
def test_keys_are_listed_rotated_and_withdrawn(place: Path) -> None:
    first = run("keys", "list").stdout.split()[0]
    assert run("keys", "rotate").exit_code == 0
    lines = run("keys", "list").stdout.splitlines()
    assert len(lines) == 2
    assert next(line for line in lines if line.startswith(first)).split("  ")[1].startswith("accepted until")
    done = run("keys", "purge", first)
    assert (done.exit_code, f"{first} is withdrawn" in done.stdout) == (0, True)
    assert first not in run("keys", "list").stdout
    refused = run("keys", "purge", first)
    assert (refused.exit_code, "keys list" in refused.stderr) == (1, True)


@pytest.mark.attack(196)
def test_a_new_sealing_key_takes_the_place_of_an_old_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = (place / "billing.db.sealing-key").read_text().strip()
    new = run("keys", "new-sealing-key").stdout.strip()
    assert len(read_keys(f"{new} {old}")) == 2
    monkeypatch.setenv("BILLING_SERVER_SEALING_KEYS", f"{new} {old}")
    assert run("keys", "reseal").exit_code == 0
    monkeypatch.setenv("BILLING_SERVER_SEALING_KEYS", new)
    (place / "billing.db.sealing-key").unlink()
    assert run("keys", "list").exit_code == 0
    monkeypatch.setenv("BILLING_SERVER_SEALING_KEYS", old)
    refused = run("keys", "list")
    assert refused.exit_code == 1
    assert "BILLING_SERVER_SEALING_KEYS" in refused.stderr
    assert all(text.partition(":")[2] not in refused.stderr + refused.stdout for text in (old, new))


def test_a_sealing_key_has_a_name_that_settings_can_take(place: Path) -> None:
    assert run("keys", "new-sealing-key", "--name", "2027").stdout.startswith("2027:")
    assert run("keys", "new-sealing-key", "--name", "Not A Name").exit_code == 2


@pytest.mark.attack(136)
def test_the_audit_is_verified_and_exported(place: Path) -> None:
    done = run("audit", "verify")
    assert done.exit_code == 0, done.output
    head = done.stdout.split()[-1]
    assert run("audit", "verify", "--head", head).exit_code == 0
    lines = [json.loads(line) for line in run("audit", "export").stdout.splitlines()]
    assert [line["number"] for line in lines] == list(range(1, int(head.partition(":")[0]) + 1))
    assert {"actor", "action", "subject", "caller", "tenant", "request_id", "before_digest", "mac"} <= lines[0].keys()
    assert len(run("audit", "export", "--after", "1").stdout.splitlines()) == len(lines) - 1
    assert run("audit", "verify", "--head", "nonsense").exit_code == 1


@pytest.mark.attack(136)
@pytest.mark.parametrize("table", ["audit_records", "audit_links"])
def test_an_audit_that_was_changed_ends_the_command_with_what_is_wrong(place: Path, table: str) -> None:
    database = open_database("sqlite:///billing.db")
    with database._engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER {table}_append_only_delete")
        connection.exec_driver_sql(f"DELETE FROM {table} WHERE position = 1")
    database.close()
    done = run("audit", "verify")
    assert done.exit_code == 1
    assert "missing" in done.stderr


@pytest.mark.attack(198)
def test_a_database_and_what_lies_beside_it_are_for_their_owner_alone(place: Path) -> None:
    with engine_on("sqlite:///billing.db"):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in place.iterdir()}
    assert {"billing.db", "billing.db-wal", "billing.db.sealing-key"} <= modes.keys()
    assert set(modes.values()) == {0o600}


@pytest.mark.attack(198)
def test_the_ready_file_takes_the_place_of_a_link_and_does_not_follow_it(tmp_path: Path) -> None:
    other = tmp_path / "somebody-elses-file"
    other.write_text("untouched")
    (tmp_path / "ready.json").symlink_to(other)
    plan = Plan("127.0.0.1", 0, None, None, (), (), tmp_path / "ready.json", "http://127.0.0.1:5000", ())
    with announced(plan, Ready("http://127.0.0.1:9", "http://127.0.0.1:9/api", client_secret="the secret")):
        written = tmp_path / "ready.json"
        assert not written.is_symlink()
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        assert json.loads(written.read_text())["client_secret"] == "the secret"
    assert other.read_text() == "untouched"
    assert [file.name for file in tmp_path.iterdir()] == ["somebody-elses-file"]
