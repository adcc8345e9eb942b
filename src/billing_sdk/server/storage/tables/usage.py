"""Tables of usage: the events as they arrived, the keys that tell them apart, and what the hours come to.

There may be hundreds of millions of rows, so they are narrow: what comes again and again, such as a subject, is a
number, and instants are whole microseconds since 1970, which every database compares and keeps in the same way.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from billing_sdk.server.storage.tables import metadata

# SQLite counts rows itself by a column that is an INTEGER and the primary key.
Number = BigInteger().with_variant(Integer, "sqlite")

# One row: the last place in the order of arrival that was taken. Whoever appends changes it first and so goes alone,
# and what commits after another has a higher place.
usage_places = Table(
    "usage_places",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("place", BigInteger, nullable=False),
    # A random number for each change, and the one of the change before.
    Column("token", BigInteger, nullable=False, server_default=text("0")),
    Column("last_token", BigInteger, nullable=False, server_default=text("0")),
    # The last event that `usage_by_hour` leads to.
    Column("indexed", BigInteger, nullable=False, server_default=text("0")),
)

# Sources, types, subjects, dimensions and meters, once each. What is long would not fit into an index.
usage_names = Table(
    "usage_names",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("digest", LargeBinary(16), nullable=False, unique=True),
    Column("name", Text, nullable=False),
)

# They never expire: an event is the same event however late it comes again.
usage_keys = Table(
    "usage_keys",
    metadata,
    Column("source_no", Integer, primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("number", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# PostgreSQL keeps each month (UTC) of `counted_at` in a partition, which its primary key then has to contain.
usage_events = Table(
    "usage_events",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("source_no", Integer, nullable=False),
    Column("id", String(255), nullable=False),
    Column("type_no", Integer, nullable=False),
    Column("subject_no", Integer, nullable=False),
    # Whole hours since 1970, of `counted_at`.
    Column("hour", Integer, nullable=False),
    Column("counted_at", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("is_absolute", Boolean, nullable=False),
    Column("is_timed", Boolean, nullable=False, server_default=text("true")),
    # Empty where it follows from the other columns.
    Column("fingerprint", LargeBinary(16), nullable=False),
    Column("data", Text, nullable=False),
)

# Leads to the events of a subject in an hour. An index would change as many pages as there are subjects with every few
# events that arrive: events are added to this some thousands at a time, and the last ones are looked through instead.
usage_by_hour = Table(
    "usage_by_hour",
    metadata,
    Column("hour", Integer, primary_key=True),
    Column("subject_no", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

# The trail: events stay as they arrived, and the newest of these says what they should have said.
usage_corrections = Table(
    "usage_corrections",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("event_number", BigInteger, nullable=False, index=True),
    # None where the event should not have been.
    Column("data", Text),
    Column("reason", Text, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("at", BigInteger, nullable=False),
)

# By the hour first, so that what arrives changes few pages; the index leads to the hours of one subject. A row that is
# changed again and again is found by its number.
usage_hours = Table(
    "usage_hours",
    metadata,
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("meter_no", Integer, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("subject_no", Integer, nullable=False),
    Column("dimensions_no", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    # Numbers are written out in decimal digits: they have more of them than any number type of SQLite.
    Column("total", Text, nullable=False),
    # What the meter's aggregation needs beside the count and the total, if anything.
    Column("detail", Text),
    Column("is_reset", Boolean, nullable=False),
    UniqueConstraint("meter_no", "hour", "subject_no", "dimensions_no"),
    Index("ix_usage_hours_subject", "meter_no", "subject_no", "hour"),
    # Totals that are said are few: one look tells whether any of the hours that are about to change has one.
    Index(
        "ix_usage_hours_reset",
        "hour",
        "meter_no",
        "subject_no",
        sqlite_where=text("is_reset"),
        postgresql_where=text("is_reset"),
    ),
)

# What a unique count has seen in an hour.
usage_values = Table(
    "usage_values",
    metadata,
    Column("meter_no", Integer, primary_key=True),
    Column("hour", Integer, primary_key=True),
    Column("subject_no", Integer, primary_key=True),
    Column("dimensions_no", Integer, primary_key=True),
    Column("value", String(200), primary_key=True),
    sqlite_with_rowid=False,
)
