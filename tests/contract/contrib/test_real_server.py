"""The application against the real server: what the stub provider can only pretend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint
from billing_sdk.testing.visitor import Visitor
from tests.contract.contrib.apps import RunningApp, Stage, get, running
from tests.contract.people import bearer, person_token
from tests.serving import CALLBACK, RunningServer, serving
from tests.waiting import wait_until

PASSWORD = "correct horse battery staple"


@dataclass(slots=True)
class DemoCredentials:
    """What the application knows of the real server."""

    base_url: str
    client_id: str
    client_secret: str


@pytest.fixture
def server(stage: Stage, tmp_path: Path) -> Iterator[RunningServer]:
    """The real server, which knows where the application is."""
    redirect_uris = (CALLBACK, f"{stage.base_url}/billing/callback")
    with serving(f"sqlite:///{tmp_path / 'billing.db'}", redirect_uris=redirect_uris) as server:
        ensure_endpoint(server.engine, url=f"{stage.base_url}/billing/webhooks", name="the application")
        yield server


@pytest.fixture
def app(stage: Stage, server: RunningServer) -> Iterator[RunningApp]:
    """The application, signed up with the real server."""
    credentials = DemoCredentials(server.base_url, server.seed.client_id, server.seed.client_secret)
    with running(stage, credentials) as app:
        yield app


@pytest.fixture
def visitor() -> Iterator[Visitor]:
    """Somebody with a browser."""
    with Visitor() as visitor:
        yield visitor


def sign_in(visitor: Visitor, app: RunningApp, email: str, return_to: str) -> int:
    visitor.open(f"{app.base_url}{return_to}")
    return visitor.submit(email=email, password=PASSWORD).status


def test_a_customer_with_the_plan_signs_in_and_is_let_in(app: RunningApp, visitor: Visitor) -> None:
    assert sign_in(visitor, app, "grace@example.com", "/reports?year=2026") == 200
    assert visitor.page.url == f"{app.base_url}/reports?year=2026"
    assert visitor.open(f"{app.base_url}/lounge").status == 200
    assert visitor.open(f"{app.base_url}/admin").status == 403


def test_a_bearer_token_of_the_real_server_is_let_in(app: RunningApp, server: RunningServer) -> None:
    token = person_token(server, "grace@example.com", PASSWORD)
    assert get(f"{app.base_url}/reports", headers=bearer(token)).status_code == 200


def test_a_gate_opens_with_a_payment_and_closes_with_a_cancellation(app: RunningApp, visitor: Visitor) -> None:
    visitor.open(f"{app.base_url}/billing/register?plan_interest=pro_monthly&return_to=/reports")
    visitor.submit(email="new@example.com", password=PASSWORD, given_name="New", family_name="Customer")
    visitor.submit(number="4242 4242 4242 4242", expiry="12 / 34", cvc="123", name="New Customer")
    assert (visitor.page.url, visitor.page.status) == (f"{app.base_url}/reports", 200)
    visitor.open(f"{app.base_url}/billing/portal?sub_nav=plan_details&return_url=/")
    visitor.submit()
    visitor.follow("Cancel")
    visitor.submit("Cancel", when="now")
    wait_until(lambda: visitor.open(f"{app.base_url}/reports").status == 402, what="the gate closes")
    # It may have closed because an event from before came only now, and made the gate look again.
    wait_until(lambda: "customer.agreement_cancelled" in [event.type for event in app.told.events], what="it is told")


def test_whoever_signs_out_is_signed_out_of_the_server_as_well(app: RunningApp, visitor: Visitor) -> None:
    sign_in(visitor, app, "grace@example.com", "/reports")
    out = visitor.http.post(f"{app.base_url}/billing/logout", headers={"Origin": app.base_url}, follow_redirects=False)
    assert httpx.URL(out.headers["location"]).path == "/logout"
    visitor.open(out.headers["location"])
    visitor.open(f"{app.base_url}/reports")
    assert visitor.page.url.startswith(app.billing.client.config.issuer), "the server asks for the password again"
