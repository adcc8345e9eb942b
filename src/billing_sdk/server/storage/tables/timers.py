"""Tables of what is to happen later, and of the clocks that tests move."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from billing_sdk.server.storage.tables import Instant, metadata

test_clocks = Table(
    "test_clocks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("frozen_at", Instant, nullable=False),
    Column("status", String(16), nullable=False),
    Column("target_at", Instant),
    Column("takes_sign_ups", Boolean, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("leased_until", Instant),
    Column("created_at", Instant, nullable=False),
    Index(
        "uq_test_clocks_sign_ups",
        "takes_sign_ups",
        unique=True,
        sqlite_where=text("takes_sign_ups"),
        postgresql_where=text("takes_sign_ups"),
    ),
)

timers = Table(
    "timers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("clock_id", String(64), ForeignKey("test_clocks.id")),
    Column("due_at", Instant, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject_id", String(64), nullable=False),
    Column("customer_id", String(64), ForeignKey("customers.id"), nullable=False),
    Column("attempts", Integer, nullable=False),
    # Nobody takes it before: somebody else is at it, or it has failed and rests. In real time.
    Column("leased_until", Instant),
    UniqueConstraint("subject_id", "kind"),
    # In the order in which they run: of everybody in real time, of everybody on a clock, and of one customer.
    Index(
        "ix_timers_order",
        "due_at",
        "rank",
        "id",
        sqlite_where=text("clock_id IS NULL"),
        postgresql_where=text("clock_id IS NULL"),
    ),
    Index("ix_timers_clock_order", "clock_id", "due_at", "rank", "id"),
    Index("ix_timers_customer_order", "customer_id", "due_at", "rank", "id"),
)
