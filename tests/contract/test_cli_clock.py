"""`billing-sdk clock`: time that an operator of a test server moves by hand."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from billing_sdk.cli.clock import read_span, read_time
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.timers import Timer
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.timer_handlers import HANDLERS
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import NOON, engine_on, person


@pytest.fixture
def url(sqlite_catalogue, tmp_path, monkeypatch):
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", f"sqlite:///{tmp_path / 'billing.db'}")
    monkeypatch.setenv("COLUMNS", "200")
    return f"sqlite:///{tmp_path / 'billing.db'}"


def lines(*arguments: str) -> list[dict[str, object]]:
    done = call("clock", *arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_clock_is_made_shown_advanced_and_deleted_and_says_what_it_ran(url, monkeypatch):
    def remove(engine: Engine, timer: Timer) -> None:
        with engine.begin() as tx:
            tx.timers.done(timer)

    monkeypatch.setitem(HANDLERS, "renew", remove)
    [made] = lines("create", "--at", "2026-01-31", "--name", "Three years")
    clock_id = str(made["id"])
    with engine_on(url) as engine:
        customer = become_customer(engine, user_id=person(engine), billing_email="ada@example.com", clock_id=clock_id)
        with engine.begin() as tx:
            tx.timers.set("renew", "agreement_1", NOON + timedelta(days=28), customer)

    assert lines("list") == [made]
    assert lines("show", clock_id)[1] == {
        "customer": customer.id,
        "timers": [{"at": "2026-02-28T12:00:00+00:00", "kind": "renew", "subject": "agreement_1"}],
    }
    ran, arrived = lines("advance", clock_id, "--to", "2026-03-01")
    assert (ran["ran"], ran["at"]) == ("renew", "2026-02-28T12:00:00+00:00")
    assert (arrived["status"], arrived["frozen_at"]) == ("ready", "2026-03-01T00:00:00+00:00")
    assert "1 customers" in call("clock", "delete", clock_id).stdout


def test_a_clock_that_is_moved_back_says_so_and_stays(url):
    [made] = lines("create", "--at", "2026-01-31T12:00:00Z")

    done = call("clock", "advance", str(made["id"]), "--to", "2026-01-30")

    assert (done.exit_code, "Clocks move forward only" in done.stderr) == (1, True)
    assert lines("list") == [made]


def test_whoever_signs_up_lives_by_the_clock_that_was_chosen_until_another_one_is(url):
    [first] = lines("create", "--sign-ups")
    [second] = lines("create")
    assert first["takes_sign_ups"] is True

    call("clock", "use", str(second["id"]))
    assert [clock["takes_sign_ups"] for clock in lines("list")] == [False, True]
    with engine_on(url) as engine:
        assert become_customer(engine, user_id=person(engine), billing_email="a@example.com").clock_id == second["id"]
    call("clock", "use")
    assert [clock["takes_sign_ups"] for clock in lines("list")] == [False, False]
    assert call("clock", "use", "clock_none").exit_code == 1


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("36 hours", timedelta(hours=36)),
        ("1 minute", timedelta(minutes=1)),
        ("3 months", Cadence("month", 3)),
        ("year", Cadence("year")),
    ],
)
def test_a_span_is_read_as_it_is_said(text, span):
    assert read_span(text) == span


@pytest.mark.parametrize("text", ["", "soon", "-1 day", "1.5 days", "1 fortnight", "11 years", "9999999999 hours"])
def test_a_span_that_is_none_is_refused(text):
    with pytest.raises(InvalidRequest):
        read_span(text)


@pytest.mark.parametrize("text", ["", "noon", "2026-02-30", "2026-01-31T12:00:00", "2026-01-31 12:00"])
def test_a_time_that_is_none_or_has_no_offset_is_refused(text):
    with pytest.raises(InvalidRequest):
        read_time(text)


def test_a_day_begins_at_midnight_utc():
    assert read_time("2026-01-31") == NOON - timedelta(hours=12)
    assert read_time("2026-01-31T13:00:00+01:00") == NOON
