"""Test clocks (extension): time that tests move, for the customers that were made on it; in test environments only."""

from __future__ import annotations

from datetime import datetime
from time import monotonic

from pydantic import BaseModel, Field
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, Body, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.api.kinde.paging import EndingBefore, PageSize, StartingAfter, request_after
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.timers import TestClock
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.create_clock import create_clock, require_test_environment
from billing_sdk.server.usecases.delete_clock import delete_clock
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

# Shorter than any client waits for an answer, and than the server waits for its last ones when it is stopped.
PIECE_SECONDS = 2.0

router = Operations(tags=["Test clocks"], route_class=StrictRoute)


class TestClockView(BaseModel):
    """A test clock; `frozen_on` is the time that it tells."""

    id: str
    name: str
    frozen_on: datetime
    status: str
    target_on: datetime | None
    created_on: datetime

    @classmethod
    def of(cls, clock: TestClock) -> TestClockView:
        """Show a clock."""
        return cls(
            id=clock.id,
            name=clock.name,
            frozen_on=clock.frozen_at,
            status=clock.status,
            target_on=clock.target_at,
            created_on=clock.created_at,
        )


class TestClockAnswer(Answer):
    """One test clock."""

    test_clock: TestClockView


class TestClockList(Answer):
    """Test clocks in the order of their ids."""

    has_more: bool
    test_clocks: list[TestClockView]


class DeletedClock(Answer):
    """Success."""

    deleted_customers: int


class NewTestClock(Body):
    """What the clock is called, and where it stands: at the present time where nothing is said."""

    name: str = Field(default="", max_length=200)
    frozen_on: str | None = Field(default=None, max_length=40)


class Advance(Body):
    """Where the clock is to go."""

    to: str = Field(max_length=40)


@router.get("/billing/test_clocks", **scoped("read:billing_test_clocks", extension=True))
def list_test_clocks(
    engine: EngineOf,
    page_size: PageSize = 10,
    starting_after: StartingAfter = None,
    ending_before: EndingBefore = None,
) -> TestClockList:
    """Return test clocks in the order of their ids (extension)."""
    with engine.read() as tx:
        page = tx.clocks.list(request_after(page_size, starting_after, ending_before, known=tx.clocks.get))
    return TestClockList(has_more=page.has_more, test_clocks=[TestClockView.of(clock) for clock in page.items])


@router.post(
    "/billing/test_clocks", response_model=TestClockAnswer, **scoped("create:billing_test_clocks", extension=True)
)
def add_test_clock(caller: MachineOf, body: NewTestClock, once: OnlyOnce) -> Response:
    """Make a clock that stands still until it is advanced (extension)."""
    text = body.frozen_on
    at = read_instant(text, parameter="frozen_on") if text is not None else None

    def serve(engine: Engine) -> TestClockAnswer:
        clock = create_clock(engine, at=at, name=body.name, actor=caller.client_id)
        return TestClockAnswer(test_clock=TestClockView.of(clock))

    return once(serve, body)


@router.get("/billing/test_clocks/{clock_id}", **scoped("read:billing_test_clocks", extension=True))
def get_test_clock(engine: EngineOf, clock_id: str) -> TestClockAnswer:
    """Return one test clock (extension)."""
    with engine.read() as tx:
        return TestClockAnswer(test_clock=TestClockView.of(tx.clocks.get(clock_id)))


@router.post(
    "/billing/test_clocks/{clock_id}/advance",
    response_model=TestClockAnswer,
    **scoped("update:billing_test_clocks", extension=True),
)
def advance_test_clock(engine: EngineOf, caller: MachineOf, clock_id: str, body: Advance, once: OnlyOnce) -> Response:
    """Move a clock forward (extension).

    Everything that is due for its customers until then happens first, each thing at its own instant and in order.
    Where something fails the clock stands there, and can be advanced again. What takes longer than a few seconds is
    done in pieces: `status` is then `advancing`, and the same call goes on from there.
    """
    to = read_instant(body.to, parameter="to")

    def serve(calling: Engine) -> TestClockAnswer:
        # Each thing that is due commits by itself, so that what happened stays where the next thing fails.
        calling.checkpoint()
        ends_at = monotonic() + PIECE_SECONDS
        clock = advance_clock(engine, clock_id, to=to, actor=caller.client_id, is_enough=lambda: monotonic() >= ends_at)
        return TestClockAnswer(test_clock=TestClockView.of(clock))

    return once(serve, body)


@router.delete(
    "/billing/test_clocks/{clock_id}",
    response_model=DeletedClock,
    **scoped("delete:billing_test_clocks", extension=True),
)
def remove_test_clock(caller: MachineOf, clock_id: str, once: OnlyOnce) -> Response:
    """Delete a clock with its customers and all that they agreed to, used and paid (extension)."""

    def serve(engine: Engine) -> DeletedClock:
        require_test_environment(engine)
        return DeletedClock(deleted_customers=delete_clock(engine, clock_id, actor=caller.client_id))

    return once(serve)
