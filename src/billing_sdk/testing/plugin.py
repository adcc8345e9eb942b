"""The pytest plugin. It is found by its entry point; nothing needs to be imported or registered."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from billing_sdk.testing.server import DEFAULT_REDIRECT_URIS, BillingServer, billing_server as run_server
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator as run_stripe
from billing_sdk.testing.webhooks import WebhookSigner

# One package of the server extra that nothing else here needs.
MARKER_PACKAGE = "uvicorn"


@pytest.fixture(scope="session")
def billing_redirect_uris() -> tuple[str, ...]:
    """Where your application receives sign-ins; override it to have other addresses registered."""
    return DEFAULT_REDIRECT_URIS


@pytest.fixture(scope="session")
def billing_server(billing_redirect_uris: tuple[str, ...]) -> Iterator[BillingServer]:
    """A real billing server on a free port, with the demo catalogue in a temporary database."""
    if importlib.util.find_spec(MARKER_PACKAGE) is None:
        pytest.fail('the fixture billing_server needs the server: pip install "billing-sdk[server]"', pytrace=False)
    with run_server(redirect_uris=billing_redirect_uris) as server:
        yield server


@pytest.fixture(scope="session")
def signed_webhook(billing_server: BillingServer) -> WebhookSigner:
    """Makes webhooks that your application accepts: `signed_webhook("customer.plan_changed")`."""
    return WebhookSigner(billing_server)


@pytest.fixture
def stripe_simulator() -> Iterator[StripeSimulator]:
    """A simulated Stripe of its own for each test, on a free port, that delivers webhooks when told to."""
    with run_stripe(delivers=False) as simulator:
        yield simulator
