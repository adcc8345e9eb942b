"""What the user of a PostgreSQL database may do there, compared with what the server needs.

A role of which the user is a member counts like the user itself, also where its rights are not inherited: one
statement, SET ROLE, makes them the user's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, text

from billing_sdk.server.storage.tables import metadata
from billing_sdk.server.storage.tables.usage import usage_events

VERSION = "alembic_version"
APPENDED = ("audit_records", "audit_links", "journal_entries", "postings")
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
# Without these nothing else can be looked at.
FIRST_NEEDED = frozenset({"USAGE on the schema", f"SELECT on {VERSION}"})

# What leads to everything else: roles, files and programs of the server, and a copy of all that it holds.
SUPREME = {"rolsuper": "everything, as a superuser", "rolcreaterole": "CREATEROLE", "rolreplication": "REPLICATION"}
SUPREME_ROLES = frozenset({"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"})
NEEDLESS = {"rolcreatedb": "CREATEDB", "rolbypassrls": "BYPASSRLS"}

MEMBERSHIPS = text(
    "SELECT rolname, rolname = session_user AS is_itself, rolsuper, rolcreaterole, rolreplication, rolcreatedb, "
    "rolbypassrls, EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid "
    "AND relnamespace = CAST('public' AS regnamespace)) AS owns FROM pg_roles "
    "WHERE rolname = session_user OR pg_has_role(session_user, oid, 'MEMBER') ORDER BY rolname"
)
# A right to one column of a table is a right; only four kinds can be given for columns.
ON_TABLES = text(
    "SELECT relname, kind, relispartition, has_table_privilege(session_user, pg_class.oid, kind) AS is_whole, "
    "CASE WHEN kind IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') "
    "THEN has_any_column_privilege(session_user, pg_class.oid, kind) ELSE false END AS is_partial "
    "FROM pg_class, unnest(CAST(:kinds AS text[])) AS kind "
    "WHERE relkind IN ('r', 'p') AND relnamespace = CAST('public' AS regnamespace) ORDER BY relname, kind"
)
ON_SEQUENCES = text(
    "SELECT relname, has_sequence_privilege(session_user, oid, 'USAGE') AS may_use, "
    "has_sequence_privilege(session_user, oid, 'UPDATE') AS may_set FROM pg_class "
    "WHERE relkind = 'S' AND relnamespace = CAST('public' AS regnamespace) ORDER BY relname"
)
ON_PLACES = text(
    "SELECT has_schema_privilege(session_user, 'public', 'USAGE') AS may_enter, "
    "has_schema_privilege(session_user, 'public', 'CREATE') AS may_create, "
    "has_database_privilege(session_user, current_database(), 'CREATE') AS may_create_schemas"
)


def missing_rights(connection: Connection) -> tuple[str, ...]:
    """Return what the server needs and may not do with the tables that there are, such as `INSERT on users`."""
    return tuple(_missing(connection))


def excessive_rights(connection: Connection) -> tuple[str, ...]:
    """Return what the user may do and the server has no use for, but somebody who has got into it would."""
    return tuple(_excessive(connection))


def supreme_powers(connection: Connection) -> tuple[str, ...]:
    """Return what makes the user as good as a superuser, by itself or by a role that it can take on."""
    return tuple(_supreme(connection))


def _missing(connection: Connection) -> Iterator[str]:
    if not connection.execute(ON_PLACES).one().may_enter:
        yield "USAGE on the schema"
    for row in connection.execute(ON_TABLES, {"kinds": list(ALL)}):
        # Who works with a whole table needs no right to its partitions.
        if row.kind in _needed(row.relname) and not row.is_whole and not row.relispartition:
            yield f"{row.kind} on {row.relname}"
    for row in connection.execute(ON_SEQUENCES):
        if not row.may_use:
            yield f"USAGE on {row.relname}"


def _excessive(connection: Connection) -> Iterator[str]:
    supreme = supreme_powers(connection)
    yield from supreme
    if SUPREME["rolsuper"] in supreme:
        return
    yield from _needless(connection)
    for row in connection.execute(ON_TABLES, {"kinds": list(ALL)}):
        if row.kind not in _needed(row.relname) and (row.is_whole or row.is_partial):
            yield f"{row.kind} on {row.relname}"
    for row in connection.execute(ON_SEQUENCES):
        if row.may_set:
            yield f"UPDATE on {row.relname}"
    places = connection.execute(ON_PLACES).one()
    if places.may_create:
        yield "CREATE in the schema"
    if places.may_create_schemas:
        yield "CREATE in the database"


def _supreme(connection: Connection) -> Iterator[str]:
    for role in connection.execute(MEMBERSHIPS):
        by = "" if role.is_itself else f" by the role {role.rolname}"
        for attribute, name in SUPREME.items():
            if getattr(role, attribute):
                yield f"{name}{by}"
                if attribute == "rolsuper":
                    break
        if role.rolname in SUPREME_ROLES:
            yield f"the role {role.rolname}"


def _needless(connection: Connection) -> Iterator[str]:
    for role in connection.execute(MEMBERSHIPS):
        by = "" if role.is_itself else f" by the role {role.rolname}"
        yield from (f"{name}{by}" for attribute, name in NEEDLESS.items() if getattr(role, attribute))
        if role.owns:
            yield f"everything with what {role.rolname} owns"
        elif role.rolname.startswith("pg_") and role.rolname not in SUPREME_ROLES:
            yield f"the role {role.rolname}"


def _needed(table: str) -> tuple[str, ...]:
    if table == VERSION:
        return ALL[:1]
    if table in APPENDED:
        return ALL[:2]
    is_month = table.startswith(f"{usage_events.name}_")
    return ALL[:4] if is_month or table in metadata.tables else ()
