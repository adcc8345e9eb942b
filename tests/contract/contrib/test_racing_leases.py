"""Processes that race for the last units of a limit let in exactly as many, with leases and without."""

from __future__ import annotations

import pytest

from billing_sdk import Client
from billing_sdk.server.domain.agreements import Agreement
from tests.contract.contrib.test_metered_gates import agreement as agreement, server as server, used
from tests.racing import racers
from tests.serving import RunningServer

pytestmark = pytest.mark.attack(108)
PROCESSES = 3


@pytest.mark.parametrize(("units", "lease"), [(100, None), (2, 100)], ids=["asking", "leases"])
def test_of_processes_that_race_exactly_as_many_uses_are_let_in_as_there_is_room_for(
    server: RunningServer, agreement: Agreement, units: int, lease: int | None
) -> None:
    def client() -> Client:
        return Client(
            issuer=server.base_url,
            m2m_client_id=server.seed.m2m_client_id,
            m2m_client_secret=server.seed.m2m_client_secret,
            deadline_seconds=60.0,
        )

    with racers([client] * PROCESSES) as racing:
        let_in = racing.race(agreement.id, units=units, lease=lease)
    assert all(amount >= 0 for amount in let_in)
    assert used(server, agreement) == (sum(let_in), 0)
    assert sum(let_in) == 1000
