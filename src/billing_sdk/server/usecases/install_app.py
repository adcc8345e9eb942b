"""Install an app: link an account at a payment processor by its key."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk._secret import Secret
from billing_sdk.errors import Conflict, GatewayNotConfigured, InvalidRequest
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.workspace import AppType, GatewayKind, PaymentApp, found, moved
from billing_sdk.server.gateways.stripe.accounts import check_key, look_up_account, mask
from billing_sdk.server.gateways.stripe.client import stripe_client
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.app_keys import platform_of
from billing_sdk.server.usecases.billing_profiles import create_profile
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_webhooks import ensure_webhooks

TYPES: dict[GatewayKind, AppType] = {"managed": "sandbox", "stripe_platform": "stripe", "stripe_connect": "stripe"}
NAMES: dict[GatewayKind, str] = {"managed": "Sandbox", "stripe_platform": "Stripe", "stripe_connect": "Stripe Connect"}


def install_app(
    engine: Engine,
    *,
    gateway: GatewayKind,
    api_key: Secret | None = None,
    name: str | None = None,
    creates_profile: bool = False,
    actor: str = "operator",
) -> PaymentApp:
    """Link the account that a gateway collects with; of each gateway there is one at a time.

    The key is asked whose it is before anything is kept. Only once the gateway is the one that billing goes by is
    anything made at the account: the endpoint that it sends events to.

    Args:
        engine: the engine.
        gateway: which one; `stripe_connect` is linked by its owner's consent (`connect_account`).
        api_key: of the account; for `stripe_platform` the one of the settings where none is given.
        name: how it is listed.
        creates_profile: make a billing profile for it, too.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: a key is given where none belongs.
        GatewayNotConfigured: a key is needed, and there is none.
        StripeKeyMismatch: the key is no key, or of the other environment.
        GatewayUnauthorized: Stripe refuses the key.
        GatewayUnreachable: Stripe can't be reached.
        Conflict: an account is linked already.
    """
    at = engine.now()
    app = PaymentApp(
        id=new_id("app"),
        gateway=gateway,
        type=TYPES[gateway],
        name=checked_name(name or NAMES[gateway]),
        created_at=at,
        updated_at=at,
    )
    key = _key_for(engine, gateway, api_key)
    if key is not None:
        app = _linked(engine, app, key)
    with engine.begin() as tx:
        tx.workspace.lock()
        if tx.payment_apps.of_gateway(gateway) is not None:
            raise Conflict(f"an app of the gateway {gateway} is installed already", remedy="Uninstall it first.")
        tx.payment_apps.add(app)
        if api_key is not None:
            tx.payment_apps.keep_secret(app.id, "api_key", api_key)
        tx.audit.record(actor, "app.install", app.id, at, after=app)
    if creates_profile:
        create_profile(engine, name=app.name, actor=actor)
    ensure_webhooks(engine, actor=actor)
    with engine.read() as tx:
        return tx.payment_apps.get(app.id)


def ensure_app(engine: Engine, gateway: GatewayKind, *, actor: str = "operator") -> PaymentApp:
    """Return the app of a gateway, which is installed with what the settings say where there is none.

    Raises:
        GatewayNotConfigured: the settings lack what it needs.
        StripeKeyMismatch, GatewayUnauthorized, GatewayUnreachable: as `install_app`.
    """
    with engine.read() as tx:
        known = tx.payment_apps.of_gateway(gateway)
    if known is not None:
        return known
    try:
        return install_app(engine, gateway=gateway, actor=actor)
    except Conflict:  # somebody else was faster
        with engine.read() as tx:
            known = tx.payment_apps.of_gateway(gateway)
        if known is None:
            raise
        return known


def _key_for(engine: Engine, gateway: GatewayKind, given: Secret | None) -> Secret | None:
    if gateway == "stripe_platform":
        key = given or engine.settings.stripe_secret_key
        if key is None:
            raise GatewayNotConfigured(
                "there is no key of Stripe",
                remedy="Set KL_STRIPE_SECRET_KEY, or install the app with a key.",
            )
        return key
    if given is not None:
        raise InvalidRequest(f"the gateway {gateway} takes no key", parameter="api_key")
    if gateway == "stripe_connect":
        platform_of(engine.settings)
    return None


def _linked(engine: Engine, app: PaymentApp, key: Secret) -> PaymentApp:
    """Return an app with what its account tells of itself."""
    is_live = check_key(key, engine.settings.environment)
    engine.checkpoint()
    state = look_up_account(stripe_client(None, key, engine.settings))
    linked = replace(app, account_id=state.id, is_live=is_live, masked_api_key=mask(key))
    # A key that works has nobody's consent to wait for; what Stripe still asks for is shown, and stops no test.
    return found(moved(linked, "begin", at=app.created_at), at=app.created_at, missing=state.missing)
