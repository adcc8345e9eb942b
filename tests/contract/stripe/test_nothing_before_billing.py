"""Before billing is enabled nothing is asked of Stripe, whatever is asked of this server."""

from __future__ import annotations

import httpx

from billing_sdk._secret import Secret
from billing_sdk.server.usecases.recover import recover
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.testing.stripe import stripe_simulator
from tests.contract.people import bearer, machine_token, person_token
from tests.every_route import addresses_of, filled
from tests.serving import serving

# Whoever enables billing asks Stripe whose key it is: that is what it is for.
ENABLES = "/v1/dashboard/billing/enable"


def test_a_run_of_every_door_leaves_the_log_of_stripe_empty(tmp_path):
    with (
        stripe_simulator() as stripe,
        serving(
            f"sqlite:///{tmp_path / 'billing.db'}",
            gateway=None,
            stripe_secret_key=Secret(stripe.secret_key),
            stripe_connect_client_id=stripe.client_id,
            stripe_api_base=stripe.base_url,
        ) as server,
    ):
        machine, person = bearer(machine_token(server)), bearer(person_token(server, *server.seed.users[0]))
        asked = 0
        with httpx.Client(base_url=server.base_url, timeout=60, trust_env=False) as client:
            for path, methods in addresses_of(server.app).items():
                if path == ENABLES:
                    continue
                for method in sorted(methods):
                    body = {} if method in ("POST", "PUT", "PATCH") else None
                    headers = person if path.startswith("/account_api") else machine
                    client.request(method, filled(path), headers=headers, json=body)
                    asked += 1
        run_due(server.engine)
        recover(server.engine)
        assert asked > 300
        assert stripe.log == []
