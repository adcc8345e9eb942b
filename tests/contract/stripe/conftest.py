"""A simulated Stripe for one test, and an engine whose workspace is paid through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator as run_simulator
from tests.engines import NOON
from tests.stripe_loop import engine_at


@pytest.fixture
def stripe_simulator() -> Iterator[StripeSimulator]:
    """A Stripe whose clock stands where that of the engines of tests does."""
    with run_simulator(at=NOON, delivers=False) as simulator:
        yield simulator


@pytest.fixture
def stripe_engine(stripe_simulator: StripeSimulator) -> Iterator[Engine]:
    """An engine in memory whose workspace is paid through the simulator's own account."""
    with engine_at(stripe_simulator) as engine:
        enable_billing(engine, gateway="stripe_platform", actor="operator")
        yield engine
