"""Ask the hooks, and decide what it means that one is broken.

A cancellation hook that raises keeps nobody: the agreement is cancelled as if there were no hook, since nobody should
have to pay on for a fault of the seller's code. A selection hook that raises lets nobody through: it may be what keeps
a plan from those who must not have it. Either is logged with its traceback.
"""

from __future__ import annotations

import logging
from datetime import datetime

from billing_sdk.errors import CancellationDenied, SelectionDenied
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.hooks import CancellationRequest, Denied, SelectionRequest

logger = logging.getLogger(__name__)


def check_cancellation(
    engine: Engine, *, customer: Customer, agreement: Agreement, ends_at: datetime, source: EventSource, actor: str
) -> None:
    """Let a cancellation pass that the seller's own rules do not deny.

    Raises:
        CancellationDenied: they do; the fact `reason` says why.
    """
    hook = engine.hooks.cancellation
    if hook is None:
        return
    try:
        denied = _denied(hook(CancellationRequest(customer, agreement, ends_at, source, actor)))
    except Exception:  # whatever the hook raises
        logger.exception("the cancellation hook has failed; %s is cancelled all the same", agreement.id)
        return
    if denied is not None:
        raise CancellationDenied(denied.reason, reason=denied.reason, suggestions=list(denied.suggestions))


def check_selection(
    engine: Engine, tx: UnitOfWork, *, customer_id: str, plan_key: str, source: EventSource, actor: str
) -> None:
    """Let the choice of a plan pass that the seller's own rules do not deny.

    Raises:
        NotFound: there is no such customer.
        SelectionDenied: they do; the facts `reason` and `suggestions` say why, and what fits better.
    """
    hook = engine.hooks.selection
    if hook is None:
        return
    customer, current = tx.customers.get(customer_id), tx.agreements.live_of(customer_id)
    try:
        denied = _denied(hook(SelectionRequest(customer, plan_key, current, source, actor)))
    except Exception:  # whatever the hook raises
        logger.exception("the selection hook has failed; %s does not get the plan %s", customer_id, plan_key)
        denied = Denied("it can't be checked at present whether this plan can be chosen")
    if denied is not None:
        raise SelectionDenied(denied.reason, reason=denied.reason, suggestions=list(denied.suggestions))


def _denied(verdict: object) -> Denied | None:
    if verdict is None or isinstance(verdict, Denied):
        return verdict
    if isinstance(verdict, str) and verdict:
        return Denied(verdict)
    raise TypeError(f"a hook returns None, a reason or Denied, not {type(verdict).__name__}")
