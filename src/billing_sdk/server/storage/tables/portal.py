"""Tables of the portal: what customers may do there for themselves, and what they have asked for."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, text

from billing_sdk.server.domain.workspace import PortalSettings
from billing_sdk.server.storage.tables import Instant, metadata

portal_settings = Table(
    "portal_settings",
    metadata,
    Column("id", String(16), primary_key=True),
    *(Column(setting.name, Boolean, nullable=False) for setting in fields(PortalSettings)),
)

end_requests = Table(
    "end_requests",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("agreement_id", String(64), ForeignKey("agreements.id"), nullable=False),
    Column("plan_key", String(255), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("asked_by", String(128), nullable=False),
    Column("reason", String(32)),
    Column("comment", String(500), nullable=False),
    Column("status", String(16), nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", String(128)),
    Column("answer", String(500), nullable=False),
    # One wish of an agreement waits at most.
    Index(
        "uq_end_requests_waiting",
        "agreement_id",
        unique=True,
        sqlite_where=text("status = 'waiting'"),
        postgresql_where=text("status = 'waiting'"),
    ),
    Index("ix_end_requests_agreement", "agreement_id", "id"),
    Index("ix_end_requests_status", "status", "id"),
)
