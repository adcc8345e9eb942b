"""Open the processor's own portal for a customer."""

from __future__ import annotations

from billing_sdk.server.gateways import PortalSession, PortalWanted
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import current_gateway, payer_of


def open_portal(engine: Engine, *, customer_id: str, wanted: PortalWanted, actor: str = "user") -> PortalSession:
    """Open the page where a customer looks after payment methods at the processor.

    Raises:
        NotFound: there is no such customer.
        GatewayNotConnected, GatewayUnauthorized, GatewayUnreachable, GatewayRefused: the processor did not open it.
    """
    with engine.read() as tx:
        payer = payer_of(tx, tx.customers.get(customer_id))
    gateway = current_gateway(engine)
    engine.checkpoint()
    session = gateway.open_portal(payer, wanted)
    with engine.begin() as tx:
        tx.audit.record(actor, "portal.open", customer_id, engine.now(), after={"session": session.id})
    return session
