"""Invoice lines say how much there was and why it came to what it came to; a charge can pay an open invoice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LINES = sa.table(
    "invoice_lines",
    sa.column("plan_version_id", sa.String()),
    sa.column("component_id", sa.String()),
    sa.column("derivation", sa.JSON()),
)
CHARGES = sa.table("charges", sa.column("id", sa.String()), sa.column("lines", sa.JSON()))
VERSIONS = sa.table("plan_versions", sa.column("id", sa.String()), sa.column("components", sa.JSON()))
KINDS = {"licence_fee": "licence_fee", "rate": "usage"}


def upgrade() -> None:
    """Add the columns, and tell of the lines that there are what they are about; how they came about is not known."""
    op.add_column("invoice_lines", sa.Column("quantity", sa.String(40), nullable=True))
    op.add_column("invoice_lines", sa.Column("derivation", sa.JSON(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("charges", sa.Column("invoice_id", sa.String(64), nullable=True))
    kinds = dict(_kinds())
    for (version_id, component_id), kind in kinds.items():
        _explain(version_id, component_id, kind)
    for version_id in {version_id for version_id, _ in kinds}:
        _explain(version_id, "credit", "unused_time")
    _complete_charges(kinds)


def _kinds() -> Iterator[tuple[tuple[str, str], str]]:
    for version in op.get_bind().execute(sa.select(VERSIONS)):
        for component in version.components:
            if component["kind"] in KINDS:
                yield (version.id, component["id"]), KINDS[component["kind"]]


def _explain(version_id: str, component_id: str, kind: str) -> None:
    theirs = sa.and_(LINES.c.plan_version_id == version_id, LINES.c.component_id == component_id)
    op.get_bind().execute(sa.update(LINES).where(theirs).values(derivation=_derivation(version_id, component_id, kind)))


def _complete_charges(kinds: Mapping[tuple[str, str], str]) -> None:
    bind = op.get_bind()
    for charge in bind.execute(sa.select(CHARGES)).all():
        lines: list[dict[str, Any]] = []
        for line in charge.lines:
            key = (line["plan_version_id"], line["component_id"])
            kind = kinds.get(key, "unused_time")
            lines.append({**line, "quantity": None, "derivation": _derivation(*key, kind)})
        bind.execute(sa.update(CHARGES).where(CHARGES.c.id == charge.id).values(lines=lines))


def _derivation(version_id: str, component_id: str, kind: str) -> dict[str, str]:
    return {"kind": kind, "plan_version": version_id, "component": component_id}
