"""Settle a delivery."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from billing_sdk.server.domain.events import Delivery
from billing_sdk.server.outbox.letter import Answer, Letter
from billing_sdk.server.outbox.schedule import is_failing_too_long, next_attempt_at
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

logger = logging.getLogger(__name__)


def settle_delivery(engine: Engine, letter: Letter, answer: Answer) -> Delivery:
    """Store what came of one attempt: delivered, to be tried again, or dead; and what that says of the endpoint."""
    at = engine.now()
    outcome = _outcome(letter.delivery, answer, at)
    with engine.begin() as tx:
        is_ours = tx.deliveries.settle(outcome, lease=letter.delivery.lease or "")
        if is_ours and answer.is_success:
            tx.endpoints.note_success(outcome.endpoint_id)
        elif is_ours:
            _note_failure(tx, outcome, answer, at)
    return outcome


def _outcome(delivery: Delivery, answer: Answer, at: datetime) -> Delivery:
    attempts = delivery.attempts + 1
    tried = replace(delivery, attempts=attempts, last_attempt_at=at, last_status=answer.status, last_answer=answer.text)
    if answer.is_success:
        return replace(tried, status="delivered")
    again_at = next_attempt_at(
        delivery.id,
        attempts=attempts,
        queued_at=delivery.queued_at,
        at=at,
        retry_after_seconds=answer.retry_after_seconds,
    )
    if again_at is None:
        return replace(tried, status="dead")
    # After a 410 as well: the endpoint is disabled, and what waits for it goes on where it is enabled again.
    return replace(tried, due_at=again_at)


def _note_failure(tx: UnitOfWork, outcome: Delivery, answer: Answer, at: datetime) -> None:
    failing_since = tx.endpoints.note_failure(outcome.endpoint_id, at=at)
    if outcome.status == "dead":
        logger.warning("delivery %s is dead after %d attempts", outcome.id, outcome.attempts)
    if answer.is_gone:
        tx.endpoints.disable(outcome.endpoint_id, "gone")
    elif is_failing_too_long(failing_since, at):
        tx.endpoints.disable(outcome.endpoint_id, "failing")
    else:
        return
    tx.audit.record("system", "endpoint.disable", outcome.endpoint_id, at, before={"failing_since": failing_since})
    logger.warning(
        "endpoint %s is disabled: it %s; enable it to go on with what waits",
        outcome.endpoint_id,
        "answered 410" if answer.is_gone else f"has failed since {failing_since:%Y-%m-%d %H:%M}",
    )
