"""Names of lines and payments from before they were kept in parts: each is called in English what it was called."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import as_file, files
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from billing_sdk.server.domain.customers import MethodName
from billing_sdk.server.domain.invoicing import Frame, framed
from billing_sdk.server.storage.upgrading import migration_config
from tests.engines import open_database

START, END = datetime(2026, 1, 31, 12, tzinfo=UTC), datetime(2026, 2, 28, 12, tzinfo=UTC)
GIFT = framed("credit_grant", grant="Welcome: gift")
SEATS = "Seats, in the office, 12 instead of 3"

# What a line was called, its facts, and its subject and frames from now on.
LINES: list[tuple[str, dict[str, Any], str, tuple[Frame, ...]]] = [
    ("Pro, one month", {"kind": "licence_fee"}, "Pro, one month", ()),
    (SEATS, {"kind": "licence_fee"}, "Seats, in the office", (framed("instead_of", now="12", before="3"),)),
    ("Tokens, adjusted", {"kind": "adjustment"}, "Tokens", (framed("adjusted"),)),
    ("Tokens, adjusted", {"kind": "usage"}, "Tokens, adjusted", ()),
    (
        "Discount HALF: Tokens, adjusted",
        {"kind": "discount", "coupon": "HALF", "of": "adjustment"},
        "Tokens",
        (framed("adjusted"), framed("discount", coupon="HALF")),
    ),
    (
        f"Discount HALF: {SEATS}",
        {"kind": "discount", "coupon": "HALF", "of": "licence_fee"},
        "Seats, in the office",
        (framed("instead_of", now="12", before="3"), framed("discount", coupon="HALF")),
    ),
    ("Unused time on Pro", {"kind": "unused_time"}, "Pro", (framed("unused_time"),)),
    ("Welcome: gift: Pro, one month", {"kind": "credit_grant", "line": "1"}, "Pro, one month", (GIFT,)),
    (
        "Credit top-up: Tokens, adjusted",
        {"kind": "credit_grant", "line": "3"},
        "Tokens",
        (framed("adjusted"), framed("top_up_used")),
    ),
    (
        "Extra: Tokens, adjusted",
        {"kind": "overage", "line": "4"},
        "Tokens, adjusted",
        (framed("overage", rate="Extra"),),
    ),
    ("Renamed: Gone", {"kind": "credit_grant", "line": "1"}, "Renamed: Gone", ()),
    ("Credit top-up", {"kind": "one_off", "grant": "grant_1"}, "", (framed("top_up"),)),
    ("Credit top-up", {"kind": "one_off"}, "Credit top-up", ()),
    ("VAT 7.5 %", {"kind": "tax", "name": "VAT", "percent": "7.5"}, "VAT", (framed("tax", percent="7.5"),)),
    ("Credit balance", {"kind": "credit_balance"}, "", (framed("balance_used"),)),
    ("Kept as credit balance", {"kind": "credit_balance"}, "", (framed("balance_kept"),)),
    ("Unused time on Mars", {}, "Unused time on Mars", ()),
]

METHODS = [
    ("Visa ending in 4242", MethodName("card", "Visa", "4242")),
    ("Card ending in 0341", MethodName("card", "", "0341")),
    ("Sepa debit ending in 3000", MethodName("sepa_debit", "", "3000")),
    ("Customer balance", MethodName("customer_balance")),
    ("Other means", MethodName("other_means")),
    ("Payment page", MethodName("payment_page")),
    ("A card that was declined", MethodName("declined_card")),
    ("Paypal", MethodName("card", "Paypal")),
]


@pytest.fixture
def database(empty_url):
    """A database with those lines on an issued invoice and on a charge under way, migrated to today's."""
    opened = open_database(empty_url)
    with as_file(files("billing_sdk.server.storage") / "migrations") as folder, opened._engine.begin() as connection:
        config = migration_config(str(folder), connection)
        config.attributes["sealer"] = opened.sealer
        command.upgrade(config, "0089")
        tables = sa.MetaData()
        tables.reflect(
            connection, only=["customers", "payment_methods", "invoices", "invoice_lines", "charges", "payments"]
        )
        _insert(connection, tables)
    opened.migrate()
    yield opened
    opened.close()


def _insert(connection: sa.Connection, tables: sa.MetaData) -> None:
    """Insert what refers to nothing else than a customer."""
    connection.execute(
        tables.tables["customers"].insert(),
        {"id": "customer_1", "kind": "user", "billing_email": "", "user_id": "kp_1", "created_at": START},
    )
    method = {
        "id": "method_1",
        "customer_id": "customer_1",
        "gateway_token": "card_1",
        "brand": "Visa",
        "last4": "4242",
    }
    more = {"exp_month": 12, "exp_year": 2034, "is_default": True, "created_at": START}
    connection.execute(tables.tables["payment_methods"].insert(), method | more)
    invoice = {"id": "invoice_1", "customer_id": "customer_1", "currency": "USD", "created_at": START}
    connection.execute(tables.tables["invoices"].insert(), invoice | {"status": "draft", "line_count": len(LINES)})
    rows = [
        {
            "invoice_id": "invoice_1",
            "position": position,
            "description": called,
            "amount_minor": 1,
            "period_start": START,
            "period_end": END,
            "component_id": "component",
            "derivation": facts,
        }
        for position, (called, facts, _, _) in enumerate(LINES)
    ]
    connection.execute(tables.tables["invoice_lines"].insert(), rows)
    issued = {"status": "issued", "number": "INV-000001", "issued_at": START}
    connection.execute(sa.update(tables.tables["invoices"]).values(issued))
    paid = {
        "customer_id": "customer_1",
        "amount_minor": 1,
        "currency": "USD",
        "status": "failed",
        "attempted_at": START,
    }
    payments = [
        {"id": f"payment_{place}", "payment_method_label": label, "invoice_id": "invoice_1", **paid}
        for place, (label, _) in enumerate(METHODS)
    ]
    connection.execute(tables.tables["payments"].insert(), payments)
    times = {"period_start": START.isoformat(), "period_end": END.isoformat()}
    none = {"agreement_id": None, "plan_version_id": None, "quantity": None}
    kept = [
        {**{name: value for name, value in row.items() if name not in ("invoice_id", "position")}, **times, **none}
        for row in rows
    ]
    charge = {"id": "charge_1", "customer_id": "customer_1", "lines": kept, "currency": "USD", "source": "user"}
    at = {
        "actor": "kp_1",
        "started_at": START,
        "lease_ends_at": START,
        "payment_method_id": "method_1",
        "agreement": None,
        "rated": [],
    }
    connection.execute(tables.tables["charges"].insert(), charge | at)


def test_lines_of_before_are_called_what_they_were_and_their_parts_are_known(database):
    with database.begin(read_only=True) as tx:
        invoice = tx.invoices.get("invoice_1")
        (charge,) = tx.charges.list_left_over(at=END)

    for lines in (invoice.lines, charge.lines):
        assert [line.description for line in lines] == [called for called, _, _, _ in LINES]
        assert [(line.subject, line.frames) for line in lines] == [(subject, frames) for _, _, subject, frames in LINES]


def test_payments_of_before_were_made_with_what_they_were(database):
    with database.begin(read_only=True) as tx:
        payments = tx.invoices.payments_for("invoice_1")

    assert [(one.method.label, one.method) for one in payments] == METHODS


def test_an_issued_line_can_t_be_changed_after_its_name_was_taken_apart(database):
    with (
        pytest.raises(sa.exc.DatabaseError, match="an issued invoice never changes"),
        database._engine.begin() as connection,
    ):
        connection.execute(sa.text("UPDATE invoice_lines SET subject = 'Other' WHERE position = 0"))
