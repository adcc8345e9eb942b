"""What customers may do in the portal: one row, or none while everything is as the server starts with."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy import Connection, RowMapping, select

from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.storage.tables.portal import portal_settings
from billing_sdk.server.storage.upsert import insert_new, upsert

ONLY = "portal"


class PortalSettingsRepository:
    """Keeps what an operator lets customers do, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> PortalSettings:
        """Return the settings; the defaults while nobody has changed them."""
        row = self._connection.execute(select(portal_settings)).mappings().first()
        return PortalSettings() if row is None else _from_row(row)

    def lock(self) -> PortalSettings:
        """Return the settings, which nobody else changes before the transaction ends."""
        insert_new(self._connection, portal_settings, {"id": ONLY, **asdict(PortalSettings())})
        row = self._connection.execute(select(portal_settings).with_for_update()).mappings().one()
        return _from_row(row)

    def save(self, settings: PortalSettings) -> None:
        """Store the settings."""
        values = asdict(settings)
        self._connection.execute(upsert(self._connection, portal_settings, {"id": ONLY, **values}, values))


def _from_row(row: RowMapping) -> PortalSettings:
    return PortalSettings(**{setting.name: row[setting.name] for setting in fields(PortalSettings)})
