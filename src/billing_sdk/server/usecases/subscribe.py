"""Subscribe: a customer goes on a plan, and pays for its first period at once unless it is on trial."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.change_options import AS_DECIDED, ChangeOptions
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine


def subscribe(
    engine: Engine,
    *,
    customer_id: str,
    plan_key: str,
    options: ChangeOptions = AS_DECIDED,
    source: EventSource = "user",
    actor: str | None = None,
    terms: str | None = None,
) -> Agreement:
    """Put a customer on a plan in place of the one of the same group; one without a card can't have what costs.

    Arguments, answer and errors are those of `change_plan`.
    """
    return change_plan(
        engine,
        customer_id=customer_id,
        plan_key=plan_key,
        options=replace(options, may_owe=False),
        source=source,
        actor=actor,
        terms=terms,
    )
