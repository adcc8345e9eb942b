"""Take credit back of which nothing was used."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import Conflict, CreditGrantEnded
from billing_sdk.server.domain.catalog import amount_of
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.credit_news import announce_grant
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.post import post_grant_void


def void_credit(
    engine: Engine, *, grant_id: str, source: EventSource = "admin", actor: str | None = None
) -> CreditGrant:
    """Take a grant back as if it had never been; one that was used, if only in part, can be expired instead.

    Raises:
        UnknownCreditGrant: there is no such grant.
        CreditGrantUsed: an invoice has used some of it.
        CreditGrantEnded: it has expired, was taken back before, or awaits its payment.
        Conflict: it was bought: what was paid for it is given back by a credit note, which takes the credit back.
    """
    with engine.read() as tx:
        customer_id = tx.grants.get(grant_id).customer_id
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at = engine.now_for(tx, customer)
        before = tx.grants.get(grant_id)
        if before.status == "awaiting_payment":
            raise CreditGrantEnded(
                "the credit is not paid yet", remedy="Void the invoice that it is to be paid with.", grant=grant_id
            )
        if before.source == "top_up":
            raise Conflict(
                "the credit was bought", remedy=f"Credit its invoice {before.invoice_id}: that takes the credit back."
            )
        voided = before.voided(at)
        tx.grants.save(voided)
        gone = CreditMovement(new_id("movement"), before.id, customer.id, "voided", -before.left, at)
        tx.grants.move([gone])
        post_grant_void(tx, before, at=at)
        tx.timers.clear(before.id, "expire_credit")
        voided = replace(voided, left=amount_of(0, before.left.currency))
        tx.audit.record(actor or source, "credit.void", before.id, at, before=before, after=voided)
        announce_grant(tx, "voided", voided, customer=customer, source=source, at=at)
        return voided
