"""Migrations move the rows that there are: what was agreed to, charged and invoiced before goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import as_file, files
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.catalog import Feature
from billing_sdk.server.domain.metering import own_meter
from billing_sdk.server.domain.periods import Cadence, Period
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage.tables.billing import invoices, payments
from billing_sdk.server.storage.upgrading import migration_config
from billing_sdk.server.usecases.book_earlier import book_earlier
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.read_books import revenue, trial_balance
from billing_sdk.server.usecases.record_usage import record_usage
from tests.engines import open_database

START, END = datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 2, 28, 12, tzinfo=UTC)
IDS = {"customer_id": "customer_1", "plan_version_id": "version_1"}

# What a database of the first release held; times are written as each database keeps them.
ROWS: list[tuple[str, dict[str, Any]]] = [
    (
        "features",
        {
            "id": "feature_1",
            "key": "ai_tokens",
            "name": "Tokens",
            "type": "metered",
            "unit_name": "token",
            "description": "",
        },
    ),
    ("plan_groups", {"id": "sbg_1", "key": "main", "name": "Main", "scope": "user", "is_default": True}),
    (
        "plans",
        {
            "key": "pro",
            "name": "Pro",
            "description": "",
            "group_id": "sbg_1",
            "status": "published",
            "interval": "month",
            "position": 0,
        },
    ),
    (
        "plan_versions",
        {
            "id": "version_1",
            "plan_key": "pro",
            "number": 1,
            "currency": "USD",
            "created_at": START,
            "components": [
                {
                    "kind": "licence_fee",
                    "id": "fee_1",
                    "key": "base_price",
                    "name": "Base price",
                    "amount_minor": 2_900,
                    "currency": "USD",
                    "line_description": "",
                },
                {
                    "kind": "rate",
                    "id": "rate_1",
                    "feature_key": "ai_tokens",
                    "name": "AI tokens",
                    "unit_amount": "0.02",
                    "currency": "USD",
                    "line_description": "",
                },
            ],
        },
    ),
    (
        "customers",
        {
            "id": "customer_1",
            "kind": "user",
            "billing_email": "ada@example.com",
            "user_id": "kp_1",
            "org_code": None,
            "created_at": START,
        },
    ),
    (
        "payment_methods",
        {
            "id": "method_1",
            "customer_id": "customer_1",
            "gateway_token": "card_1",
            "brand": "Visa",
            "last4": "4242",
            "exp_month": 12,
            "exp_year": 2034,
            "is_default": True,
            "created_at": START,
        },
    ),
    (
        "agreements",
        {
            **IDS,
            "id": "agreement_1",
            "group_id": "sbg_1",
            "plan_key": "pro",
            "status": "active",
            "interval": "month",
            "started_at": START,
            "ended_at": None,
            "is_unpaid": False,
        },
    ),
    (
        "invoices",
        {
            "id": "invoice_1",
            "number": "INV-000001",
            "customer_id": "customer_1",
            "agreement_id": "agreement_1",
            "status": "paid",
            "currency": "USD",
            "issued_at": START,
            "payment_id": None,
        },
    ),
    *(
        (
            "invoice_lines",
            {
                "invoice_id": "invoice_1",
                "position": position,
                "description": component_id,
                "amount_minor": amount,
                "period_start": START,
                "period_end": END,
                "plan_version_id": "version_1",
                "component_id": component_id,
            },
        )
        for position, (component_id, amount) in enumerate([("fee_1", 2_900), ("rate_1", 7), ("credit", -100)])
    ),
    (
        "charges",
        {
            **IDS,
            "id": "charge_1",
            "group_id": "sbg_1",
            "agreement_id": "agreement_2",
            "plan_key": "pro",
            "interval": "month",
            "agreement_started_at": START,
            "payment_method_id": "method_1",
            "lines": [
                {
                    "description": "Base price",
                    "amount_minor": 2_900,
                    "period_start": START.isoformat(),
                    "period_end": END.isoformat(),
                    "plan_version_id": "version_1",
                    "component_id": "fee_1",
                }
            ],
            "currency": "USD",
            "source": "user",
            "actor": "kp_1",
            "started_at": START,
            "lease_ends_at": START,
        },
    ),
]


# What was used in the first release: deltas, and a total that takes the place of those before it.
USED = [
    ("reading_1", "delta", "3", 1, None),
    ("reading_2", "absolute", "10", 2, "key-1"),
    ("reading_3", "delta", "0.5", 3, None),
]

ATTACHED = (
    """INSERT INTO service_actions
    (id, name, amount_minor, currency, service, item_ids, expires_with_interval, category, priority, created_at)
    VALUES
    ('action_1', 'Credit', 1000, 'USD', 'month', '[]', true, 'promotional', 50, '2026-01-31 12:00:00+00:00')""",
    """INSERT INTO attachments (plan_version_id, id, position, kind, object_id, metadata) VALUES
    ('version_1', 'component_1', 0, 'service_action', 'action_1', '{}')""",
)


def reading_row(reading_id: str, kind: str, value: str, day: int, key: str | None) -> dict[str, Any]:
    """Return a row of what was used on a day after the start, reported an hour later."""
    at = START + timedelta(days=day)
    return {
        "id": reading_id,
        "agreement_id": "agreement_1",
        "feature_key": "ai_tokens",
        "kind": kind,
        "value": value,
        "used_at": at,
        "recorded_at": at + timedelta(hours=1),
        "counted_at": at,
        "idempotency_key": key,
    }


@pytest.fixture
def database(empty_url):
    """A database of the first release with those rows, migrated to today's."""
    opened = open_database(empty_url)
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder, opened._engine.begin() as connection:
        config = migration_config(str(folder), connection)
        config.attributes["sealer"] = opened.sealer
        command.upgrade(config, "0007")
        tables = sa.MetaData()
        tables.reflect(connection)
        for name, values in ROWS:
            connection.execute(tables.tables[name].insert().values(values))
        connection.execute(tables.tables["readings"].insert(), [reading_row(*one) for one in USED])
        # Service actions came later, and granted nothing yet.
        command.upgrade(config, "0013")
        for statement in ATTACHED:
            connection.execute(sa.text(statement))
    opened.migrate()
    yield opened
    opened.close()


def test_agreements_whose_plan_comes_with_credit_are_granted_it_from_their_next_period_on(database):
    with database.begin(read_only=True) as tx:
        agreement = tx.agreements.get("agreement_1")
        timer = tx.timers.find("grant_credit", agreement.id)
        grants = tx.grants.list(customer_id="customer_1").items

    assert timer is not None
    assert (timer.due_at, timer.customer_id, grants) == (agreement.billed_until, "customer_1", ())


def test_what_there_was_is_there_in_todays_form(database):
    with database.begin(read_only=True) as tx:
        agreement = tx.agreements.get("agreement_1")
        version = tx.catalog.get_version("version_1")
        invoice = tx.invoices.get("invoice_1")
        (charge,) = tx.charges.list_left_over(at=END)
        timer = tx.timers.find("renew", "agreement_1")
        meter = tx.meters.get("ai_tokens")
        given_back_of = tx.invoices.paid_lines("agreement_1", after=START, since=START)

    assert (agreement.cadence, agreement.anchor, agreement.currency) == (Cadence("month"), START, "USD")
    assert (str(version.price), version.cadence) == ("29.00 USD", Cadence("month"))
    assert [(line.kind, line.amount.minor) for line in invoice.lines] == [
        ("licence_fee", 2_900),
        ("usage", 7),
        ("unused_time", -100),
    ]
    assert given_back_of == invoice.lines
    assert [(line.kind, line.period) for line in charge.lines] == [("licence_fee", Period(START, END))]
    assert (charge.agreement.id, charge.agreement.billed_until, charge.invoice_id) == ("agreement_2", END, None)
    assert timer is not None
    assert (timer.due_at, timer.customer_id) == (agreement.billed_until, "customer_1")
    assert meter == own_meter(Feature("feature_1", "ai_tokens", "Tokens", "metered", "token"), at=meter.created_at)


def test_what_was_used_is_in_the_usage_store_and_a_report_that_is_sent_again_counts_once(database):
    engine = Engine(database, TestClock(END), ManagedGateway(), Settings("http://127.0.0.1:3000", "sqlite://"))
    again = {"value": "10", "kind": "absolute", "idempotency_key": "key-1"}

    total = record_usage(engine, agreement_id="agreement_1", feature_key="ai_tokens", **again).total

    with database.begin(read_only=True) as tx:
        events = [one.event for one in tx.usage.events("agreement_1", "ai_tokens", Period(START, END))]
        before_the_total = tx.usage.total("agreement_1", "ai_tokens", Period(START, START + timedelta(days=2)))
    assert (total, before_the_total) == (Decimal("10.5"), 3)
    assert [(one.id, one.kind, one.data["value"]) for one in events] == [
        ("reading_1", "delta", "3"),
        ("key-1", "absolute", "10"),
        ("reading_3", "delta", "0.5"),
    ]
    assert {one.recorded_at - one.time for one in events} == {timedelta(hours=1)}


def test_what_was_invoiced_and_paid_before_there_were_books_is_booked_once(database):
    paid = {
        "id": "payment_1",
        "customer_id": "customer_1",
        "amount_minor": 2_807,
        "currency": "USD",
        "status": "succeeded",
        "attempted_at": START,
        "method_kind": "card",
        "method_brand": "Visa",
        "method_last4": "",
    }
    with database._engine.begin() as connection:
        connection.execute(sa.insert(payments), paid)
        connection.execute(sa.update(invoices).values(payment_id="payment_1"))
    engine = Engine(database, TestClock(END), ManagedGateway(), Settings("http://127.0.0.1:3000", "sqlite://"))

    assert [book_earlier(engine), book_earlier(engine)] == [1, 0]

    with engine.read() as tx:
        entries = tx.ledger.of_customer("customer_1")
        (table,) = revenue(tx, customer_id="customer_1")
        (balance,) = trial_balance(tx, until=START.date())
    assert table.months == ((2026, 1), (2026, 2))
    assert table.row("revenue").changes_minor == (57, 2_750)
    assert table.row("receivable").changes_minor == (0, 0)
    assert (balance.debits_minor, balance.total_minor) == ((("cash", 2_807),), 2_807)
    told = [(entry.kind, str(entry.on), entry.amount_of("receivable"), entry.amount_of("revenue")) for entry in entries]
    assert sorted(told) == [
        ("issue", "2026-01-31", 2_807, -57),
        ("payment", "2026-01-31", -2_807, 0),
        ("recognition", "2026-02-28", 0, -2_750),
    ]
