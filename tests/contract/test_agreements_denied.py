"""Hooks of the seller through the API: an application reads why, and nothing has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from billing_sdk import Client
from billing_sdk.errors import CancellationDenied, SelectionDenied
from billing_sdk.server.usecases.hooks import CancellationRequest, Denied, SelectionRequest
from tests.serving import RunningServer, serving


def keep(request: CancellationRequest) -> str:
    """Deny every cancellation, to whoever asks."""
    return f"{request.source} can't cancel {request.agreement.plan_key}."


def only_free(request: SelectionRequest) -> Denied | None:
    """Deny what costs something."""
    return None if request.plan_key == "free" else Denied("Not before next week.", suggestions=("free",))


def client_of(server: RunningServer) -> Client:
    """Return a client with the machine credentials of the demo."""
    return Client(
        issuer=server.base_url,
        client_id=server.seed.client_id,
        m2m_client_id=server.seed.m2m_client_id,
        m2m_client_secret=server.seed.m2m_client_secret,
    )


def test_an_application_is_told_why_and_what_fits_better(tmp_path: Path) -> None:
    hooks = {"cancellation_hook": f"{__name__}:keep", "selection_hook": f"{__name__}:only_free"}
    with serving(f"sqlite:///{tmp_path / 'billing.db'}", **hooks) as server, client_of(server) as client:
        with server.engine.read() as tx:
            grace = tx.users.find_by_email(server.seed.users[1][0])
            payer = tx.customers.find_by_user(grace.id if grace else "")
        assert payer is not None
        [before] = client.agreements.list(payer.id)

        with pytest.raises(CancellationDenied) as kept:
            client.agreements.cancel(before.id, timing="period_end")
        with pytest.raises(SelectionDenied) as denied:
            client.agreements.create(customer_id=payer.id, plan_code="enterprise_monthly")

        assert kept.value.facts["reason"] == "api can't cancel pro_monthly."
        assert denied.value.facts == {"reason": "Not before next week.", "suggestions": ["free"]}
        assert client.agreements.list(payer.id) == (before,)
        client.agreements.create(customer_id=payer.id, plan_code="free")
        assert [one.plan_code for one in client.agreements.list(payer.id)] == ["free"]
