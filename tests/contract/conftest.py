"""Fixtures of the contract tests: the real server over a socket, on every database that it supports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo
from tests.contract.people import bearer, machine_token, person_token
from tests.databases import Copies, begin_migrated, copy_sqlite, create_database
from tests.serving import CALLBACK, RunningServer, serving

TEMPLATE = "billing_demo"


@dataclass(frozen=True, slots=True)
class Template:
    """A database that was migrated and seeded once, for tests to begin with a copy of."""

    place: str
    seed: DemoSeed


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """The demo in a file."""
    path = tmp_path_factory.mktemp("template") / "billing.db"
    return Template(str(path), _seed(f"sqlite:///{path}"))


@pytest.fixture(scope="session")
def postgresql_template(postgres: str, postgresql_schema: str) -> Template:
    """The demo in a database of the PostgreSQL server."""
    return Template(TEMPLATE, _seed(create_database(postgres, TEMPLATE, template=postgresql_schema)))


@pytest.fixture(scope="session")
def postgresql_demos(postgres: str, postgresql_template: Template) -> Copies:
    """Copies of the database with the demo."""
    return Copies(postgres, postgresql_template.place)


@pytest.fixture
def demo_url(request: pytest.FixtureRequest, database_kind: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database that holds the demo, for one test alone."""
    if database_kind == "sqlite":
        template: Template = request.getfixturevalue("sqlite_template")
        path = tmp_path / "billing.db"
        copy_sqlite(template.place, str(path))
        yield f"sqlite:///{path}"
        return
    copies: Copies = request.getfixturevalue("postgresql_demos")
    with copies.taken() as url:
        yield url


@pytest.fixture
def server(request: pytest.FixtureRequest, database_kind: str, demo_url: str) -> Iterator[RunningServer]:
    """A running server with the demo catalogue, for one test alone."""
    template: Template = request.getfixturevalue(f"{database_kind}_template")
    with serving(demo_url, seed=template.seed) as running:
        yield running


@pytest.fixture
def http(server: RunningServer) -> Iterator[httpx.Client]:
    """A plain HTTP client below the server's address, without cookies or tokens."""
    with httpx.Client(base_url=server.base_url, timeout=60) as client:
        yield client


@pytest.fixture
def machine(server: RunningServer) -> Iterator[httpx.Client]:
    """A machine with every scope, below the Management API."""
    headers = bearer(machine_token(server))
    with httpx.Client(base_url=f"{server.base_url}/api/v1", headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
def ada(server: RunningServer) -> Iterator[httpx.Client]:
    """Ada, who is on no plan, below the Account API."""
    yield from _person(server, *server.seed.users[0])


@pytest.fixture
def grace(server: RunningServer) -> Iterator[httpx.Client]:
    """Grace, who is on pro_monthly and has a card, below the Account API."""
    yield from _person(server, *server.seed.users[1])


def _person(server: RunningServer, email: str, password: str) -> Iterator[httpx.Client]:
    headers = bearer(person_token(server, email, password))
    with httpx.Client(base_url=f"{server.base_url}/account_api/v1", headers=headers, timeout=60) as client:
        yield client


def _seed(database_url: str) -> DemoSeed:
    # Nothing that depends on the address is stored, so any server can go on from here.
    begin_migrated(database_url)
    engine = create_engine(Settings(base_url="http://127.0.0.1:9", database_url=database_url))
    seed = seed_demo(engine, redirect_uris=(CALLBACK,))
    engine.database.close()
    return seed
