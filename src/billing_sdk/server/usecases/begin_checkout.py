"""Begin a checkout session: a customer leaves a payment method on the processor's own page."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from billing_sdk.errors import InvalidRequest, ReturnUrlNotAllowed
from billing_sdk.server.domain.identity.application import origin_of
from billing_sdk.server.gateways import SetupSession, SetupWanted
from billing_sdk.server.settings import is_loopback
from billing_sdk.server.usecases.billing_settings import billing_settings
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import current_gateway, payer_of

# Stands for the id of the session in the address that its page leads to.
SESSION_ID: Final = "{CHECKOUT_SESSION_ID}"
SHORTEST: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=24)
# What says whose an object is; nobody else writes it.
RESERVED: Final = ("billing_", "om_")
MOST_METADATA: Final = 40


def begin_checkout(
    engine: Engine,
    *,
    customer_id: str,
    wanted: SetupWanted,
    origins: Collection[str] | None = None,
    actor: str = "user",
) -> SetupSession:
    """Begin a session in which a customer leaves a payment method; `finish_checkout` keeps what was left.

    Args:
        engine: the engine.
        customer_id: whose payment method it will be.
        wanted: what the page is to be; its nonce makes a repetition the same session.
        origins: where its pages may lead to besides this server; None where the seller asks, who may name any.
        actor: who asks, as the audit names them.

    Raises:
        NotFound: there is no such customer.
        InvalidRequest: something about it can't be; `parameter` says what.
        ReturnUrlNotAllowed: an address is not one that browsers may be sent to.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable, GatewayRefused: the processor did not begin one.
    """
    _check(engine, wanted, origins)
    with engine.read() as tx:
        payer = payer_of(tx, tx.customers.get(customer_id))
        if wanted.currency is None and not wanted.method_kinds:
            wanted = replace(wanted, currency=billing_settings(tx, engine).default_currency)
    gateway = current_gateway(engine)
    engine.checkpoint()
    session = gateway.begin_setup(payer, wanted)
    with engine.begin() as tx:
        seen = {"session": session.id, "mode": session.mode}
        tx.audit.record(actor, "checkout.begin", customer_id, engine.now(), after=seen)
    return session


def _check(engine: Engine, wanted: SetupWanted, origins: Collection[str] | None) -> None:
    if wanted.mode == "embedded" and wanted.cancel_url is not None:
        raise InvalidRequest("an embedded page has nothing to cancel", parameter="cancel_url")
    if wanted.expires_at is not None and not SHORTEST <= wanted.expires_at - engine.now() <= LONGEST:
        raise InvalidRequest("a session lasts from 30 minutes to 24 hours", parameter="expires_at")
    if len(wanted.metadata) > MOST_METADATA:
        raise InvalidRequest(f"there are up to {MOST_METADATA} entries of metadata", parameter="metadata")
    for name in wanted.metadata:
        if name.startswith(RESERVED):
            raise InvalidRequest(f"metadata of the name {name[:40]!r} is reserved", parameter="metadata")
    for url in (wanted.success_url, wanted.cancel_url):
        if url:
            _check_url(engine, url, origins)


def _check_url(engine: Engine, url: str, origins: Collection[str] | None) -> None:
    """Refuse an address that a browser must not be sent to."""
    origin = origin_of(url.replace(SESSION_ID, "cs"))
    parts = urlsplit(url) if origin is not None else None
    if origin is None or parts is None or parts.username is not None:
        raise ReturnUrlNotAllowed(f"{url[:80]!r} is no address of a page")
    if origin == origin_of(engine.settings.base_url):
        return
    is_here = engine.settings.may_call_this_machine and is_loopback(parts.hostname or "")
    if parts.scheme != "https" and not is_here:
        raise ReturnUrlNotAllowed(f"{url[:80]!r} is not https")
    if origins is not None and origin not in origins:
        raise ReturnUrlNotAllowed(f"no application has registered {origin[:80]!r}")
