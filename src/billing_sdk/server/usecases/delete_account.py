"""Delete an account: the Konnect door shows it as deleted, and its keys are free again; its books stay."""

from __future__ import annotations

from billing_sdk.errors import Conflict
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accounts import live_account
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.planned_charges import open_charges
from billing_sdk.server.usecases.subject_keys import take_subject_key


def delete_account(engine: Engine, customer_id: str, *, actor: str) -> None:
    """Delete a customer that nobody is to bill any more; a second time nothing happens.

    Raises:
        NotFound: there is no such customer.
        Conflict: it has a live agreement, a charge that is to come, or an invoice that is not settled.
    """
    at = engine.now()
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        extras = tx.konnect.find("customer", customer_id)
        if extras is not None and extras.deleted_at is not None:
            return
        before = live_account(tx, customer_id)
        _check_settled(tx, customer_id)
        keys = [one.key for one in tx.subjects.keys_of(customer_id)]
        tx.konnect.delete("customer", customer_id, at=at)
        tx.audit.record(actor, "account.delete", customer_id, at, before=before.extras)
    for key in keys:
        take_subject_key(engine, customer_id, key, actor=actor)


def _check_settled(tx: UnitOfWork, customer_id: str) -> None:
    if tx.agreements.live_of(customer_id):
        raise Conflict("the customer has an active subscription", remedy="Cancel its subscriptions first.")
    if next(open_charges(tx, customer_id), None) is not None:
        raise Conflict("something is still to be charged to the customer", remedy="Wait until it is billed and paid.")
    open_invoices = (*tx.invoices.unissued_of(customer_id), *tx.invoices.owed_by(customer_id))
    if open_invoices:
        raise Conflict(
            f"{len(open_invoices)} invoices of the customer are not final",
            invoices=len(open_invoices),
            remedy="Have them paid or void them first.",
        )
