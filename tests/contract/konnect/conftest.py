"""One server for the tests of the door."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.konnect.calling import Door
from tests.in_process import in_process


@pytest.fixture(scope="package")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The door of a server with the demo catalogue."""
    database_url = f"sqlite:///{tmp_path_factory.mktemp('konnect') / 'billing.db'}"
    with in_process(database_url, "http://127.0.0.1:3000") as client:
        yield Door(client)
