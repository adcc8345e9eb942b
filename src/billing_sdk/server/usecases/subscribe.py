"""Subscribe: a customer goes on a plan, and pays for its first period at once."""

from __future__ import annotations

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.engine import Engine


def subscribe(
    engine: Engine,
    *,
    customer_id: str,
    plan_key: str,
    source: EventSource = "user",
    actor: str | None = None,
    is_prorate: bool = False,
    is_invoice_now: bool = False,
    terms: str | None = None,
) -> Agreement:
    """Put a customer on a plan in place of the one of the same group, if there is one.

    The options are those of `change_plan`.

    Raises:
        PaymentMethodRequired: the plan costs something, and the customer has no card.
        CardDeclined: the charge was refused; the customer stays on the old plan.
        NotFound: there is no such customer.
        UnknownPlan: no published plan has this key.
        PlanMismatch: the plan is for customers of the other kind.
        SamePlan: the customer is on the plan already.
        PriceChanged: what is to be paid is not what `terms` name.
        Conflict: another change of the customer's plan is under way.
    """
    return change_plan(
        engine,
        customer_id=customer_id,
        plan_key=plan_key,
        source=source,
        actor=actor,
        is_prorate=is_prorate,
        is_invoice_now=is_invoice_now,
        may_owe=False,
        terms=terms,
    )
