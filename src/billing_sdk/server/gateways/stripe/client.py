"""The official client, made for one linked account."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

import stripe
from stripe import RequestsClient, StripeClient

from billing_sdk._secret import Secret
from billing_sdk._version import __version__
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.settings import Settings

# What is read of the answers was written for this version of the API, whatever the account's own default is.
API_VERSION: Final = "2026-10-28.endive"
REFUSED: Final = 401

# Both are of the whole process: no figures about this server go to Stripe, and each request is not a line of the log.
stripe.enable_telemetry = False
stripe.set_app_info("billing-sdk", version=__version__)
logging.getLogger("stripe").setLevel(logging.WARNING)


class WatchedClient(RequestsClient):
    """Sends requests, and tells where one was refused for its key.

    Args:
        timeout_seconds: for so long an answer is waited for.
        on_refused: called after each answer of 401, in the thread that has asked.
    """

    def __init__(self, *, timeout_seconds: int, on_refused: Callable[[], None]) -> None:
        super().__init__(timeout=timeout_seconds)
        self._on_refused = on_refused

    def request(self, *args: Any, **options: Any) -> Any:
        """Send a request, and return its answer."""
        answer = super().request(*args, **options)
        if answer[1] == REFUSED:
            self._on_refused()
        return answer


def stripe_client(
    app: PaymentApp | None,
    secret: Secret,
    settings: Settings,
    *,
    on_refused: Callable[[], None] = lambda: None,
) -> StripeClient:
    """Return a client that acts for a linked account; threads may share it.

    Args:
        app: the account; None where it is only about to be linked, and the key is all that is known.
        secret: the key of the account; of the platform where the account was linked by its owner's consent.
        settings: say where Stripe is, for how long an answer is waited for, and how often is asked again.
        on_refused: called where Stripe refuses the key; no transaction may be open.
    """
    base = settings.stripe_api_base
    is_connected = app is not None and app.gateway == "stripe_connect"
    return StripeClient(
        secret.reveal(),
        stripe_account=app.account_id if app is not None and is_connected else None,
        stripe_version=API_VERSION,
        base_addresses={} if base is None else {"api": base, "connect": base, "files": base, "meter_events": base},
        client_id=settings.stripe_connect_client_id,
        max_network_retries=settings.stripe_retries,
        http_client=WatchedClient(timeout_seconds=settings.stripe_timeout_seconds, on_refused=on_refused),
    )
