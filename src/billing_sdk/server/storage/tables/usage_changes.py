"""Tables of how far usage has been followed, and of whose has changed and is still to be attended to."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from billing_sdk.server.storage.tables import Instant, metadata

# One row for each usage store that was ever in use, as each numbers its events in its own way: the place in the order
# of arrival up to which everybody concerned has been noted below. The first is the database itself.
usage_followed = Table(
    "usage_followed",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("place", BigInteger, nullable=False),
)

usage_changes = Table(
    "usage_changes",
    metadata,
    Column("customer_id", String(64), ForeignKey("customers.id"), primary_key=True),
    Column("type", String(255), primary_key=True),
    # The earliest instant at which something counts differently.
    Column("since", Instant, primary_key=True),
)
