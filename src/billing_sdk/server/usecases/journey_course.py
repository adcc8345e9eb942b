"""The course of a sign-up: which pages are on the way, as far as is known at its beginning."""

from __future__ import annotations

from dataclasses import replace

from billing_sdk.errors import UnknownPricingTable
from billing_sdk.server.domain.visits import Journey
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.journey_facts import offered_table
from billing_sdk.server.usecases.next_step import Step


def course_of(tx: UnitOfWork, engine: Engine, journey: Journey) -> tuple[Step, ...]:
    """Return the steps of a sign-up in their order; none for a sign-in, which is one page.

    Whoever chooses a plan that costs nothing meets no page for payment: what is known before is that one may come.
    """
    if not journey.signs_up:
        return ()
    asks = engine.workspace_in(tx).is_billing_enabled
    chooses = asks and journey.plan_interest is None and _offers(tx, engine, journey)
    wanted: dict[Step, bool] = {
        "register": True,
        "organization": journey.creates_organization,
        "plans": chooses,
        "payment": chooses or (asks and journey.plan_interest is not None),
        "success": journey.wants_success_page,
    }
    return tuple(step for step, is_wanted in wanted.items() if is_wanted)


def _offers(tx: UnitOfWork, engine: Engine, journey: Journey) -> bool:
    """Tell whether somebody who has signed up is going to be asked for a plan."""
    creates = journey.creates_organization
    then = replace(journey, is_new_user=True, is_new_organization=creates, plan_done=False)
    try:
        return offered_table(tx, engine, then) is not None
    except UnknownPricingTable:  # withdrawn meanwhile: the step itself says so
        return False
