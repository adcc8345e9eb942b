"""Assign a plan: an application or an operator puts a customer on it."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine


def assign_plan(
    engine: Engine,
    *,
    customer_id: str,
    plan_key: str,
    options: ChangeOptions = AS_DECIDED,
    source: EventSource = "api",
    actor: str | None = None,
) -> Agreement:
    """Put a customer on a plan; one who can't pay for it yet is asked for a card at the next sign-in.

    A trial that requires a card is refused without one all the same.

    Arguments, answer and errors are those of `change_plan`.
    """
    return change_plan(
        engine,
        customer_id=customer_id,
        plan_key=plan_key,
        options=replace(options, may_owe=True),
        source=source,
        actor=actor,
    )
