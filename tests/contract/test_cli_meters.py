"""`billing-sdk meters`: the same use cases from a terminal."""

from __future__ import annotations

import json

import pytest

from tests.contract.test_cli import call
from tests.contract.using import used
from tests.databases import copy_sqlite
from tests.engines import engine_on
from tests.metering import event

TOKENS = ("tokens", "--events", "completion", "--value", "$.value", "--dimension", "model=$.model",
          "--only", "$.status=ok", "--late-seconds", "86400", "--unknown-subjects", "keep")  # fmt: skip
JANUARY = ("--from", "2026-01-01", "--to", "2026-02-01T00:00:00Z")


@pytest.fixture
def database(sqlite_catalogue, tmp_path, monkeypatch):
    """A database with a meter that was made in a terminal, and three events; the arguments that name it."""
    monkeypatch.setenv("COLUMNS", "200")
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    made = call("meters", "create", *TOKENS, "--database", url)
    assert (made.exit_code, made.stdout.strip()) == (0, "The meter tokens counts events of the type completion.")
    with engine_on(url) as engine:
        large = event("1", 2, type="completion", model="[b]large", status="ok")
        others = (event(status, 3, type="completion", status=status) for status in ("ok", "failed"))
        used(engine, large, *others)
    return ("--database", url)


def test_meters_are_listed_and_shown(database):
    shown = json.loads(call("meters", "show", "tokens", *database).stdout)
    assert (shown["value_path"], shown["dimensions"], shown["late_seconds"]) == ("$.value", {"model": "$.model"}, 86400)
    assert shown["conditions"] == [{"path": "$.status", "operator": "eq", "values": ["ok"]}]
    listed = [json.loads(line) for line in call("meters", "list", "--json", *database).stdout.splitlines()]
    assert shown in listed
    assert "completion" in call("meters", "list", *database).stdout
    assert call("meters", "show", "nothing", *database).exit_code == 1


def test_usage_is_shown_by_windows_and_groups(database):
    table = call("meters", "query", "tokens", *JANUARY, "--group-by", "model", *database).stdout
    assert "[b]large" in table
    assert "2026-02-01 00:00" in table
    by_day = ("--by", "day", "--zone", "Asia/Tokyo", "--json")
    row = json.loads(call("meters", "query", "tokens", *JANUARY, *by_day, *database).stdout)
    assert row == {
        "from": "2026-01-31T00:00:00+09:00",
        "to": "2026-02-01T00:00:00+09:00",
        "value": "5",
        "dimensions": {},
    }
    only = ("--only", "model=[b]large", "--csv")
    assert call("meters", "query", "tokens", *JANUARY, *only, *database).stdout.splitlines() == [
        "from,to,value",
        "2026-01-01T00:00:00Z,2026-02-01T00:00:00Z,2",
    ]


def test_an_archived_meter_says_so(database):
    assert "is archived" in call("meters", "archive", "tokens", *database).stdout
    assert json.loads(call("meters", "show", "tokens", *database).stdout)["archived_on"]
    assert "ai_tokens" in call("meters", "archive", "ai_tokens", *database).stderr


def test_what_makes_no_sense_is_said_in_a_line(database):
    for wrong in (
        ("query", "tokens", "--from", "soon"),
        ("query", "tokens", *JANUARY, "--by", "week"),
        ("query", "tokens", *JANUARY, "--only", "model"),
        ("create", "more", "--events", "completion", "--as", "median"),
        ("create", "more", "--events", "completion", "--as", "count", "--dimension", "model"),
    ):
        refused = call("meters", *wrong, *database)
        assert (refused.exit_code, refused.stdout, "Traceback" in refused.stderr) == (1, "", False), wrong
