"""Finish a checkout session: keep what was left in it."""

from __future__ import annotations

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.gateways import SetupSession, StoredCard
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import gateway_of, payer_of
from billing_sdk.server.usecases.keep_method import keep_method


def finish_checkout(
    engine: Engine, *, session_id: str, customer_id: str | None = None, is_told: bool = False, actor: str = "user"
) -> PaymentMethod | None:
    """Fetch a session from the processor, and charge its customer by what was left in it; None where nothing was.

    It may be called as often as one likes, by the page that the customer comes back to and by a webhook: what was kept
    is kept once, and a choice that was made since stays.

    Args:
        engine: the engine.
        session_id: the processor's own.
        customer_id: whose session it has to be, where that is known.
        is_told: the processor tells of it, which may come late: what was left since then stays what is charged.
        actor: who comes back, as the audit names them.

    Raises:
        NotFound: there is no such session, or it is somebody else's.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable: the processor could not be asked.
    """
    kind = engine.workspace.gateway or "managed"
    gateway = gateway_of(engine, kind)
    engine.checkpoint()
    session = gateway.look_up_setup(session_id)
    with engine.read() as tx:
        owner = _owner_of(tx, session)
        if owner is None or customer_id not in (None, owner):
            raise NotFound(f"there is no checkout session {session_id[:80]!r}")
        if session.method is None:
            return None
        known = tx.customers.find_method_by_token(kind, session.method.token)
        customer = tx.customers.get(owner)
        payer, at = payer_of(tx, customer), engine.now_for(tx, customer)
    leads = known is None and not (is_told and _is_older(session.method, gateway.find_method(payer, None)))
    if leads:
        gateway.prefer_method(payer, session.method.token)
    with engine.begin() as tx:
        return keep_method(
            tx,
            customer_id=owner,
            stored=session.method,
            gateway=kind,
            at=at,
            now=engine.now(),
            leads=leads,
            actor=actor,
        )


def _is_older(method: StoredCard, default: StoredCard | None) -> bool:
    """Tell whether a payment method was left before the one that is the default at the processor."""
    if default is None or method.left_at is None or default.left_at is None:
        return False
    return method.left_at < default.left_at


def _owner_of(tx: UnitOfWork, session: SetupSession) -> str | None:
    """Return our id of the customer that a session belongs to; None where it is nobody's here."""
    kind = tx.workspace.get().gateway
    app = None if kind is None else tx.payment_apps.of_gateway(kind)
    if app is None:
        return None
    return tx.remote_objects.our_id(app.id, "customer", session.payer_reference)
