"""A payment keeps what it was made with in parts, to be said in any language; in English it is called what it was."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

AT_ONCE = 1_000
PAYMENTS = sa.table(
    "payments",
    sa.column("id", sa.String),
    sa.column("method_kind", sa.String),
    sa.column("method_brand", sa.Text),
    sa.column("method_last4", sa.Text),
)
ENDING = re.compile(r"(.+) ending in ([^ ]+)", re.DOTALL)
# What had no brand was called by its kind.
KINDS = {
    "Card": "card",
    "Bacs debit": "bacs_debit",
    "Au becs debit": "au_becs_debit",
    "Acss debit": "acss_debit",
    "Sepa debit": "sepa_debit",
    "Us bank account": "us_bank_account",
    "Customer balance": "customer_balance",
    "Other means": "other_means",
    "Payment page": "payment_page",
    "A card that was declined": "declined_card",
}


def upgrade() -> None:
    """Take apart what payments were made with."""
    op.execute("ALTER TABLE payments RENAME COLUMN payment_method_label TO method_brand")
    op.add_column("payments", sa.Column("method_kind", sa.String(64), nullable=False, server_default=sa.text("'card'")))
    op.add_column("payments", sa.Column("method_last4", sa.Text(), nullable=False, server_default=sa.text("''")))
    connection, last = op.get_bind(), ""
    while True:
        some = sa.select(PAYMENTS.c.id, PAYMENTS.c.method_brand).where(PAYMENTS.c.id > last)
        rows = connection.execute(some.order_by(PAYMENTS.c.id).limit(AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        connection.execute(
            sa.update(PAYMENTS).where(PAYMENTS.c.id == sa.bindparam("of_payment")),
            [{"of_payment": row.id, **_parts(row.method_brand)} for row in rows],
        )


def _parts(label: str) -> dict[str, str]:
    ending = ENDING.fullmatch(label)
    name, last4 = (ending[1], ending[2]) if ending else (label, "")
    kind = KINDS.get(name)
    return {"method_kind": kind or "card", "method_brand": "" if kind else name, "method_last4": last4}
