"""Connect an account: its owner agrees on Stripe's page, and comes back with a code."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from stripe import StripeClient

from billing_sdk._secret import Secret
from billing_sdk.errors import (
    AppInUse,
    ConfigurationError,
    Conflict,
    GatewayNotConnected,
    InvalidOAuthState,
    InvalidRequest,
    StripeKeyMismatch,
)
from billing_sdk.server.domain.workspace import PaymentApp, found, moved
from billing_sdk.server.gateways.stripe.accounts import check_key, look_up_account
from billing_sdk.server.gateways.stripe.client import stripe_client
from billing_sdk.server.gateways.stripe.connect import Consent, consent_url, deauthorize, redeem_code
from billing_sdk.server.ids import new_id, new_nonce
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.app_keys import key_of_app, platform_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.install_app import ensure_app
from billing_sdk.server.usecases.register_webhooks import ensure_webhooks

RETURN_PATH: Final = "/stripe/connect/return"
# Whoever agrees takes no longer; the state of an older visit is worth nothing.
STATE_LIFETIME: Final = timedelta(minutes=10)
PLACE: Final = "connect/state"


def begin_connecting(engine: Engine, *, actor: str = "operator") -> str:
    """Return the address of Stripe's page on which the owner of an account agrees; it is good for ten minutes, once.

    Raises:
        GatewayNotConfigured: this server is not set up to connect accounts.
        StripeKeyMismatch: the platform's key is of the other environment.
        Conflict: an account is connected already.
    """
    client = _platform(engine)
    app = ensure_app(engine, "stripe_connect", actor=actor)
    at = engine.now()
    nonce = new_nonce()
    with engine.begin() as tx:
        tx.workspace.lock()
        before = _current(tx)
        after = moved(before, "begin", at=at)
        tx.payment_apps.save(after)
        # The place binds what is kept to its purpose; the next visit, or the return, takes its place.
        tx.payment_apps.keep_secret(app.id, "connect_state", Secret(nonce))
        tx.audit.record(actor, "app.connect.begin", app.id, at, before=before, after=after)
    said = json.dumps({"app": app.id, "nonce": nonce, "until": (at + STATE_LIFETIME).timestamp()})
    state = engine.sealer.seal(Secret(said), place=PLACE)
    return consent_url(client, state=state, return_url=engine.settings.base_url + RETURN_PATH)


def finish_connecting(engine: Engine, *, code: str, state: str, actor: str = "operator") -> PaymentApp:
    """Link the account whose owner has agreed.

    Of another account than before nothing is known there: payers and payment methods are left behind with the old one.

    Raises:
        InvalidOAuthState: nobody was sent there from here with this state, or too long ago, or it was used before.
        GatewayRefused: the code is not good.
        StripeKeyMismatch: the account is of the other mode.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    app = _take_state(engine, state)
    engine.checkpoint()
    client = _platform(engine)
    consent = redeem_code(client, code)
    if consent.is_live != (engine.settings.environment == "live"):
        deauthorize(client, consent.account_id)
        raise StripeKeyMismatch("that account is of Stripe's other mode")
    app = _linked(engine, app, consent, actor)
    refresh_connection(engine)
    ensure_webhooks(engine, actor=actor)
    with engine.read() as tx:
        return tx.payment_apps.get(app.id)


def give_up_connecting(engine: Engine, *, state: str, actor: str = "operator") -> None:
    """Note that the owner has not agreed.

    Raises:
        InvalidOAuthState: as `finish_connecting`.
    """
    app = _take_state(engine, state)
    with engine.begin() as tx:
        tx.workspace.lock()
        before = _current(tx)
        if before.connection == "connecting":
            was_linked = before.account_id is not None
            after = moved(before, "leave" if was_linked else "give_up", at=engine.now())
            tx.payment_apps.save(after)
            tx.audit.record(actor, "app.connect.give_up", app.id, engine.now(), before=before, after=after)


def refresh_connection(engine: Engine) -> PaymentApp:
    """Ask Stripe what the connected account still lacks, and return its app as it stands.

    Raises:
        GatewayNotConnected: no account is linked.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    with engine.read() as tx:
        app = _current(tx)
        if app.account_id is None or app.connection in ("not_connected", "disconnected"):
            raise GatewayNotConnected("no account of Stripe is linked")
        key = key_of_app(tx, engine.settings, app)
    engine.checkpoint()
    state = look_up_account(stripe_client(app, key, engine.settings))
    with engine.begin() as tx:
        tx.workspace.lock()
        before = _current(tx)
        if before.account_id != app.account_id:
            return before
        after = found(before, at=engine.now(), missing=state.missing)
        if (after.connection, after.missing) != (before.connection, before.missing):
            tx.payment_apps.save(after)
            tx.audit.record("gateway", "app.connect.refresh", app.id, engine.now(), before=before, after=after)
    return after


def disconnect_account(engine: Engine, *, is_forced: bool = False, actor: str = "operator") -> PaymentApp:
    """Give back the consent of the account's owner; what is open stays, and goes on once the same account is back.

    Args:
        engine: the engine.
        is_forced: do so although invoices are open.
        actor: who does it, as the audit names them.

    Raises:
        GatewayNotConnected: no account is linked.
        AppInUse: invoices are open, or charges under way.
        GatewayUnauthorized, GatewayUnreachable: Stripe did not answer as it should.
    """
    with engine.read() as tx:
        app = _current(tx)
        if app.account_id is None:
            raise GatewayNotConnected("no account of Stripe is linked")
        is_used = tx.workspace.get().gateway == "stripe_connect"
        if is_used and not is_forced and (tx.invoices.has_unsettled() or tx.charges.has_any()):
            raise AppInUse("invoices are open that are collected with this account", app=app.id)
    engine.checkpoint()
    deauthorize(_platform(engine), app.account_id)
    return note_disconnected(engine, account_id=app.account_id, actor=actor)


def note_disconnected(engine: Engine, *, account_id: str, actor: str = "gateway") -> PaymentApp:
    """Note that an account is linked no more, whoever has ended it.

    Raises:
        GatewayNotConnected: this account was not linked.
    """
    with engine.begin() as tx:
        tx.workspace.lock()
        before = _current(tx)
        if before.account_id != account_id:
            raise GatewayNotConnected("this account of Stripe is not linked")
        after = moved(before, "leave", at=engine.now())
        if before.connection != after.connection:
            tx.payment_apps.save(after)
            tx.payment_apps.keep_secret(before.id, "refresh_token", None)
            tx.audit.record(actor, "app.disconnect", before.id, engine.now(), before=before, after=after)
    return after


def set_application_fee(engine: Engine, *, percent: Decimal | None, actor: str = "operator") -> PaymentApp:
    """Say what the platform keeps of each charge of the connected account; None is nothing.

    Raises:
        GatewayNotConnected: there is no such app.
        InvalidRequest: it is not between 0 and 100, or has more than two decimals.
    """
    if percent is not None and (not 0 <= percent <= 100 or percent != round(percent, 2)):
        raise InvalidRequest("a fee is 0 to 100 percent, with up to two decimals", parameter="application_fee_percent")
    with engine.begin() as tx:
        tx.workspace.lock()
        before = _current(tx)
        after = replace(before, application_fee_percent=percent, updated_at=engine.now())
        tx.payment_apps.save(after)
        tx.audit.record(actor, "app.fee", before.id, engine.now(), before=before, after=after)
    return after


def _linked(engine: Engine, app: PaymentApp, consent: Consent, actor: str) -> PaymentApp:
    """Keep the account; another one than before gets an app of its own, under which nothing is known."""
    at = engine.now()
    with engine.begin() as tx:
        tx.workspace.lock()
        before = tx.payment_apps.get(app.id)
        if before.deleted_at is not None:
            raise Conflict("the app was uninstalled meanwhile")
        if before.account_id not in (None, consent.account_id):
            tx.payment_apps.save(replace(before, deleted_at=at, updated_at=at))
            tx.customers.detach_all_methods("stripe_connect", at=at)
            before = replace(before, id=new_id("app"), created_at=at, webhook_endpoint_id=None)
            tx.payment_apps.add(before)
        after = replace(before, account_id=consent.account_id, is_live=consent.is_live, status="ready", updated_at=at)
        tx.payment_apps.save(after)
        tx.payment_apps.keep_secret(after.id, "refresh_token", consent.refresh_token)
        tx.audit.record(actor, "app.connect", after.id, at, before=before, after=after)
    return after


def _take_state(engine: Engine, state: str) -> PaymentApp:
    """Return the app that somebody was sent away for; the state is worth nothing afterwards."""
    refused = InvalidOAuthState("nobody was sent to Stripe from here with this state, or too long ago")
    try:
        said = json.loads(engine.sealer.open(state, place=PLACE).reveal())
    except (ConfigurationError, ValueError):
        raise refused from None
    if engine.now() > datetime.fromtimestamp(said["until"], UTC):
        raise refused
    with engine.begin() as tx:
        tx.workspace.lock()
        app = tx.payment_apps.find(said["app"])
        kept = None if app is None else tx.payment_apps.secret_of(app.id, "connect_state")
        if app is None or app.deleted_at is not None or kept != Secret(said["nonce"]):
            raise refused
        tx.payment_apps.keep_secret(app.id, "connect_state", None)
    return app


def _current(tx: UnitOfWork) -> PaymentApp:
    app = tx.payment_apps.of_gateway("stripe_connect", lock=True)
    if app is None:
        raise GatewayNotConnected("no account of Stripe is linked")
    return app


def _platform(engine: Engine) -> StripeClient:
    """Return a client that acts for the platform itself."""
    key, _ = platform_of(engine.settings)
    check_key(key, engine.settings.environment)
    return stripe_client(None, key, engine.settings)
