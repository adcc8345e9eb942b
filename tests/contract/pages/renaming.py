"""Gives every name that a page may print another value, whoever may have chosen it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, select, text as text_of, update
from sqlalchemy.types import String

from billing_sdk.server.storage.tables import metadata

NAMES = {"name", "subject", "description", "unit_name", "given_name", "family_name", "comment", "answer"}
TABLES = (
    "api_tokens",
    "applications",
    "brand",
    "end_requests",
    "features",
    "invoice_lines",
    "meters",
    "organizations",
    "permissions",
    "plan_groups",
    "plans",
    "pricing_tables",
    "roles",
    "users",
    "webhook_endpoints",
)
# What keeps what was agreed and issued from changing, by trigger.
GUARDS = {"plan_versions_never_change": "plan_versions", "invoice_lines_never_change": "invoice_lines"}
DOCUMENTS = {"brand": "texts", "pricing_tables": "cards", "plan_versions": "components"}
IN_DOCUMENTS = {
    "call_to_action",
    "description",
    "display_name",
    "feature_name",
    "features",
    "features_heading",
    "footer",
    "highlight_label",
    "line_description",
    "name",
    "welcome",
}


def rename_everything(database_url: str, text: str) -> None:
    """Store a text as every name and description; what is empty stays empty."""
    engine = create_engine(database_url)
    with engine.begin() as connection:
        for trigger, name in GUARDS.items():
            on_table = f" ON {name}" if engine.dialect.name == "postgresql" else ""
            connection.execute(text_of(f"DROP TRIGGER IF EXISTS {trigger}{on_table}"))
        for name in TABLES:
            table = metadata.tables[name]
            for column in table.columns:
                if column.name in NAMES and isinstance(column.type, String):
                    connection.execute(update(table).where(column != "").values({column.name: text}))
        for name, column_name in DOCUMENTS.items():
            table = metadata.tables[name]
            for key, document in connection.execute(select(table.c.id, table.c[column_name])).all():
                renamed = update(table).where(table.c.id == key).values({column_name: _renamed(document, text)})
                connection.execute(renamed)
    engine.dispose()


def _renamed(document: Any, text: str) -> Any:
    if isinstance(document, list):
        return [_renamed(item, text) for item in document]
    if isinstance(document, dict):
        return {
            name: _with(value, text) if name in IN_DOCUMENTS else _renamed(value, text)
            for name, value in document.items()
        }
    return document


def _with(value: Any, text: str) -> Any:
    if isinstance(value, list):
        return [text for _ in value]
    return text if value else value
