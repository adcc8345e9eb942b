"""Ask Stripe for one thing once, also where it has stumbled over the question before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import stripe

from billing_sdk.errors import GatewayUnreachable
from billing_sdk.server.gateways.stripe.failures import is_told_again

T = TypeVar("T")

# Each time Stripe has to have a fault of its own with the same request; more than that is no accident.
MOST_KEYS: Final = 4


def ask_once(key: str, ask: Callable[[str], T], *, look: Callable[[], T | None]) -> T:
    """Ask with a key; where Stripe repeats a fault for it, look whether that had an effect, and ask with a key more.

    The further keys are derived from the first, so that a process that asks after a crash walks the same way.

    Args:
        key: names the request.
        ask: sends it with the key that it is given.
        look: returns what an earlier attempt has left; None where it has left nothing.

    Raises:
        GatewayUnreachable: Stripe has a fault with each key.
    """
    for attempt in range(1, MOST_KEYS + 1):
        try:
            return ask(key if attempt == 1 else f"{key}-{attempt}")
        except stripe.StripeError as error:
            if not is_told_again(error):
                raise
            found = look()
            if found is not None:
                return found
    raise GatewayUnreachable("Stripe has a fault of its own with this request", retry_after_seconds=3_600)
