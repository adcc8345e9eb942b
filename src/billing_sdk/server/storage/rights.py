"""What the user of a PostgreSQL database may do there, compared with what the server needs."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from billing_sdk.server.storage.tables import metadata

ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
APPENDED = ("audit_records", "audit_links")


def missing_rights(connection: Connection) -> tuple[str, ...]:
    """Return what the server needs and may not do, such as `INSERT on users`."""
    return tuple(
        f"{right} on {table}"
        for table in sorted(metadata.tables)
        for right in (ALL[:2] if table in APPENDED else ALL)
        if not _may(connection, table, right)
    )


def excessive_rights(connection: Connection) -> tuple[str, ...]:
    """Return what the user may do and the server has no use for, but somebody who has got into it would."""
    return tuple(_excessive(connection))


def _excessive(connection: Connection) -> Iterator[str]:
    if connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = session_user")).scalar_one():
        yield "everything, as a superuser"
        return
    for table in APPENDED:
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            if _may(connection, table, right):
                yield f"{right} on {table}"
    if connection.execute(text("SELECT has_schema_privilege(session_user, 'public', 'CREATE')")).scalar_one():
        yield "CREATE in the schema"


def _may(connection: Connection, table: str, right: str) -> bool:
    asked = text("SELECT has_table_privilege(session_user, CAST(:table AS text), :right)")
    return bool(connection.execute(asked, {"table": table, "right": right}).scalar_one())
