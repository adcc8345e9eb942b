"""Whatever there is can be found by its name, its address or its key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from billing_sdk.server.domain.search import Terms, terms_for

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

BATCH = 5_000


def upgrade() -> None:
    """Add the table, and file what is there."""
    term = sa.String(120).with_variant(sa.String(120, collation="C"), "postgresql")
    search_terms = op.create_table(
        "search_terms",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("noun_id", sa.String(255), primary_key=True),
        sa.Column("term", term, primary_key=True),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
    )
    waiting: list[dict[str, Any]] = []
    for kind, noun_id, terms in _nouns():
        waiting += [{"kind": kind, "noun_id": noun_id, "term": word, "rank": rank} for word, rank in terms.items()]
        if len(waiting) > BATCH:
            op.bulk_insert(search_terms, waiting)
            waiting = []
    if waiting:
        op.bulk_insert(search_terms, waiting)
    op.create_index("ix_search_terms_term", "search_terms", ["term", "kind", "noun_id", "rank"])


def _nouns() -> Iterator[tuple[str, str, Terms]]:
    """Yield what there is, with what it is filed under."""
    for row in _rows("SELECT id, email, given_name, family_name, provided_id FROM users"):
        names = [f"{row.given_name} {row.family_name}"]
        yield "user", row.id, terms_for(keys=[row.provided_id], names=names, emails=[row.email])
    for row in _rows("SELECT code, name, handle, external_id FROM organizations"):
        keys = [row.code, row.handle, row.external_id]
        yield "organization", row.code, terms_for(keys=keys, names=[row.name])
    for row in _rows("SELECT id, billing_email FROM customers WHERE billing_email NOT LIKE '%@erased.invalid'"):
        yield "customer", row.id, terms_for(emails=[row.billing_email])
    for row in _rows("SELECT key, lookup_key, name FROM plans"):
        yield "plan", row.key, terms_for(keys=[row.key, row.lookup_key], names=[row.name])
    for kind, query in (
        ("feature", "SELECT key, name FROM features"),
        ("coupon", "SELECT key, name FROM coupons"),
        ("application", "SELECT client_id AS key, name FROM applications"),
    ):
        for row in _rows(query):
            yield kind, row.key, terms_for(keys=[row.key], names=[row.name])
    for row in _rows("SELECT id, url, name FROM webhook_endpoints"):
        yield "endpoint", row.id, terms_for(keys=[row.url], names=[row.name])


def _rows(query: str) -> Iterator[Any]:
    yield from op.get_bind().execute(sa.text(query))
