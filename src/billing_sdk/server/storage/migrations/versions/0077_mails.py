"""Mail: what is to be sent and was, in which words, and what is not sent at all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables; every kind of mail is on."""
    op.create_table(
        "mails",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("language", sa.String(35)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("customer_id", sa.String(64)),
        sa.Column("occasion", sa.String(200)),
        sa.Column("sealed_values", sa.Text(), nullable=False),
        sa.Column("sealed_content", sa.Text()),
        sa.Column("lease", sa.String(64)),
        sa.Column("lease_ends_at", INSTANT),
        sa.Column("last_answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_mails_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("occasion", name=op.f("uq_mails_occasion")),
    )
    op.create_index("ix_mails_queue", "mails", ["state", "next_attempt_at"])
    for column in ("kind", "state", "recipient"):
        op.create_index(op.f(f"ix_mails_{column}"), "mails", [column, "id"])
    op.create_index(op.f("ix_mails_customer_id"), "mails", ["customer_id"])
    op.create_table(
        "mail_templates",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("paragraphs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "language", name=op.f("pk_mail_templates")),
    )
    op.create_table(
        "mail_switches",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_mail_switches")),
    )
