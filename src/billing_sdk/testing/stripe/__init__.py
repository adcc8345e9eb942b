"""A Stripe for tests and local work: stateful, on a socket, with a clock of its own and faults by script.

It owns a simulation of the parts of Stripe's first API that a billing server uses, written from Stripe's public
documentation, and driven by Stripe's own package in its tests. It does not own the server that calls it, and imports
nothing of it. Times are those of its own clock.
"""

from billing_sdk.testing.stripe.faults import Fault
from billing_sdk.testing.stripe.log import Entry
from billing_sdk.testing.stripe.simulator import StripeSimulator, stripe_simulator

__all__ = ("Entry", "Fault", "StripeSimulator", "stripe_simulator")
