"""On PostgreSQL each month of usage has a partition, which a server makes that may create nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import make_url

from tests.engines import open_database
from tests.metering import event, measured, meter

TOKENS = meter()
SERVER = "partitions_app"


@pytest.fixture
def addresses(database_url):
    """The addresses of a database for its owner, and for a user who may only work with what there is."""
    database = open_database(database_url)
    database.migrate()
    database.close()
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {SERVER} LOGIN")
        connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {SERVER}")
        connection.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {SERVER}")
        yield database_url, make_url(database_url).set(username=SERVER).render_as_string(hide_password=False)
        connection.execute(f"DROP OWNED BY {SERVER}")
        connection.execute(f"DROP ROLE {SERVER}")


@pytest.mark.postgres
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_a_server_that_may_not_create_tables_gets_a_partition_for_each_month(addresses):
    owners, servers = addresses
    months = [datetime(2027, 5, 31, 23, 59, 59, 999_999, UTC), datetime(2027, 6, 1, tzinfo=UTC)]
    far = datetime(2150, 1, 1, tzinfo=UTC)
    database = open_database(servers)
    with database.usage.begin() as log:
        sent = [event(str(place), at=at) for place, at in enumerate([*months, far])]
        log.append(measured(sent, [TOKENS]), [TOKENS])
    with database.usage.begin() as log:
        log.append(measured([event("again", at=months[0])], [TOKENS]), [TOKENS])
    database.close()

    with psycopg.connect(owners, autocommit=True) as connection:
        kept = connection.execute("SELECT tableoid::regclass::text, count(*) FROM usage_events GROUP BY 1 ORDER BY 1")
        assert kept.fetchall() == [("usage_events_202705", 2), ("usage_events_202706", 1), ("usage_events_other", 1)]
    with psycopg.connect(servers) as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine (id int)")
