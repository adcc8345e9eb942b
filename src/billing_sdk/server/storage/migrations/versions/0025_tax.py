"""Tax codes, a few of which everybody sells something of, and tax rates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

CODES = (
    ("digital_service", "Services over the internet"),
    ("e_book", "Electronic books"),
    ("exempt", "Exempt from tax"),
    ("professional_service", "Work done by people"),
    ("saas", "Software as a service"),
    ("software_download", "Software that is downloaded"),
)


def upgrade() -> None:
    """Add the two tables and the first codes. Rates are the operator's."""
    codes = op.create_table(
        "tax_codes", sa.Column("key", sa.String(100), primary_key=True), sa.Column("name", sa.Text, nullable=False)
    )
    op.bulk_insert(codes, [{"key": key, "name": name} for key, name in CODES])
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("region", sa.String(64)),
        sa.Column("tax_code", sa.String(100), sa.ForeignKey("tax_codes.key")),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("percent", sa.String(40), nullable=False),
        sa.Column("replaces_country", sa.Boolean, nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True)),
        sa.Column("valid_until", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_tax_rates_country", "tax_rates", ["country"])
