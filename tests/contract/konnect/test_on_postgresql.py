"""The good calls once more, where the database is PostgreSQL."""

from __future__ import annotations

import pytest

from billing_sdk.server.usecases.enable_billing import enable_billing
from tests.contract.conftest import Template
from tests.contract.konnect.calling import Door
from tests.contract.konnect.conftest import linked_settings
from tests.contract.konnect.every_call import CALLS
from tests.contract.konnect.test_every_operation import faults_of_call
from tests.databases import Copies
from tests.in_process import in_process

pytestmark = pytest.mark.postgres
HERE = "http://127.0.0.1:3000"


def test_every_good_call_is_answered_as_published_on_postgresql(
    postgresql_demos: Copies, postgresql_template: Template
) -> None:
    with (
        postgresql_demos.taken() as url,
        in_process(url, HERE, seed=postgresql_template.seed) as client,
        postgresql_demos.taken() as other,
        linked_settings() as linked,
        in_process(other, HERE, seed=postgresql_template.seed, **linked) as linked_client,
    ):
        enable_billing(linked_client.engine, gateway="stripe_platform", actor="operator")
        doors = {False: Door(client), True: Door(linked_client)}
        faults = {name: found for name, call in CALLS.items() if (found := faults_of_call(doors[call.is_linked], name))}
    assert faults == {}
