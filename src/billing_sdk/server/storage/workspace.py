"""The workspace: one row, or none while everything is as a server starts with."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, select

from billing_sdk.server.domain.workspace import Workspace
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.gateways import workspace
from billing_sdk.server.storage.upsert import insert_new, upsert

ONLY = "workspace"


class WorkspaceRepository:
    """Keeps the workspace, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Workspace:
        """Return the workspace; while nobody has decided anything, billing is off."""
        row = self._connection.execute(select(workspace)).mappings().first()
        return Workspace() if row is None else _from_row(row)

    def lock(self) -> Workspace:
        """Return the workspace, which nobody else changes before the transaction ends."""
        insert_new(self._connection, workspace, _to_row(Workspace()))
        return _from_row(self._connection.execute(select(workspace).with_for_update()).mappings().one())

    def save(self, changed: Workspace) -> None:
        """Store the workspace."""
        values = _to_row(changed)
        self._connection.execute(upsert(self._connection, workspace, values, values))


def _to_row(one: Workspace) -> dict[str, Any]:
    return {"id": ONLY, **row_of(one)}


def _from_row(row: RowMapping) -> Workspace:
    return Workspace(row["gateway"], row["billing_enabled_at"], row["plan_key"])
