"""Credit notes and refunds; and the database itself keeps what was issued from ever changing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# Nothing else of an issued invoice ever changes: its status, what has paid it, and what was credited of it do.
KEPT = (
    "id, number, customer_id, agreement_id, currency, reason, created_at, issued_at, due_at, profile_id, "
    "collection_method, replaces_id"
)
WAS_ISSUED = "OLD.status NOT IN ('gathering', 'draft', 'awaiting_usage', 'awaiting_sending')"
CHANGED = "an issued invoice never changes"
NOTE_CHANGED = "an issued credit note never changes"
# Whoever deletes a test clock deletes its customers, with all that was billed to them.
IS_ISSUED = (
    "EXISTS (SELECT 1 FROM invoices i JOIN customers c ON c.id = i.customer_id WHERE i.id = OLD.invoice_id "
    "AND i.status NOT IN ('gathering', 'draft', 'awaiting_usage', 'awaiting_sending'))"
)
IS_ISSUED_IN_REAL_TIME = IS_ISSUED.removesuffix(")") + " AND c.clock_id IS NULL)"


def upgrade() -> None:
    """Add the tables, and triggers that refuse changes of what was issued."""
    _add_tables()
    _refuse("invoices_never_change", f"UPDATE OF {KEPT}", "invoices", WAS_ISSUED, CHANGED)
    _refuse("invoice_lines_never_change", "UPDATE", "invoice_lines", IS_ISSUED, CHANGED)
    _refuse("invoice_lines_never_go", "DELETE", "invoice_lines", IS_ISSUED_IN_REAL_TIME, CHANGED)
    _refuse("credit_notes_never_change", "UPDATE", "credit_notes", "TRUE", NOTE_CHANGED)
    _refuse("credit_note_lines_never_change", "UPDATE", "credit_note_lines", "TRUE", NOTE_CHANGED)


def _add_tables() -> None:
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("number", sa.String(32), nullable=False),
        sa.Column("invoice_id", sa.String(64), nullable=False),
        sa.Column("customer_id", sa.String(64), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("destination", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("issued_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credit_notes_customer_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_credit_notes_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_notes")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_notes_number")),
    )
    for column in ("customer_id", "invoice_id"):
        op.create_index(op.f(f"ix_credit_notes_{column}"), "credit_notes", [column])
    op.create_table(
        "credit_note_lines",
        sa.Column("credit_note_id", sa.String(64), nullable=False),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("included_tax_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"], name=op.f("fk_credit_note_lines_credit_note_id")
        ),
        sa.PrimaryKeyConstraint("credit_note_id", "line_number", name=op.f("pk_credit_note_lines")),
    )
    _add_refunds()


def _add_refunds() -> None:
    referred = {
        "credit_note_id": "credit_notes.id",
        "invoice_id": "invoices.id",
        "customer_id": "customers.id",
        "payment_id": "payments.id",
    }
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(64), nullable=False),
        *(sa.Column(name, sa.String(64), nullable=False) for name in referred),
        sa.Column("charge_reference", sa.String(255), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("lease_ends_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT),
        sa.Column("reference", sa.String(255)),
        sa.Column("decline_code", sa.String(64)),
        *(
            sa.ForeignKeyConstraint([name], [column], name=op.f(f"fk_refunds_{name}"))
            for name, column in referred.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("credit_note_id", name=op.f("uq_refunds_credit_note_id")),
    )
    for column in ("customer_id", "invoice_id"):
        op.create_index(op.f(f"ix_refunds_{column}"), "refunds", [column])
    is_pending = sa.text("status = 'pending'")
    op.create_index(
        "ix_refunds_pending", "refunds", ["lease_ends_at"], sqlite_where=is_pending, postgresql_where=is_pending
    )


def _refuse(name: str, event: str, table: str, condition: str, message: str) -> None:
    """Have the database refuse something that happens to a row of a table under a condition."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        return
    # A query is allowed in the body of a trigger there, and not in its condition.
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{message}'; END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
