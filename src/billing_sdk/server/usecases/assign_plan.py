"""Assign a plan: an application or an operator puts a customer on it."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine


def assign_plan(
    engine: Engine,
    *,
    customer_id: str,
    plan_key: str,
    source: EventSource = "api",
    actor: str | None = None,
    is_prorate: bool = False,
    is_invoice_now: bool = False,
) -> Agreement:
    """Put a customer on a plan at once; one who can't pay for it yet is asked for a card at the next sign-in.

    The two options are those of `change_plan`.

    Raises:
        CardDeclined: the customer has a card, and the charge was refused.
        PaymentMethodRequired: what was used is to be charged, and there is no card.
        NotFound, UnknownPlan, PlanMismatch, SamePlan, Conflict: as `subscribe`.
    """
    return change_plan(
        engine,
        customer_id=customer_id,
        plan_key=plan_key,
        source=source,
        actor=actor,
        is_prorate=is_prorate,
        is_invoice_now=is_invoice_now,
        may_owe=True,
    )
