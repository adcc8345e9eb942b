"""The one place that decides what comes next on a journey."""

from __future__ import annotations

from typing import Literal

from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.journey_facts import Facts, load_facts

Step = Literal["register", "sign_in", "organization", "plans", "payment", "success", "finish"]


def next_step(engine: Engine, *, journey: Journey) -> Step:
    """Return the step that a journey is at.

    Raises:
        UnknownPlan: the plan that was chosen has been withdrawn meanwhile.
        UnknownPricingTable: the same of the table that the link names.
    """
    with engine.read() as tx:
        return step_for(load_facts(tx, engine, journey))


def step_for(facts: Facts) -> Step:
    """Return the first step that is not done: who, for which organization, on what plan, and then back.

    What is due comes before what is offered: whoever has chosen is not asked again. The last page is shown also where
    it was not asked for, if it has to say why there is no plan.
    """
    journey = facts.journey
    if journey.user_id is None:
        return "register" if journey.signs_up else "sign_in"
    if journey.creates_organization and not journey.is_new_organization:
        return "organization"
    if facts.due is not None:
        return "payment"
    if facts.table is not None and not journey.plan_done:
        return "plans"
    if (journey.wants_success_page or facts.is_kept_out) and not journey.success_seen:
        return "success"
    return "finish"
