"""Stripe documentation, "How advanced usage-based billing works", Revenue Recognition, Example.

A customer uses 40, 35 and 25 USD worth of API calls in January, February and March, is invoiced for 100 USD in April,
and pays in May.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO

import httpx
import pytest

from billing_sdk.server.domain.catalog import Rate, VersionContent
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import PerUnit, Terms
from billing_sdk.server.usecases.add_card import add_card
from billing_sdk.server.usecases.add_feature import add_feature
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.become_customer import become_customer
from billing_sdk.server.usecases.collect_pending import changes_unpaid, collect_pending
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.create_plan import create_plan
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.publish_plan import publish_plan
from billing_sdk.server.usecases.record_usage import record_usage
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.test_cli import call
from tests.databases import copy_sqlite
from tests.engines import DECLINED_WHEN_CHARGED, card, person
from tests.in_process import InProcess, in_process

CALLS = "api_calls"
# At a cent each: 40, 35 and 25 USD.
USED = ((1, "4000"), (2, "3500"), (3, "2500"))

# The published table, in dollars: January to May 2025, and the total.
PUBLISHED = {
    "revenue": (40, 35, 25, 0, 0, 100),
    "unbilled_receivable": (40, 35, 25, -100, 0, 0),
    "receivable": (0, 0, 0, 100, -100, 0),
    "cash": (0, 0, 0, 0, 100, 100),
}


def noon(month: int, day: int) -> datetime:
    return datetime(2025, month, day, 12, tzinfo=UTC)


def sell_calls(engine) -> None:
    """Publish a plan that bills API calls of each month once a quarter."""
    add_feature(engine, key=CALLS, name="API calls", feature_type="metered", unit_name="call")
    rate = Rate("rate_calls", CALLS, "API calls", "USD", Terms(PerUnit(Decimal(1))), service=Cadence("month"))
    content = VersionContent((rate,), cadence=Cadence("month", 3))
    create_plan(engine, key="calls", name="Calls", content=content)
    publish_plan(engine, plan_key="calls")


@dataclass(frozen=True)
class Story:
    """A server after all of it has happened."""

    app: InProcess
    customer: Customer
    database_url: str

    @property
    def engine(self) -> Engine:
        return self.app.engine

    def read(self, path: str, **params: str) -> httpx.Response:
        """Ask the Management API as a machine."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.app.seed.m2m_client_id,
            "client_secret": self.app.seed.m2m_client_secret,
            "audience": self.engine.settings.management_audience[0],
        }
        token = self.app.request("POST", "/oauth2/token", data=form).json()["access_token"]
        path = f"/api/v1/billing/{path}"
        answer = self.app.get(path, params=params, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        return answer


@pytest.fixture(scope="module")
def story(sqlite_catalogue, tmp_path_factory):
    folder = tmp_path_factory.mktemp("books")
    copy_sqlite(sqlite_catalogue, str(folder / "billing.db"))
    url = f"sqlite:///{folder / 'billing.db'}"
    with in_process(url, "http://127.0.0.1:3000") as app:
        engine = app.engine
        sell_calls(engine)
        clock = create_clock(engine, at=datetime(2025, 1, 1, tzinfo=UTC))
        user = person(engine, "api@example.com")
        customer = become_customer(engine, user_id=user, billing_email="api@example.com", clock_id=clock.id)
        add_card(engine, customer_id=customer.id, card=card(DECLINED_WHEN_CHARGED))
        agreement = subscribe(engine, customer_id=customer.id, plan_key="calls")
        for month, calls in USED:
            advance_clock(engine, clock.id, to=noon(month, 20))
            record_usage(engine, agreement_id=agreement.id, feature_key=CALLS, value=calls)
        advance_clock(engine, clock.id, to=noon(5, 10))
        add_card(engine, customer_id=customer.id, card=card())
        with engine.read() as tx:
            owed = changes_unpaid(tx, customer, at=noon(5, 10))
        for change in owed:
            collect_pending(engine, customer_id=customer.id, terms=change.terms)
        yield Story(app, customer, url)


def test_the_table_of_january_to_may_comes_out_to_the_cent(story):
    (table,) = story.read("revenue", customer_id=story.customer.id).json()["tables"]

    assert (table["currency"], table["months"]) == ("USD", [f"2025-0{month}" for month in range(1, 6)])
    assert {row["account"]: (*row["changes_minor"], row["total_minor"]) for row in table["rows"]} == {
        account: tuple(dollars * 100 for dollars in row) for account, row in PUBLISHED.items()
    }


def test_the_table_is_there_for_a_spreadsheet(story):
    answer = story.read("revenue.csv", last_month="2025-05")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    heads, *rows = csv.reader(StringIO(answer.text))
    assert heads == ["currency", "account", *(f"2025-0{month}" for month in range(1, 6)), "total"]
    assert {row[1]: row[2:] for row in rows} == {
        account: [f"{dollars}.00" for dollars in row] for account, row in PUBLISHED.items()
    }


def test_the_table_is_there_as_a_page_with_a_plot(story):
    answer = story.read("revenue.html", last_month="2025-05")
    page = answer.text

    for account, row in PUBLISHED.items():
        name = account.replace("_", " ").capitalize()
        figures = "".join(f"<td>{dollars}.00</td>".replace("-", "\u2212") for dollars in row)
        assert f'<th scope="row">{name}</th>{figures}' in page
        for month, dollars in enumerate(row[:-1], start=1):
            told = f"<title>{name}, 2025-0{month}: {dollars}.00 USD</title>"
            assert (told in page) == bool(dollars)
    assert page.count("<svg ") == 1
    # It stands by itself: the style carries the nonce that lets it through, and nothing is fetched.
    (nonce,) = re.findall(r'<style nonce="([^"]+)">', page)
    assert f"style-src 'self' 'nonce-{nonce}'" in answer.headers["content-security-policy"]
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_table_is_there_in_a_terminal(story, tmp_path, monkeypatch):
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", story.database_url)
    months = ("--from", "2025-01", "--to", "2025-05")

    shown = call("revenue", *months)
    printed = call("revenue", *months, "--csv", "--html", str(tmp_path / "revenue.html"))
    balance = call("books", "trial-balance", "--until", "2025-04-30", "--json")
    statement = call("books", "statement", story.customer.id, "--json")

    assert [done.exit_code for done in (shown, printed, balance, statement)] == [0, 0, 0, 0]
    (revenue,) = [line for line in shown.stdout.splitlines() if " revenue " in line]
    assert (
        revenue.strip("\u2502 ").split()
        == "revenue \u2502 40.00 \u2502 35.00 \u2502 25.00 \u2502 0.00 \u2502 0.00 \u2502 100.00".split()
    )
    assert "USD,unbilled_receivable,40.00,35.00,25.00,-100.00,0.00,0.00" in printed.stdout
    assert (tmp_path / "revenue.html").read_text().count("<svg ") == 1
    assert [json.loads(line) for line in balance.stdout.splitlines()] == [
        {"currency": "USD", "account": "receivable", "side": "debit", "amount_minor": 10_000},
        {"currency": "USD", "account": "revenue", "side": "credit", "amount_minor": 10_000},
    ]
    lines = [json.loads(line) for line in statement.stdout.splitlines()]
    assert [(line["booked_on"], line["kind"], line["amount_minor"], line["balance_minor"]) for line in lines] == [
        ("2025-04-01", "issue", 10_000, 10_000),
        ("2025-05-10", "payment", -10_000, 0),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("revenue", "--from", "2025-13"), "is not a month"),
        (("revenue", "--from", "2025-05", "--to", "2025-01"), "before first_month"),
        (("revenue", "--from", "1925-01"), "at most 240 months"),
        (("revenue", "--html", "/nowhere/revenue.html"), "can't be written"),
        (("revenue", "--customer", "customer_none"), "no"),
        (("books", "trial-balance", "--until", "may"), "is not a day"),
        (("books", "statement", "customer_none"), "no"),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_reason(story, monkeypatch, arguments, said):
    monkeypatch.setenv("BILLING_SERVER_DATABASE_URL", story.database_url)

    done = call(*arguments)

    assert done.exit_code == 1
    assert said in done.stderr


def test_accrual_reversal_rebooking_and_payment_are_entries_of_their_own(story):
    with story.engine.read() as tx:
        entries = tx.ledger.of_customer(story.customer.id)

    assert [(entry.kind, str(entry.on), entry.amount_of("revenue")) for entry in entries] == [
        ("accrual", "2025-01-31", -4_000),
        ("accrual", "2025-02-28", -3_500),
        ("accrual", "2025-03-31", -2_500),
        ("reversal", "2025-04-01", 10_000),
        ("issue", "2025-04-01", -10_000),
        ("payment", "2025-05-10", 0),
    ]
    statement = story.read("statement", customer_id=story.customer.id).json()["lines"]
    assert [(line["kind"], line["balance_minor"]) for line in statement] == [("issue", 10_000), ("payment", 0)]
    assert {line["invoice_number"] for line in statement} != {None}


def test_in_the_end_the_customer_has_paid_what_was_earned(story):
    (balance,) = story.read("trial_balance", until="2025-05-31").json()["balances"]

    assert balance["debits"] == [{"account": "cash", "amount_minor": 10_000}]
    assert balance["credits"] == [{"account": "revenue", "amount_minor": 10_000}]
    assert balance["total_minor"] == 10_000
