"""Preview what a billing cadence bills next."""

from __future__ import annotations

from billing_sdk.errors import NotFound
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.upcoming_invoices import Upcoming, upcoming_invoices


def preview_cadence(tx: UnitOfWork, engine: Engine, cadence_id: str) -> Upcoming:
    """Return the next invoice of a cadence, if no more is used and nothing changes until then.

    Args:
        tx: the transaction; nothing is written in it.
        engine: the engine.
        cadence_id: which one; where it bills in several currencies, the invoice that comes first is meant.

    Raises:
        UnknownCadence: there is no such cadence.
        NotFound: nothing is billed by it next.
    """
    customer = tx.customers.get(tx.billing_cadences.get(cadence_id).customer_id)
    for coming in upcoming_invoices(tx, engine, customer):
        if coming.billing_cadence_id == cadence_id:
            return coming
    raise NotFound(f"{cadence_id} bills nothing next", entity="invoice")
