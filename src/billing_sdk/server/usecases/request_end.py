"""Ask for the end of an agreement: it ends, or an operator decides about it first."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import get_args

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.agreements import LONGEST_COMMENT, Agreement, EndRequest, Feedback, Timing
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.agreement_news import announce_agreement
from billing_sdk.server.usecases.ask_hooks import check_cancellation
from billing_sdk.server.usecases.auditing import recording_denials
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.event_data import of_end_request
from billing_sdk.server.usecases.hold_agreement import hold_agreement
from billing_sdk.server.usecases.plan_ahead import instant_of


def request_end(
    engine: Engine,
    *,
    agreement_id: str,
    timing: Timing,
    actor: str,
    reason: str | None = None,
    comment: str = "",
) -> EndRequest:
    """Ask for the end of an agreement; where the operator has to approve no such wish, it is fulfilled at once.

    A wish that waits already is what it was. The agreement goes on, and is billed, until somebody has decided.

    Args:
        engine: the engine.
        agreement_id: which one.
        timing: now, at the end of the period that was paid last, or at an instant.
        actor: the id of who asks.
        reason: one of `Feedback`, if one is given.
        comment: the same in the customer's own words.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended before.
        CancellationDenied: the seller's own rules keep it.
        InvalidRequest: there is no such reason, or the comment is too long.
        InvalidTiming: the instant can't be taken.
        Conflict: a change of the customer's plan is under way.
    """
    why, words = _reason(reason), normal_comment(comment, "comment")
    with engine.read() as tx:
        agreement = tx.agreements.get(agreement_id)
        at = engine.now_for(tx, tx.customers.get(agreement.customer_id))
        needs_approval = tx.portal_settings.get().cancellations_need_approval
    request = EndRequest(
        id=new_id("endrequest"),
        customer_id=agreement.customer_id,
        agreement_id=agreement.id,
        plan_key=agreement.plan_key,
        asked_at=at,
        ends_at=instant_of(timing, agreement, at=at),
        asked_by=actor,
        reason=why,
        comment=words,
    )
    return _ask(engine, request) if needs_approval else _leave(engine, request, timing)


def normal_comment(text: str, parameter: str) -> str:
    """Return words of somebody without space around them, in one line.

    Raises:
        InvalidRequest: they are too long, or hold what can't be printed.
    """
    words = " ".join(text.split())
    if len(words) > LONGEST_COMMENT or not words.isprintable():
        raise InvalidRequest(f"{parameter} is longer than {LONGEST_COMMENT} characters", parameter=parameter)
    return words


def announce_decision(
    tx: UnitOfWork, request: EndRequest, agreement: Agreement, *, type_: str, source: EventSource, at: datetime
) -> None:
    """Tell the endpoints of a wish, or of what has become of it."""
    customer = tx.customers.get(request.customer_id)
    told = of_end_request(request)
    announce_agreement(tx, type_, customer=customer, agreement=agreement, source=source, at=at, cancellation=told)


def _ask(engine: Engine, request: EndRequest) -> EndRequest:
    with recording_denials(engine, actor=request.asked_by, action="end_request.create", subject=request.agreement_id):
        with engine.read() as tx:
            customer, agreement = tx.customers.get(request.customer_id), tx.agreements.get(request.agreement_id)
        check_cancellation(
            engine,
            customer=customer,
            agreement=agreement,
            ends_at=request.ends_at,
            source="user",
            actor=request.asked_by,
        )
        with engine.begin() as tx:
            _, agreement = hold_agreement(tx, request.agreement_id, may_be_collected=True)
            standing = tx.end_requests.find_waiting(agreement.id)
            if standing is not None:
                return standing
            tx.end_requests.add(request)
            at = request.asked_at
            tx.audit.record(request.asked_by, "end_request.create", agreement.id, at, after=request)
            announce_decision(tx, request, agreement, type_="customer.cancellation_requested", source="user", at=at)
    return request


def _leave(engine: Engine, request: EndRequest, timing: Timing) -> EndRequest:
    by, at = request.asked_by, request.asked_at
    cancel_agreement(engine, agreement_id=request.agreement_id, timing=timing, source="user", actor=by)
    done = replace(request, status="approved", decided_at=at, decided_by=by)
    with engine.begin() as tx:
        tx.end_requests.add(done)
        tx.audit.record(by, "end_request.create", done.agreement_id, at, after=done)
    return done


def _reason(text: str | None) -> Feedback | None:
    found = next((known for known in get_args(Feedback) if known == text), None)
    if text and found is None:
        raise InvalidRequest("there is no such reason", parameter="reason")
    return found
