"""`billing-sdk disputes`: the same use cases from a terminal."""

from __future__ import annotations

import json

from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import engine_on, payer


def test_disputes_are_listed_and_decided_in_a_terminal(sqlite_catalogue, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    copy_sqlite(sqlite_catalogue, str(tmp_path / "billing.db"))
    url = f"sqlite:///{tmp_path / 'billing.db'}"
    with engine_on(url) as engine:
        customer = payer(engine, number="4000000000000259")
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    database = ("--database", url)
    [told] = call("disputes", "list", "--customer", customer.id, "--json", *database).stdout.splitlines()
    dispute = json.loads(told)
    assert (dispute["kind"], dispute["held"], dispute["status"]) == ("dispute", "29.00 USD", "needs_response")
    assert "29.00 USD lost" in call("disputes", "close", dispute["id"], "lost", *database).stdout
    assert call("disputes", "close", dispute["id"], "won", *database).exit_code == 1
    stands = call("collection", "show", dispute["invoice"], *database).stdout
    assert "Disputed" in stands
    assert stands.count("29.00 USD") == 2
    assert "lost" in call("disputes", "list", *database).stdout
