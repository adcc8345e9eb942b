"""An operator decides what customers may do for themselves in the portal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

SETTINGS = (
    "may_change_plan",
    "may_cancel",
    "may_pause",
    "may_resume",
    "may_buy_add_ons",
    "may_change_seats",
    "may_top_up",
    "may_manage_payment_methods",
    "may_edit_billing_address",
    "may_manage_members",
    "may_edit_organization",
    "may_edit_profile",
    "shows_invoices",
    "shows_usage",
    "cancellations_need_approval",
)


def upgrade() -> None:
    """Add the table; without a row in it, customers may do what they could before."""
    op.create_table(
        "portal_settings",
        sa.Column("id", sa.String(16), primary_key=True),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in SETTINGS),
    )
