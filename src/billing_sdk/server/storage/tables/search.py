"""The table of what things are found by."""

from __future__ import annotations

from sqlalchemy import Column, Index, SmallInteger, String, Table

from billing_sdk.server.storage.tables import metadata

# Compared byte by byte on every database, so that what begins with a word lies together.
Word = String(120).with_variant(String(120, collation="C"), "postgresql")

# Written with the thing that is found, and erased with it; rebuilt by nobody, since it says nothing that the thing
# itself does not.
search_terms = Table(
    "search_terms",
    metadata,
    Column("kind", String(16), primary_key=True),
    Column("noun_id", String(255), primary_key=True),
    Column("term", Word, primary_key=True),
    Column("rank", SmallInteger, nullable=False),
    Index("ix_search_terms_term", "term", "kind", "noun_id", "rank"),
)
