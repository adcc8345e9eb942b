"""Delete an organization."""

from __future__ import annotations

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.end_agreement import end_all_agreements
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.make_way import make_way


def delete_organization(engine: Engine, *, code: str, source: EventSource = "api") -> None:
    """Forget an organization; its agreements end, its members stay, and what was paid stays on record.

    Raises:
        NotFound: there is no such organization.
        Conflict: it is the default one, or a change of its plan is under way.
    """
    at = engine.now()
    with engine.read() as tx:
        if tx.organizations.get(code).is_default:
            raise Conflict("the default organization can't be deleted", remedy="Delete another one.")
        payer = tx.customers.find_by_organization(code)
    if payer is not None:
        settle_left_over(engine, customer_id=payer.id)
        make_way(engine, customer_id=payer.id, keeps=lambda charge: charge.invoice_id is not None)
    with engine.begin() as tx:
        organization = tx.organizations.get(code)
        if payer := tx.customers.find_by_organization(code):
            end_all_agreements(tx, tx.customers.lock(payer.id), source=source, at=engine.now_for(tx, payer))
        tx.organizations.remove(code)
        tx.audit.record(source, "organization.delete", code, at, before=organization)
        data = {"organization": {"code": code}}
        tx.outbox.announce(type="organization.deleted", data=data, source=source, at=at)
