"""`billing-sdk usage move`: what it says, what it refuses, and how it goes on; and what the doctor says of usage."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from billing_sdk.cli.commands import app
from billing_sdk.server.usecases import move_usage as moving
from billing_sdk.server.usecases.follow_usage import follow_usage
from tests.databases import copy_sqlite
from tests.engines import NOON, engine_on, open_database
from tests.metering import event, measured


@pytest.fixture
def here(tmp_path, monkeypatch, sqlite_catalogue):
    """A folder with a server's database, in which something was used."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for name in ("billing.db", "usage.db", "elsewhere.db"):  # to copy what has all tables is quicker than to make them
        copy_sqlite(sqlite_catalogue, str(tmp_path / name))
    report(*(event(str(number), 2, type="ai_tokens") for number in range(5)))
    return tmp_path


def report(*events, url=None):
    database = open_database("sqlite:///billing.db")
    with database.begin(read_only=True) as tx:
        meters = tx.meters.all()
    store = database.usage if url is None else database.open_usage(url)
    with store.begin() as log:
        log.append(measured(events, meters), meters)
    store.close()
    database.close()


def move(*arguments, to="sqlite:///usage.db"):
    return CliRunner().invoke(app, ["usage", "move", "--database", "sqlite:///billing.db", "--to", to, *arguments])


def test_a_move_says_what_it_has_moved_and_that_both_stores_agree(here):
    done = move()

    assert done.exit_code == 0, done.output
    assert "5 events there, 5 here; 5 were moved" in done.output
    assert "Both stores say the same" in done.output
    assert "BILLING_SERVER_USAGE_URL" in done.output


def test_the_server_goes_on_in_the_other_store_where_it_was_in_this_one(here):
    with engine_on("sqlite:///billing.db") as engine:
        follow_usage(engine)
    move()

    with engine_on("sqlite:///billing.db", usage_url="sqlite:///usage.db") as engine:
        with engine.read() as tx:
            assert tx.usage_changes.place() == tx.usage_log.newest() > 0
        report(event("later", 2, type="ai_tokens"), url="sqlite:///usage.db")
        with engine.read() as tx:
            assert tx.usage_changes.place() < tx.usage_log.newest()


def test_the_server_looks_at_all_usage_of_a_store_that_it_has_not_seen_before(here):
    move()

    with engine_on("sqlite:///billing.db", usage_url="sqlite:///usage.db") as engine, engine.read() as tx:
        assert tx.usage_changes.place() == 0


def test_asked_again_it_brings_what_has_arrived_since(here):
    move()
    report(event("another", 2, type="ai_tokens"))

    done = move()

    assert done.exit_code == 0, done.output
    assert "6 events there, 6 here; 6 were moved" in done.output


def test_a_move_that_was_interrupted_goes_on_where_it_was(here, monkeypatch):
    monkeypatch.setattr(moving, "AT_ONCE", 2)
    read, batches = moving._next, []

    def interrupted(source, after):
        if len(batches) == 1:
            raise RuntimeError("the machine went away")
        batches.append(after)
        return read(source, after)

    monkeypatch.setattr(moving, "_next", interrupted)
    assert isinstance(move().exception, RuntimeError)
    assert json.loads((here / "usage-move.cursor").read_text())["moved"] == 2

    monkeypatch.setattr(moving, "_next", read)
    done = move()

    assert "5 events there, 5 here; 5 were moved" in done.output


def test_a_store_that_holds_usage_of_others_is_not_touched(here):
    report(event("1", 99, type="other"), url="sqlite:///usage.db")

    refused = move()

    assert refused.exit_code == 1
    assert "has 1 events already" in refused.output


def test_the_cursor_of_another_move_is_refused(here):
    move()

    refused = move(to="sqlite:///elsewhere.db")

    assert refused.exit_code == 1
    assert "belongs to another move" in refused.output


def test_stores_that_differ_end_with_1_and_are_named(here):
    move()
    report(event("more", 1, type="ai_tokens", at=NOON), url="sqlite:///usage.db")

    differing = move()

    assert differing.exit_code == 1
    assert "The stores differ" in differing.output
    assert "ai_tokens" in differing.output


def test_the_doctor_says_where_usage_is_and_whether_it_was_attended_to(here):
    found = CliRunner().invoke(app, ["doctor"])

    assert "usage: 5 events in the database" in found.output
    assert "what has arrived last was not attended to yet" in found.output


@pytest.mark.parametrize("url", ["clickhouse://127.0.0.1:1/usage", "chdb://somewhere"])
def test_the_doctor_finds_a_usage_store_that_can_not_be_used(here, monkeypatch, url):
    monkeypatch.setenv("BILLING_SERVER_USAGE_URL", url)

    found = CliRunner().invoke(app, ["doctor"])

    assert found.exit_code == 1
    assert f"the usage store {url} can't be used" in found.output
