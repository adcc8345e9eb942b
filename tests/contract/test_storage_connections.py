"""The connections to PostgreSQL that the server keeps."""

from __future__ import annotations

import psycopg
import pytest

from tests.engines import engine_on

# With its time limit it waits until they have gone; without, they may still be there when it answers.
OTHERS = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
)


@pytest.mark.postgres
def test_connections_that_a_restarted_database_has_closed_are_replaced_and_no_request_fails(postgresql_url):
    with engine_on(postgresql_url) as engine:
        with engine.read() as tx:
            assert tx.catalog.list_plans()
        with psycopg.connect(postgresql_url) as other:
            ended = other.execute(OTHERS, (other.info.backend_pid,)).fetchall()
        assert ended
        with engine.read() as tx:
            assert tx.catalog.list_plans()
        with engine.begin() as tx:
            assert tx.catalog.list_plans()
