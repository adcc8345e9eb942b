import pytest
from sqlalchemy import column, select, table
from sqlalchemy.dialects.postgresql import dialect as postgresql
from sqlalchemy.dialects.sqlite import dialect as sqlite

from billing_sdk.server.storage.compiled import CompiledStatements
from billing_sdk.server.storage.engines import open_engine

NOTES = select(column("body")).select_from(table("notes")).where(column("id") == 1)


def compiled_in(cache, dialect):
    compiled, *_ = NOTES._compile_w_cache(dialect, compiled_cache=cache, column_keys=[])
    return compiled


def test_a_statement_is_compiled_once_whatever_database_it_goes_to():
    cache = CompiledStatements()
    assert compiled_in(cache, sqlite()) is compiled_in(cache, sqlite())


def test_dialects_of_different_kinds_have_statements_of_their_own():
    cache = CompiledStatements()
    assert compiled_in(cache, sqlite()) is not compiled_in(cache, postgresql())
    assert len(cache) == 2


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "postgresql://nobody@localhost/nowhere"])
def test_databases_that_are_opened_share_what_was_compiled(url):
    one, other = (open_engine(url).get_execution_options()["compiled_cache"] for _ in range(2))
    assert one is other
