"""The audit can be checked, each record by a MAC and a link to the one before; kept answers are sealed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from billing_sdk._secret import Secret
from billing_sdk.server.ids import new_id, new_secret
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.audit import record_mac

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("audit_records", "audit_links")
FIELDS = ("at", "actor", "action", "subject", "before_digest", "after_digest", "request_id")


def upgrade() -> None:
    """Add what is checked to the records that are there, then let nobody change them again."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    _drop_triggers(is_postgresql=is_postgresql)
    op.add_column("audit_records", sa.Column("id", sa.String(64), server_default="", nullable=False))
    op.add_column("audit_records", sa.Column("caller", sa.String(128), nullable=True))
    op.add_column("audit_records", sa.Column("tenant", sa.String(64), nullable=True))
    op.add_column("audit_records", sa.Column("mac", sa.String(64), server_default="", nullable=False))
    _vouch_for_what_is_there(_make_key())
    with op.batch_alter_table("audit_records", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.create_unique_constraint(op.f("uq_audit_records_id"), ["id"])
    op.create_table(
        "audit_links",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_links")),
        sa.UniqueConstraint("position", name=op.f("uq_audit_links_position")),
    )
    for table in TABLES:
        _refuse_changes(table, is_postgresql=is_postgresql)
    _seal_answers()


def _seal_answers() -> None:
    sealer: Sealer = context.config.attributes["sealer"]
    with op.batch_alter_table("idempotent_answers") as batch:
        batch.alter_column("body", new_column_name="sealed_body", existing_type=sa.Text, existing_nullable=True)
    answers = sa.table("idempotent_answers", *(sa.column(name, sa.Text) for name in ("scope", "key", "sealed_body")))
    kept = sa.select(answers).where(answers.c.sealed_body.is_not(None))
    for scope, key, body in op.get_bind().execute(kept).all():
        sealed = sealer.seal(Secret(body), place=f"idempotent_answers/{scope}/{key}")
        mine = (answers.c.scope == scope) & (answers.c.key == key)
        op.get_bind().execute(sa.update(answers).where(mine).values(sealed_body=sealed))


def _make_key() -> bytes:
    sealer: Sealer = context.config.attributes["sealer"]
    key = new_secret()
    seeds = sa.table("seeds", sa.column("name", sa.String), sa.column("sealed_value", sa.Text))
    op.bulk_insert(seeds, [{"name": "audit", "sealed_value": sealer.seal(Secret(key), place="seeds/audit")}])
    return key.encode()


def _vouch_for_what_is_there(key: bytes) -> None:
    names = ("position", "id", "caller", "tenant", "mac", *FIELDS)
    columns = (sa.column(name, sa.DateTime(timezone=True) if name == "at" else None) for name in names)
    records = sa.table("audit_records", *columns)
    for row in op.get_bind().execute(sa.select(records)).mappings().all():
        values = {"id": new_id("audit"), "caller": None, "tenant": None, **{name: row[name] for name in FIELDS}}
        mac = record_mac(key, {**values, "at": _aware(row["at"])})
        mine = records.c.position == row["position"]
        op.get_bind().execute(sa.update(records).where(mine).values(id=values["id"], mac=mac))


def _aware(at: Any) -> datetime:
    instant: datetime = at
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant


def _drop_triggers(*, is_postgresql: bool) -> None:
    if is_postgresql:
        op.execute("DROP TRIGGER audit_append_only ON audit_records")
    else:
        op.execute("DROP TRIGGER audit_append_only_update")
        op.execute("DROP TRIGGER audit_append_only_delete")


def _refuse_changes(table: str, *, is_postgresql: bool) -> None:
    if is_postgresql:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keep_all BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_append_only_{verb.lower()} BEFORE {verb} ON {table} "
            "BEGIN SELECT RAISE(ABORT, 'audit records are append-only'); END"
        )
