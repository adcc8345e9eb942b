"""Delete a person's account."""

from __future__ import annotations

from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.collect_charge import settle_left_over
from billing_sdk.server.usecases.end_agreement import end_all_agreements
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.limit_attempts import forgive_attempt, sign_in_attempts, sign_up_attempts
from billing_sdk.server.usecases.make_way import make_way


def delete_user(engine: Engine, *, user_id: str, source: EventSource = "api") -> None:
    """Erase a person; their own agreements end, and what was paid stays on record by ids.

    Raises:
        NotFound: there is no such person.
        Conflict: a change of their plan is under way.
    """
    at = engine.now()
    with engine.read() as tx:
        tx.users.get(user_id)
        payer = tx.customers.find_by_user(user_id)
    if payer is not None:
        settle_left_over(engine, customer_id=payer.id)
        make_way(engine, customer_id=payer.id, keeps=lambda charge: charge.invoice_id is not None)
    with engine.begin() as tx:
        user = tx.users.get(user_id)
        if payer := tx.customers.find_by_user(user_id):
            end_all_agreements(tx, tx.customers.lock(payer.id), source=source, at=engine.now_for(tx, payer))
        tx.tokens.revoke_user(user_id, at=at)
        tx.erasure.erase(user)
        forgive_attempt(tx, engine, (*sign_in_attempts(user.email, None), *sign_up_attempts(user.email, None)))
        tx.audit.record(source, "user.delete", user_id, at, before=user)
        tx.outbox.announce(type="user.deleted", data={"user": {"id": user_id}}, source=source, at=at)
        if payer:
            _forget_usage(tx, payer)


def _forget_usage(tx: UnitOfWork, payer: Customer) -> None:
    """Take what no meter reads out of the data of usage; last of all, as nobody else records usage meanwhile."""
    subjects = tx.subjects.of_customer(payer.id) | {agreement.id for agreement in tx.agreements.of_customer(payer.id)}
    tx.usage_log.forget(subjects, tx.meters.all())
