"""Tables of mail: what is to be sent and was, in which words, and what is not sent at all."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from billing_sdk.server.storage.tables import Instant, metadata

mails = Table(
    "mails",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("recipient", String(320), nullable=False),
    Column("language", String(35)),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("customer_id", String(64), ForeignKey("customers.id")),
    Column("occasion", String(200), unique=True),
    # Sealed, since links in a mail let somebody in: what it is made of, and what it said.
    Column("sealed_values", Text, nullable=False),
    Column("sealed_content", Text),
    Column("lease", String(64)),
    Column("lease_ends_at", Instant),
    Column("last_answer", Text, nullable=False),
    Index("ix_mails_queue", "state", "next_attempt_at"),
    Index("ix_mails_kind", "kind", "id"),
    Index("ix_mails_state", "state", "id"),
    Index("ix_mails_recipient", "recipient", "id"),
    Index("ix_mails_customer_id", "customer_id"),
)

# Words of operators; where there is no row, those of the server are used.
mail_templates = Table(
    "mail_templates",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("language", String(35), primary_key=True),
    Column("subject", Text, nullable=False),
    Column("paragraphs", JSON, nullable=False),
)

# Kinds that somebody has switched off or on again; where there is no row, they are on.
mail_switches = Table(
    "mail_switches",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("is_on", Boolean, nullable=False),
)
