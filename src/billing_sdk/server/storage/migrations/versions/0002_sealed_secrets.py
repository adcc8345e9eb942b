"""Secrets are sealed: the private parts of signing keys, and the values that others are derived from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

from billing_sdk._secret import Secret
from billing_sdk.server.sealing import Sealer

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Seal what is there, each value for its own row."""
    sealer: Sealer = context.config.attributes["sealer"]
    _seal(sealer, "signing_keys", "kid", plain="private_pem", sealed="sealed_private_key")
    _seal(sealer, "seeds", "name", plain="value", sealed="sealed_value")


def _seal(sealer: Sealer, table: str, key: str, *, plain: str, sealed: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.alter_column(
            plain, new_column_name=sealed, existing_type=sa.String, type_=sa.Text, existing_nullable=False
        )
    rows = sa.table(table, sa.column(key, sa.String), sa.column(sealed, sa.Text))
    for name, value in op.get_bind().execute(sa.select(rows.c[key], rows.c[sealed])).all():
        anew = sealer.seal(Secret(value), place=f"{table}/{name}")
        op.get_bind().execute(sa.update(rows).where(rows.c[key] == name).values({sealed: anew}))
