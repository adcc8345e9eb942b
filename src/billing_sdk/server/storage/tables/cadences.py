"""Tables of billing cadences, of who pays them, and of the settings that they share."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text, UniqueConstraint

from billing_sdk.server.storage.tables import Instant, metadata

payer_profiles = Table(
    "payer_profiles",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("name", Text),
    # Without a foreign key: a card that is gone leaves the profile with the customer's default one.
    Column("payment_method_id", String(64)),
    Column("lookup_key", String(200)),
    Column("status", String(16), nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("customer_id", "lookup_key"),
)

# Bill settings and collection settings; their versions say what is set.
cadence_settings = Table(
    "cadence_settings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("name", Text),
    Column("live_version_id", String(64), nullable=False),
    Column("latest_version_id", String(64), nullable=False),
    Column("lookup_key", String(200)),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("kind", "lookup_key"),
)

cadence_setting_versions = Table(
    "cadence_setting_versions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("setting_id", String(64), ForeignKey("cadence_settings.id"), nullable=False, index=True),
    Column("terms", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

billing_cadences = Table(
    "billing_cadences",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False, index=True),
    Column("profile_id", String(64), ForeignKey("payer_profiles.id"), nullable=False),
    Column("cadence", String(32), nullable=False),
    Column("anchor", Instant, nullable=False),
    Column("month_of_year", Integer),
    Column("status", String(16), nullable=False),
    Column("bill_setting_id", String(64), ForeignKey("cadence_settings.id")),
    Column("bill_version_id", String(64)),
    Column("collection_setting_id", String(64), ForeignKey("cadence_settings.id")),
    Column("collection_version_id", String(64)),
    Column("lookup_key", String(200), unique=True),
    Column("metadata", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("canceled_at", Instant),
)
