"""One server for the tests of the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from billing_sdk._secret import Secret
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.testing.stripe import stripe_simulator
from tests.contract.konnect.calling import Door
from tests.contract.konnect.every_call import CALLS
from tests.in_process import in_process


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The door of a server with the demo catalogue."""
    database_url = f"sqlite:///{tmp_path_factory.mktemp('konnect') / 'billing.db'}"
    with in_process(database_url, "http://127.0.0.1:3000") as client:
        yield Door(client)


@contextmanager
def linked_settings() -> Iterator[dict[str, Any]]:
    """Yield the settings of a server that knows a simulated Stripe, for the length of a `with` block."""
    with stripe_simulator(delivers=False) as simulator:
        yield {"stripe_api_base": simulator.base_url, "stripe_secret_key": Secret(simulator.secret_key)}


@pytest.fixture(scope="package")
def linked_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The door of a server whose workspace is paid through a simulated Stripe."""
    database_url = f"sqlite:///{tmp_path_factory.mktemp('konnect_stripe') / 'billing.db'}"
    with linked_settings() as linked, in_process(database_url, "http://127.0.0.1:3000", **linked) as client:
        enable_billing(client.engine, gateway="stripe_platform", actor="operator")
        yield Door(client)


@pytest.fixture
def door_of(request: pytest.FixtureRequest) -> Callable[[str], Door]:
    """Return the door that the good call of an operation is for."""

    def find(operation_id: str) -> Door:
        name = "linked_door" if CALLS[operation_id].is_linked else "door"
        found: Door = request.getfixturevalue(name)
        return found

    return find
