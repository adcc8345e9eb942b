"""An engine whose clock stands still, and a receiver that is registered with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.clock import TestClock
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.settings import Settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_endpoint import register_endpoint
from tests.contract.webhooks.delivering import AT, ISSUER, TYPE
from tests.engines import open_database
from tests.receiver import Receiver, receiving


@pytest.fixture
def clock() -> TestClock:
    return TestClock(AT)


@pytest.fixture
def engine(database_url: str, clock: TestClock) -> Iterator[Engine]:
    database = open_database(database_url)
    database.migrate()
    yield Engine(database, clock, ManagedGateway(), Settings(ISSUER, database_url))
    database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def endpoint(engine: Engine, receiver: Receiver) -> Endpoint:
    return register_endpoint(engine, url=receiver.url, name="Receiver", event_types=[TYPE])
