"""Outages: the first failure is remembered, nobody waits for the second, and the first answer ends it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import httpx
import pytest
import respx

from billing_sdk._operation import Call, Flow, Spawn, Sync, Wait, within
from billing_sdk._outage import REMEMBERED_SECONDS
from billing_sdk.entitlements import LONGEST_WAIT_SECONDS
from billing_sdk.errors import (
    BillingError,
    DeadlineExceeded,
    Forbidden,
    RateLimited,
    ServerFault,
    Unauthenticated,
    Unreachable,
)
from tests.unit.sdk.conftest import Driver
from tests.unit.sdk.kit import Monotonic
from tests.unit.sdk.test_entitlements import OWNER, Desk, account, managed, snapshot

OTHERS = [OWNER._replace(subject=f"kp_{i}") for i in range(50)]


def refused_at_once(desk: Desk) -> None:
    """Let fifty customers come, of whom nobody is to wait."""
    asked = len(desk.asked)
    for other in OTHERS:
        with pytest.raises(Unreachable):
            desk.load(other)
    assert len(desk.asked) == asked


def begun(failure: BillingError) -> Desk:
    """Return snapshots whose first fetch has failed."""
    desk = Desk()
    desk.answers = [failure]
    with pytest.raises(BillingError):
        desk.load()
    return desk


def by_proxy(status: int) -> ServerFault:
    """Return what a proxy says for a server that is not there."""
    error = ServerFault()
    error.http_status = status
    return error


@pytest.mark.parametrize("failure", [Unreachable(), DeadlineExceeded(), by_proxy(502), by_proxy(503), by_proxy(504)])
def test_after_one_failure_nobody_waits_and_one_at_a_time_tries_beside(failure: BillingError) -> None:
    desk = begun(failure)
    refused_at_once(desk)
    assert desk.client.beside == [], "the server has a second of peace"
    desk.clock.advance(1)
    refused_at_once(desk)
    assert len(desk.client.beside) == 1
    desk.clock.advance(LONGEST_WAIT_SECONDS)
    refused_at_once(desk)
    assert len(desk.client.beside) == 1, "the attempt may still be under way"


def test_however_long_the_server_hangs_a_busy_application_waits_once() -> None:
    desk = begun(DeadlineExceeded())
    for _ in range(600):
        desk.clock.advance(1)
        refused_at_once(desk)
        while desk.client.beside:
            desk.answers = [DeadlineExceeded()]
            desk.clock.advance(LONGEST_WAIT_SECONDS)
            with pytest.raises(DeadlineExceeded):
                desk.client.settle()


def test_the_first_answer_ends_it_within_five_seconds() -> None:
    desk = begun(DeadlineExceeded())
    desk.answers = [snapshot(("a", 1)), snapshot(("a", 2))]
    began = desk.clock()
    while not desk.client.beside:
        desk.clock.advance(0.25)
        with pytest.raises(Unreachable):
            desk.load()
    desk.client.settle()
    assert desk.load().limit("a") == 1
    assert desk.load(OTHERS[0]).limit("a") == 2
    assert desk.clock() - began <= 5


def test_an_attempt_that_was_cancelled_does_not_stand_in_the_way_of_the_next() -> None:
    desk = begun(Unreachable())
    desk.clock.advance(1)
    refused_at_once(desk)
    desk.client.beside.clear()
    desk.clock.advance(LONGEST_WAIT_SECONDS + 0.5)
    refused_at_once(desk)
    desk.clock.advance(0.5)
    with pytest.raises(Unreachable):
        desk.load()
    assert len(desk.client.beside) == 1


def test_after_a_quiet_time_the_next_caller_asks_by_itself() -> None:
    desk = begun(Unreachable())
    desk.clock.advance(REMEMBERED_SECONDS)
    desk.answers = [snapshot(("a", 1))]
    assert desk.load().limit("a") == 1


def test_a_usable_snapshot_decides_in_an_outage_and_its_renewal_is_the_one_attempt() -> None:
    desk = Desk()
    desk.answers = [snapshot(("a", 1))] * 50
    for other in OTHERS:
        desk.load(other)
    desk.clock.advance(31)
    desk.answers = [Unreachable()]
    with pytest.raises(Unreachable):
        desk.load(OWNER._replace(subject="kp_new"))
    desk.clock.advance(1)
    assert all(desk.load(other).has("a") for other in OTHERS)
    assert len(desk.client.beside) == 1


@pytest.mark.parametrize("refusal", [Forbidden("x"), Unauthenticated("x"), RateLimited("x"), ServerFault("x")])
def test_a_server_that_says_no_to_one_customer_is_asked_for_the_next(refusal: BillingError) -> None:
    desk = begun(refusal)
    desk.answers = [snapshot(("a", 1))]
    assert desk.load(OTHERS[0]).has("a")


def test_all_steps_of_a_hurried_flow_share_one_deadline_and_what_it_spawns_has_its_own() -> None:
    clock = Monotonic()
    spawned = Spawn(lambda: within(1, iter(Call("GET", "/beside", str))))

    def flow() -> Flow[str]:
        yield from Call("GET", "/a", str, deadline_seconds=0.5)
        yield from Wait(Future[str]())
        yield from Call("GET", "/b", str)
        yield from spawned
        return (yield from Call("GET", "/c", str))

    steps: list[Any] = []

    class Noting(Sync):
        def take(self, step: Any, /) -> Any:
            steps.append(step)
            clock.advance(1)
            return "done"

    assert Noting().run(within(3, flow(), monotonic=clock)) == "done"
    assert [getattr(step, "deadline_seconds", None) for step in steps] == [0.5, 2, 1, None, 0]
    assert steps[3] is spawned


def test_an_error_reaches_a_hurried_flow_where_it_waits() -> None:
    def flow() -> Flow[str]:
        try:
            return (yield from Call("GET", "/a", str))
        except Unreachable:
            return "told"

    hurried = within(3, flow())
    next(hurried)
    with pytest.raises(StopIteration) as end:
        hurried.throw(Unreachable())
    assert end.value.value == "told"


@pytest.mark.parametrize("answer", [503, httpx.ConnectError("closed")], ids=repr)
def test_a_gates_question_is_sent_once_and_has_three_seconds(
    answer: Any, driver: Driver, issuer: respx.MockRouter
) -> None:
    route = issuer.get("/account_api/v1/entitlements").mock(
        side_effect=[answer if isinstance(answer, Exception) else httpx.Response(answer)]
    )
    with pytest.raises(BillingError):
        driver.run(lambda c: c.run(c.snapshots.load(OWNER, "token")))
    assert (route.call_count, driver.pauses) == (1, [])
    assert route.calls.last.request.extensions["timeout"]["read"] <= LONGEST_WAIT_SECONDS


def test_what_a_gate_asks_with_machine_credentials_shares_its_three_seconds(
    make_driver: Callable[..., Driver], issuer: respx.MockRouter
) -> None:
    driver = make_driver(deadline_seconds=60.0)
    issuer.get("/account_api/v1/entitlements").mock(return_value=httpx.Response(200, json=account()))
    managed(issuer)
    assert driver.run(lambda c: c.run(c.snapshots.load(OWNER, "token"))).has("sso")
    seconds = {call.request.url.path: call.request.extensions["timeout"]["read"] for call in issuer.calls}
    assert {"/oauth2/token", "/api/v1/organization", "/api/v1/billing/entitlements"} <= seconds.keys()
    assert max(seconds.values()) <= LONGEST_WAIT_SECONDS
