"""`billing-sdk credits`: the same use cases from a terminal."""

from __future__ import annotations

import json

import pytest

from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import engine_on, payer


@pytest.fixture
def place(sqlite_catalogue, tmp_path, monkeypatch):
    """A database with one customer; the arguments that name it, and the customer's id."""
    monkeypatch.setenv("COLUMNS", "200")
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with engine_on(url) as engine:
        customer = payer(engine)
        subscribe(engine, customer_id=customer.id, plan_key="free")
    return ("--database", url), customer.id


def test_credit_is_granted_shown_taken_back_and_ended_in_a_terminal(place):
    database, customer = place
    granted = call(
        "credits",
        "grant",
        customer,
        "12.50",
        "--name",
        "Welcome",
        "--feature",
        "ai_tokens",
        "--expires",
        "2099-01-01",
        *database,
    )
    assert granted.exit_code == 0
    grant_id = granted.stdout.split(":")[0]
    assert "12.50 USD of promotional credit" in granted.stdout
    other = call("credits", "grant", customer, "7", "--category", "paid", *database).stdout.split(":")[0]

    [first, second] = [
        json.loads(line) for line in call("credits", "list", customer, "--json", *database).stdout.splitlines()
    ]
    assert (first["id"], first["left"], first["applies_to"]) == (grant_id, "12.50 USD", "ai_tokens")
    assert (second["id"], second["category"]) == (other, "paid")
    assert "Welcome" in call("credits", "list", customer, *database).stdout
    balance = json.loads(call("credits", "balance", customer, "--json", *database).stdout)
    assert balance == {"ledger": "19.50 USD", "pending": "0.00 USD", "available": "19.50 USD"}

    assert "taken back" in call("credits", "void", grant_id, *database).stdout
    assert "has ended" in call("credits", "expire", other, *database).stdout
    assert call("credits", "void", grant_id, *database).exit_code == 1
    assert "no credit" not in call("credits", "balance", customer, *database).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("12.505",),
        ("ten",),
        ("0",),
        ("10", "--category", "free"),
        ("10", "--expires", "soon"),
        ("10", "--expires", "2001-01-01"),
        ("10", "--feature", "no_such_feature"),
        ("10", "--currency", "usd"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(place, arguments):
    database, customer = place
    refused = call("credits", "grant", customer, *arguments, *database)
    assert refused.exit_code == 1
    assert call("credits", "list", customer, "--json", *database).stdout == ""


def test_an_allowance_is_granted_shown_and_taken_back_in_a_terminal(place):
    database, customer = place
    granted = call("allowances", "grant", customer, "ai_tokens", "50", "--recurrence", "month", *database)
    allowance = granted.stdout.split(":")[0]
    assert (granted.exit_code, granted.stdout.split(": ")[1].strip()) == (0, "50 of ai_tokens.")
    [shown] = call("allowances", "list", customer, "--json", *database).stdout.splitlines()
    row = json.loads(shown)
    assert (row["id"], row["amount"], row["every"], row["status"]) == (allowance, "50", "month", "active")
    balances = [
        json.loads(line) for line in call("allowances", "balance", customer, "--json", *database).stdout.splitlines()
    ]
    assert [(one["limit"], one["used"], one["remaining"]) for one in balances if one["feature"] == "ai_tokens"] == [
        ("1050", "0", "1050")
    ]
    assert "taken back" in call("allowances", "void", customer, allowance, *database).stdout
    assert "ai_tokens" in call("allowances", "balance", customer, *database).stdout
    assert call("allowances", "void", customer, allowance, *database).exit_code == 1
    assert call("allowances", "grant", customer, "ai_tokens", "50", "--expires", "soon", *database).exit_code == 1
