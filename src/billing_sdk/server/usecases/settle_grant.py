"""Record how far the payment of credit has come that somebody else collects."""

from __future__ import annotations

from billing_sdk.server.domain.credits import CreditGrant, Settlement, settled_as
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.post import post_settlement


def settle_grant(
    engine: Engine,
    *,
    customer_id: str,
    grant_id: str,
    status: Settlement,
    source: EventSource = "api",
    actor: str | None = None,
) -> CreditGrant:
    """Say that the payment of a grant is authorized, or settled; what is settled is in the books as cash.

    Raises:
        NotFound: there is no such customer.
        UnknownCreditGrant: the customer has no such grant.
        InvalidSettlement: nobody else collects its payment, that is further by now, or the grant was taken back.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        before = tx.grants.get_of(customer.id, grant_id)
        settled = settled_as(before, status)
        if settled == before:
            return before
        tx.grants.save(settled)
        if settled.settlement == "settled":
            post_settlement(tx, settled, at=at)
        tx.audit.record(actor or source, "credit.settle", grant_id, at, before=before, after=settled)
        return settled
