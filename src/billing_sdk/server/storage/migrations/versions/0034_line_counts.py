"""An issued invoice gets no more lines: the database knows how many it has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

CHANGED = "an issued invoice never changes"
IS_ONE_MORE = (
    "EXISTS (SELECT 1 FROM invoices i WHERE i.id = NEW.invoice_id AND NEW.position >= i.line_count "
    "AND i.status NOT IN ('gathering', 'draft', 'awaiting_usage', 'awaiting_sending'))"
)
WAS_ISSUED = "OLD.status NOT IN ('gathering', 'draft', 'awaiting_usage', 'awaiting_sending')"


def upgrade() -> None:
    """Count the lines that there are, and refuse more of them, and another count, where an invoice is issued."""
    op.add_column("invoices", sa.Column("line_count", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.execute(
        "UPDATE invoices SET line_count = (SELECT count(*) FROM invoice_lines l WHERE l.invoice_id = invoices.id)"
    )
    _refuse("invoice_lines_never_come", "INSERT", "invoice_lines", IS_ONE_MORE)
    _refuse("invoices_keep_their_lines", "UPDATE OF line_count", "invoices", WAS_ISSUED)


def _refuse(name: str, event: str, table: str, condition: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{CHANGED}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {condition} THEN RAISE EXCEPTION '{CHANGED}'; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
