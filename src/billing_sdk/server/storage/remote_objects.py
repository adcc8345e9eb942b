"""What stands for things of ours at a payment processor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, select, update

from billing_sdk.server.domain.workspace import RemoteKind, RemoteObject
from billing_sdk.server.storage.tables.gateways import remote_objects
from billing_sdk.server.storage.upsert import insert_new


class RemoteObjectRepository:
    """Keeps what is known of objects at processors, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, app_id: str, kind: RemoteKind, our_id: str) -> RemoteObject | None:
        """Return what stands for something of ours; None where nothing does."""
        row = self._connection.execute(select(remote_objects).where(*_key(app_id, kind, our_id))).mappings().first()
        return None if row is None else _from_row(row)

    def our_id(self, app_id: str, kind: RemoteKind, remote_id: str) -> str | None:
        """Return what an object there stands for; None where it is not ours."""
        query = select(remote_objects.c.our_id).where(
            remote_objects.c.app_id == app_id, remote_objects.c.kind == kind, remote_objects.c.remote_id == remote_id
        )
        return self._connection.execute(query).scalar_one_or_none()

    def apps_of(self, kind: RemoteKind, our_id: str) -> tuple[str, ...]:
        """Return the apps at whose accounts something stands for a thing of ours."""
        table = remote_objects.c
        query = select(table.app_id).where(table.kind == kind, table.our_id == our_id, table.remote_id.is_not(None))
        return tuple(self._connection.execute(query.order_by(table.app_id)).scalars())

    def details(self, kind: RemoteKind, our_ids: Collection[str]) -> dict[str, Mapping[str, Any]]:
        """Return what is known of the objects that stand for many things of ours, by our ids."""
        table = remote_objects.c
        query = select(table.our_id, table.detail).where(table.kind == kind, table.our_id.in_(sorted(our_ids)))
        return {row.our_id: row.detail for row in self._connection.execute(query)}

    def of_kind(self, app_id: str, kind: RemoteKind) -> tuple[RemoteObject, ...]:
        """Return all objects of a kind, in the order of our ids."""
        query = (
            select(remote_objects)
            .where(remote_objects.c.app_id == app_id, remote_objects.c.kind == kind)
            .order_by(remote_objects.c.our_id)
        )
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def save(self, one: RemoteObject) -> None:
        """Store what is known of an object, whatever was known before."""
        values = {name: getattr(one, name) for name in RemoteObject.__slots__}
        values |= {"detail": dict(one.detail), "error": None if one.error is None else dict(one.error)}
        if not insert_new(self._connection, remote_objects, values):
            self._connection.execute(
                update(remote_objects).where(*_key(one.app_id, one.kind, one.our_id)).values(values)
            )

    def forget(self, app_id: str, kind: RemoteKind, our_id: str) -> bool:
        """Let nothing stand for something of ours any more; False where nothing did."""
        return bool(self._connection.execute(delete(remote_objects).where(*_key(app_id, kind, our_id))).rowcount)

    def keep_first(self, one: RemoteObject) -> RemoteObject:
        """Store an object unless one is there already, and return the one that is there now.

        One that only says that making it has failed gives way.
        """
        before = self.find(one.app_id, one.kind, one.our_id)
        if before is not None and before.remote_id is not None:
            return before
        self.save(one)
        return one


def _key(app_id: str, kind: RemoteKind, our_id: str) -> tuple[Any, ...]:
    table = remote_objects.c
    return (table.app_id == app_id, table.kind == kind, table.our_id == our_id)


def _from_row(row: RowMapping) -> RemoteObject:
    return RemoteObject(**{name: row[name] for name in RemoteObject.__slots__})
