"""The gateways of linked accounts, made from the apps that link them."""

from __future__ import annotations

from billing_sdk._fork import new_lock
from billing_sdk._secret import Secret
from billing_sdk.errors import GatewayNotConnected
from billing_sdk.server.clock import Clock
from billing_sdk.server.domain.workspace import GatewayKind, PaymentApp
from billing_sdk.server.gateways.protocol import Gateway
from billing_sdk.server.gateways.stripe import StripeGateway, stripe_client
from billing_sdk.server.settings import Settings
from billing_sdk.server.storage import Database
from billing_sdk.server.usecases.app_keys import key_of_app
from billing_sdk.server.usecases.mark_unauthorized import mark_unauthorized
from billing_sdk.server.usecases.mirror import DatabaseMirror


class LinkedGateways:
    """Makes the gateway of a linked account, and keeps it until something about the account or its key is another.

    Args:
        database: where the apps are kept.
        settings: of the server.
        clock: real time.
    """

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._lock = new_lock()
        self._made: dict[GatewayKind, tuple[PaymentApp, Secret, Gateway]] = {}

    def __call__(self, kind: GatewayKind) -> Gateway:
        """Return the gateway of a linked account; no transaction may be open.

        Raises:
            GatewayNotConnected: no account is linked with it, or none that takes charges.
            GatewayNotConfigured: there is no key of it.
        """
        with self._database.look() as tx:
            app = tx.payment_apps.of_gateway(kind)
            if app is None or app.account_id is None:
                raise GatewayNotConnected(f"no account is linked with {kind}")
            key = key_of_app(tx, self._settings, app)
        with self._lock:
            made = self._made.get(kind)
            if made is None or made[:2] != (app, key):
                made = (app, key, self._gateway(app, key))
                self._made[kind] = made
        return made[2]

    def _gateway(self, app: PaymentApp, key: Secret) -> Gateway:
        return StripeGateway(
            app=app,
            client=stripe_client(
                app,
                key,
                self._settings,
                on_refused=lambda: mark_unauthorized(self._database, app.gateway, at=self._clock.now()),
            ),
            mirror=DatabaseMirror(self._database, self._clock, app.id),
            settings=self._settings,
            now=self._clock.now,
        )
