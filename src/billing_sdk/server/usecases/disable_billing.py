"""Disable billing, while nobody has a subscription that it would bill."""

from __future__ import annotations

from billing_sdk.errors import BillingInUse
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.workspace import Workspace
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.engine import Engine


def disable_billing(engine: Engine, *, actor: str) -> Workspace:
    """Switch billing off, and return the workspace; its gateway is kept for the next time.

    Agreements in which nothing can ever be charged don't count, nor do those that have ended: a trial and a pause do,
    since both lead to charges.

    Raises:
        BillingInUse: somebody has a subscription that costs something, or is about to have one, or is still to be
            charged for something.
    """
    with engine.begin() as tx:
        before = tx.workspace.lock()
        if not before.is_billing_enabled:
            return before
        if tx.charges.has_any() or is_in_use(tx):
            raise BillingInUse("billing can't be disabled while there are active subscriptions")
        if tx.timers.are_there("charge"):
            raise BillingInUse("billing can't be disabled while something is still to be charged to a customer")
        after = before.disabled()
        tx.workspace.save(after)
        at = engine.now()
        tx.audit.record(actor, "billing.disable", before.gateway or "", at, before=before, after=after)
        tx.outbox.announce(type="billing.disabled", data=event_data.of_workspace(after), source="admin", at=at)
    engine.forget_workspace()
    return after


def is_in_use(tx: UnitOfWork) -> bool:
    """Tell whether any live agreement costs something, or will."""
    if _costs(tx, tx.agreements.versions_agreed()):
        return True
    return any(_costs(tx, _further_versions(tx, agreement)) for agreement in tx.agreements.live_with_more())


def _costs(tx: UnitOfWork, version_ids: frozenset[str]) -> bool:
    return any(not version.is_free for version in tx.agreements.versions(version_ids).values())


def _further_versions(tx: UnitOfWork, agreement: Agreement) -> frozenset[str]:
    """Return the versions of its add-ons, and of what it changes to."""
    found = {add_on.plan_version_id for add_on in agreement.add_ons}
    if agreement.next_version_id is not None:
        found.add(agreement.next_version_id)
    if planned := agreement.pending_change:
        found.add(planned.plan_version_id)
        found.update(tx.catalog.get_plan(key).version.id for key in planned.add_ons)
    return frozenset(found)
