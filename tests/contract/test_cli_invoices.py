"""`billing-sdk invoices`: what was billed and what is to come, in a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from billing_sdk.cli.commands import app
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import engine_on, payer


@pytest.fixture
def customer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    with engine_on("sqlite:///billing.db") as engine:
        found = payer(engine)
        subscribe(engine, customer_id=found.id, plan_key="pro_monthly")
    return found.id


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["invoices", *arguments])


def documents(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_invoices_are_charged_listed_shown_and_foreseen(customer: str) -> None:
    charged = run("charge", customer, "12.50", "Setup")
    [coming] = documents(run("upcoming", customer, "--json"))
    first, gathering = documents(run("list", customer, "--json"))
    shown = run("show", str(first["id"]))

    assert (charged.exit_code, "gathering" in charged.stdout) == (0, True)
    assert (gathering["status"], gathering["total_minor"]) == ("gathering", 1_250)
    assert (coming["invoice_id"], coming["total_minor"]) == (gathering["id"], 1_250 + 2_900)
    assert "INV-000001" in shown.stdout
    assert "29.00 USD" in shown.stdout
    assert "12.50 USD" in run("upcoming", customer).stdout
    assert "INV-000001" in run("list", customer).stdout


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [
        ("0", "USD", "not an amount to charge"),
        ("1000000000000.01", "USD", "1,000,000,000,000.00 USD at most"),
        ("5", "XXX", "not an ISO 4217 currency code"),
    ],
)
def test_a_charge_that_is_none_is_refused_in_words(customer: str, amount: str, currency: str, told: str) -> None:
    refused = run("charge", customer, amount, "Setup", "--currency", currency)

    assert (refused.exit_code, told in " ".join(refused.stderr.split())) == (1, True), refused.stderr
