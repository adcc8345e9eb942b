"""A simulated Stripe for one test, and an engine whose workspace is paid through it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_sdk.testing.stripe import StripeSimulator, stripe_simulator as run_simulator
from tests.engines import NOON


@pytest.fixture
def stripe_simulator() -> Iterator[StripeSimulator]:
    """A Stripe whose clock stands where that of the engines of tests does."""
    with run_simulator(at=NOON, delivers=False) as simulator:
        yield simulator
