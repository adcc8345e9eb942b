"""Test clocks of v1."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from billing_sdk.errors import BillingError, ClockMovedBack, ClockNotAllowed, ClockOutOfRange, ClockTooFar
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import FormBody, StripeRoute, View
from billing_sdk.server.api.stripe.ids import TestClockId, path_id, shown
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.paging import Listing, NoFilters, Wanted
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v1
from billing_sdk.server.api.stripe.values import Livemode, UnixTime
from billing_sdk.server.domain.timers import LATEST, TestClock
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.move_clock import move_clock
from billing_sdk.server.usecases.stripe_customers import delete_stripe_clock
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

KIND: Final = "test_clock"
# How long a call waits for a clock to arrive; after that it is `advancing`, as the published clients expect at once.
PATIENCE_SECONDS: Final = 5.0
CLOCKS: Final = Listing(NoFilters)
ClockIdInPath = Annotated[str, path_id(KIND)]
# What is wrong with an instant that a clock can't go to.
INSTANT: Final[Mapping[type[BillingError], str]] = dict.fromkeys(
    (ClockMovedBack, ClockTooFar, ClockOutOfRange, ClockNotAllowed), "test_clock_time_invalid"
)


class NewClock(FormBody):
    """A clock that stands still."""

    frozen_time: UnixTime
    name: Annotated[str, Field(max_length=300)] | None = None


class Advance(FormBody):
    """Where a clock is to go."""

    frozen_time: UnixTime


class AdvancingView(View):
    """Where a clock is going."""

    target_frozen_time: UnixTime


class StatusDetails(View):
    """More of a status."""

    advancing: AdvancingView | None = None


class ClockView(View):
    """A test clock; nothing is deleted here by itself, so the instant of that is as late as a clock can stand."""

    id: TestClockId
    object: Literal["test_helpers.test_clock"] = "test_helpers.test_clock"
    created: UnixTime
    deletes_after: UnixTime = LATEST
    frozen_time: UnixTime
    livemode: Livemode = None
    name: str | None
    status: Literal["ready", "advancing", "internal_failure"]
    status_details: StatusDetails

    @classmethod
    def of(cls, clock: TestClock, now: datetime) -> ClockView:
        """Show a clock; one on its way that nobody moves has stopped there."""
        target = None if clock.target_at is None else AdvancingView(target_frozen_time=clock.target_at)
        is_stuck = clock.status == "advancing" and not clock.is_held(now)
        return cls(
            id=clock.id,
            created=clock.created_at,
            frozen_time=clock.frozen_at,
            name=clock.name or None,
            status="internal_failure" if is_stuck else clock.status,
            status_details=StatusDetails(advancing=target),
        )


class DeletedClock(View):
    """What is left of a clock."""

    id: TestClockId
    object: Literal["test_helpers.test_clock"] = "test_helpers.test_clock"
    deleted: Literal[True] = True


@router.post("/test_helpers/test_clocks", **v1("create:billing_test_clocks", codes=INSTANT))
def create_test_clock(caller: CallerOf, body: NewClock, once: OnlyOnce) -> Response:
    """Make a clock that stands still."""

    def serve(engine: Engine) -> View:
        clock = create_clock(engine, at=body.frozen_time, name=body.name or "", actor=caller.client_id)
        return ClockView.of(clock, engine.now())

    return once(serve, body)


@router.get("/test_helpers/test_clocks", **v1("read:billing_test_clocks"))
def list_test_clocks(
    engine: EngineOf, answer: Answering, wanted: Annotated[Wanted[NoFilters], Depends(CLOCKS)]
) -> Response:
    """List clocks, the newest first."""
    is_live = answer.rendering.is_live
    after = wanted.known(KIND, wanted.after, "starting_after")
    before = wanted.known(KIND, wanted.before, "ending_before")
    with engine.read() as tx:
        found = tx.clocks.newest(count=wanted.limit + 1, after=after, before=before)
    cut = wanted.trimmed(found, place_of=lambda one: shown(KIND, one.id, is_live=is_live))
    return answer(wanted.shown(cut, [ClockView.of(clock, engine.now()) for clock in cut.items]))


@router.get("/test_helpers/test_clocks/{test_clock_id}", **v1("read:billing_test_clocks"))
def get_test_clock(engine: EngineOf, answer: Answering, test_clock_id: ClockIdInPath) -> Response:
    """Get a clock."""
    with engine.read() as tx:
        return answer(ClockView.of(tx.clocks.get(test_clock_id), engine.now()))


@router.post("/test_helpers/test_clocks/{test_clock_id}/advance", **v1("update:billing_test_clocks", codes=INSTANT))
def advance_test_clock(caller: CallerOf, test_clock_id: ClockIdInPath, body: Advance, once: OnlyOnce) -> Response:
    """Move a clock forward; everything that is due on the way happens, each thing at its own instant and in order."""

    def serve(calling: Engine) -> View:
        # Each thing that is due commits by itself, so that what happened stays where the next thing fails.
        calling.checkpoint()
        engine = replace(calling, call=None)
        clock = move_clock(
            engine,
            test_clock_id,
            to=body.frozen_time,
            actor=caller.client_id,
            patience_seconds=PATIENCE_SECONDS,
        )
        return ClockView.of(clock, engine.now())

    return once(serve, body)


@router.delete("/test_helpers/test_clocks/{test_clock_id}", **v1("delete:billing_test_clocks"))
def delete_test_clock(caller: CallerOf, test_clock_id: ClockIdInPath, once: OnlyOnce) -> Response:
    """Delete a clock with its customers and all that they agreed to, used and paid."""

    def serve(engine: Engine) -> View:
        delete_stripe_clock(engine, test_clock_id, actor=caller.client_id)
        return DeletedClock(id=test_clock_id)

    return once(serve)
