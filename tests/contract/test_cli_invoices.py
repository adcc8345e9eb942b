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


def run(*arguments: str, under: str = "invoices") -> Result:
    return CliRunner().invoke(app, [under, *arguments])


def documents(result: Result) -> list[dict[str, object]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_invoices_are_charged_listed_shown_and_foreseen(customer: str) -> None:
    charged = run("charge", customer, "12.50", "Setup")
    [coming] = documents(run("upcoming", customer, "--json"))
    _, gathering = documents(run("list", customer, "--json"))
    shown = run("show", "INV-000001")

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


def test_an_invoice_is_named_by_its_number_or_its_id_wherever_it_is_collected(customer: str) -> None:
    first = documents(run("list", customer, "--json"))[0]
    by_number, by_id = (run("show", name, under="collection") for name in ("INV-000001", str(first["id"])))
    assert by_number.stdout == by_id.stdout
    assert "INV-000001 is paid" in by_number.stdout
    refusals = [run(verb, "INV-000001", under="collection") for verb in ("pay", "write-off")]
    assert [(one.exit_code, "INV-000001 is paid" in one.stderr) for one in refusals] == [(1, True)] * 2


def test_a_language_without_words_is_refused_before_a_file_is_written(customer: str, tmp_path: Path) -> None:
    refused = run("pdf", "INV-000001", "--lang", "xx")

    assert (refused.exit_code, "no words for the language 'xx'" in refused.stderr) == (1, True)
    assert list(tmp_path.glob("*.pdf")) == []


def test_customers_are_listed_with_the_ids_that_commands_take(customer: str) -> None:
    [row] = documents(run("list", "--json", under="customers"))

    assert row == {"id": customer, "kind": "user", "name": row["name"], "email": "ada@example.com", "profile_id": None}
    assert customer in run("list", under="customers").stdout
