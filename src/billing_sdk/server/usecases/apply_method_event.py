"""Apply an event about how a customer pays: what was left on a page, what has changed of it, and what is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from billing_sdk.errors import NotFound, UnknownPayer, UnknownPayerMethod
from billing_sdk.server.domain.workspace import PaymentApp
from billing_sdk.server.gateways.stripe.objects import GatewayObject
from billing_sdk.server.usecases.bring_in_line import NOTHING
from billing_sdk.server.usecases.drop_method import drop_method
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.finish_checkout import finish_checkout
from billing_sdk.server.usecases.gateway_of import gateway_of, payer_of
from billing_sdk.server.usecases.keep_method import keep_method
from billing_sdk.server.usecases.payment_methods import refresh_default
from billing_sdk.server.usecases.take_outside_dispute import GONE, NOT_MANAGED, PROCESSOR

KEPT: Final = "kept"
DROPPED: Final = "dropped"
MOST_GONE: Final = 3


def apply_session(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Keep what was left in a checkout session of ours."""
    if not _is_in_use(engine, app):
        return NOT_MANAGED
    try:
        kept = finish_checkout(engine, session_id=about.id, is_told=True, actor=PROCESSOR)
    except (NotFound, UnknownPayerMethod):
        return NOT_MANAGED
    return NOTHING if kept is None else KEPT


def apply_setup(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Keep what was left with a setup of ours."""
    return apply_session(engine, app, about)


def apply_method(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Follow what a payment method shows, and drop one that is the customer's no more."""
    with engine.read() as tx:
        known = tx.customers.find_method_by_token(app.gateway, about.id)
        payer = None if known is None else payer_of(tx, tx.customers.get(known.customer_id))
    if known is None or payer is None:
        # It leads once somebody chooses it; until then the processor's default may have changed with it.
        return apply_customer(engine, app, about)
    stored = gateway_of(engine, app.gateway).find_method(payer, known.gateway_token)
    with engine.begin() as tx:
        if stored is None:
            is_news = known.detached_at is None
            drop_method(tx, known, now=engine.now(), actor=PROCESSOR)
            return DROPPED if is_news else NOTHING
        at = engine.now_for(tx, tx.customers.get(known.customer_id))
        after = keep_method(
            tx,
            customer_id=known.customer_id,
            stored=stored,
            gateway=app.gateway,
            at=at,
            now=engine.now(),
            actor=PROCESSOR,
        )
    return NOTHING if after == known else KEPT


def apply_customer(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Follow the processor's default payment method, where nobody has chosen one here."""
    customer_id = _payer(engine, app, about)
    if customer_id is None or not _is_in_use(engine, app):
        return NOT_MANAGED
    with engine.read() as tx:
        before = tx.customers.find_payment_method(customer_id)
    try:
        after = refresh_default(engine, customer_id=customer_id)
    except UnknownPayer:
        return GONE
    return NOTHING if after == before else KEPT


def apply_deleted_customer(engine: Engine, app: PaymentApp, about: GatewayObject) -> str:
    """Drop what a customer was charged by that is there no more; the next bill makes another one there."""
    customer_id = _payer(engine, app, about)
    if customer_id is None:
        return NOT_MANAGED
    with engine.read() as tx:
        payer = payer_of(tx, tx.customers.get(customer_id))
    if gateway_of(engine, app.gateway).knows_payer(payer):
        return NOTHING
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        known = tx.remote_objects.find(app.id, "customer", customer_id)
        if known is None or known.remote_id is None:
            return GONE
        gone = [*known.detail.get("gone", ()), known.remote_id][-MOST_GONE:]
        tx.remote_objects.save(replace(known, remote_id=None, fingerprint="", detail={"gone": gone}))
        tx.audit.record(PROCESSOR, "payer.forget", customer_id, engine.now(), after={"payer": about.payer})
        for method in tx.customers.methods_of(customer_id):
            if method.gateway == app.gateway:
                drop_method(tx, method, now=engine.now(), actor=PROCESSOR)
    return DROPPED


def _payer(engine: Engine, app: PaymentApp, about: GatewayObject) -> str | None:
    """Return our id of the customer that an object is of."""
    with engine.read() as tx:
        return None if about.payer is None else tx.remote_objects.our_id(app.id, "customer", about.payer)


def _is_in_use(engine: Engine, app: PaymentApp) -> bool:
    """Tell whether customers leave payment methods with this app at present."""
    return engine.workspace.gateway == app.gateway
