"""Tables of the portal: what customers may do there for themselves."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Boolean, Column, String, Table

from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.storage.tables import metadata

portal_settings = Table(
    "portal_settings",
    metadata,
    Column("id", String(16), primary_key=True),
    *(Column(setting.name, Boolean, nullable=False) for setting in fields(PortalSettings)),
)
