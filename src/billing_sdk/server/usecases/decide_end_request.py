"""Decide about a customer's wish that an agreement ends: approve it, refuse it, or take it back."""

from __future__ import annotations

from contextlib import suppress

from billing_sdk.errors import AgreementNotLive
from billing_sdk.server.domain.agreements import EndRequest, Timing
from billing_sdk.server.domain.agreements.end_request import EndRequestEvent
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.request_end import announce_decision, normal_comment


def approve_end(engine: Engine, *, request_id: str, actor: str, answer: str = "") -> EndRequest:
    """End the agreement as it was asked for, and say so.

    Where the end that was asked for has passed meanwhile, it ends at once, and what was charged for the time after it
    is given back.

    Args:
        engine: the engine.
        request_id: the wish.
        actor: the id of who approves it.
        answer: what the customer is told.

    Raises:
        NotFound: there is no such wish.
        InvalidRequest: the answer is too long.
        CancellationDenied: the seller's own rules keep the agreement.
        Conflict: somebody has decided before, or a change of the customer's plan is under way.
    """
    words = normal_comment(answer, "answer")
    with engine.begin() as tx:
        request = tx.end_requests.lock(request_id)
        at = engine.now_for(tx, tx.customers.get(request.customer_id))
        request.after("approve", at=at, by=actor)
    is_ahead = request.ends_at > at
    timing: Timing = request.ends_at if is_ahead else "now"
    is_late = not is_ahead and request.ends_at > request.asked_at
    with suppress(AgreementNotLive):  # it has ended meanwhile, which is what was asked for
        cancel_agreement(
            engine,
            agreement_id=request.agreement_id,
            timing=timing,
            is_prorate=True if is_late else None,
            source="admin",
            actor=actor,
        )
    return _decide(engine, request_id, "approve", source="admin", actor=actor, answer=words)


def refuse_end(engine: Engine, *, request_id: str, actor: str, answer: str = "") -> EndRequest:
    """Leave the agreement as it is, and say so; the arguments are those of `approve_end`.

    Raises:
        NotFound: there is no such wish.
        InvalidRequest: the answer is too long.
        Conflict: somebody has decided before.
    """
    words = normal_comment(answer, "answer")
    return _decide(engine, request_id, "refuse", source="admin", actor=actor, answer=words)


def withdraw_end(engine: Engine, *, request_id: str, actor: str) -> EndRequest:
    """Take a wish back that nobody has decided about.

    Raises:
        NotFound: there is no such wish.
        Conflict: somebody has decided before.
    """
    return _decide(engine, request_id, "withdraw", source="user", actor=actor, answer="")


def _decide(
    engine: Engine, request_id: str, event: EndRequestEvent, *, source: EventSource, actor: str, answer: str
) -> EndRequest:
    with engine.begin() as tx:
        before = tx.end_requests.lock(request_id)
        at = engine.now_for(tx, tx.customers.get(before.customer_id))
        decided = before.after(event, at=at, by=actor, answer=answer)
        tx.end_requests.save(decided)
        tx.audit.record(actor, f"end_request.{event}", decided.agreement_id, at, before=before, after=decided)
        agreement = tx.agreements.get(decided.agreement_id)
        announce_decision(tx, decided, agreement, type_="customer.cancellation_decided", source=source, at=at)
    return decided
