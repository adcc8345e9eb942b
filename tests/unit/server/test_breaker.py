"""The breaker before a processor: it opens when nobody is there, lets one call try, and closes with an answer."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from billing_sdk.errors import BillingError, CardDeclined, GatewayNotConnected, GatewayUnreachable
from billing_sdk.server.clock import TestClock
from billing_sdk.server.gateways import ManagedGateway, SwitchingGateway, unguarded


class Shaky(ManagedGateway):
    """Answers what it is told to, and counts how often it is asked."""

    kind = "stripe_platform"

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.fails_with: BillingError | None = None

    def withdraw(self, bill_id: str) -> None:
        self.asked += 1
        if self.fails_with is not None:
            raise self.fails_with


NOBODY = GatewayUnreachable("nobody is there")


def ask(gateways: SwitchingGateway, times: int = 1, kind: str = "stripe_platform") -> None:
    for _ in range(times):
        with pytest.raises(GatewayUnreachable):
            gateways.named(kind).withdraw("invoice_1")  # type: ignore[arg-type]  # a parameter of the tests


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def shaky() -> Shaky:
    return Shaky()


@pytest.fixture
def gateways(shaky: Shaky, clock: TestClock) -> SwitchingGateway:
    return SwitchingGateway(ManagedGateway(), lambda _: shaky, clock=clock)


def test_after_five_calls_in_a_row_that_find_nobody_there_is_none_for_15_seconds(gateways, shaky, clock):
    shaky.fails_with = NOBODY
    ask(gateways, 20)
    assert shaky.asked == 5
    clock.advance(seconds=10)
    with pytest.raises(GatewayUnreachable) as open_:
        gateways.named("stripe_platform").withdraw("invoice_1")
    assert open_.value.facts["retry_after_seconds"] == 5
    assert shaky.asked == 5


def test_one_call_tries_when_that_is_over_and_decides_for_the_others(gateways, shaky, clock):
    shaky.fails_with = NOBODY
    ask(gateways, 5)
    for round_ in range(1, 4):
        clock.advance(seconds=15)
        ask(gateways, 3)
        assert shaky.asked == 5 + round_
    clock.advance(seconds=15)
    shaky.fails_with = None
    for _ in range(3):
        gateways.named("stripe_platform").withdraw("invoice_1")
    assert shaky.asked == 11


def test_while_one_call_tries_the_others_are_told_to_come_back(gateways, shaky, clock):
    shaky.fails_with = NOBODY
    ask(gateways, 5)
    clock.advance(seconds=15)
    shaky.fails_with = None
    during = []

    def withdraw(bill_id: str) -> None:
        del shaky.withdraw  # type: ignore[attr-defined]  # set below
        ask(gateways)
        during.append(bill_id)

    shaky.withdraw = withdraw  # type: ignore[method-assign]  # for one call
    gateways.named("stripe_platform").withdraw("invoice_1")
    assert during == ["invoice_1"]
    assert shaky.asked == 5


@pytest.mark.parametrize(
    "answer",
    [
        None,
        CardDeclined("declined"),
        GatewayNotConnected("it can't be charged yet"),
        GatewayUnreachable("the bank is at this one refund", retry_after_seconds=3_600),
    ],
)
def test_any_answer_begins_the_count_anew(gateways, shaky, answer):
    for _ in range(3):
        shaky.fails_with = NOBODY
        ask(gateways, 4)
        shaky.fails_with = answer
        with suppress(BillingError):
            gateways.named("stripe_platform").withdraw("invoice_1")
    assert shaky.asked == 15


def test_each_kind_has_its_own_and_the_test_processor_none(gateways, shaky):
    shaky.fails_with = NOBODY
    ask(gateways, 9)
    ask(gateways, 2, kind="stripe_connect")
    assert shaky.asked == 7
    gateways.named("managed").withdraw("invoice_1")
    assert unguarded(gateways.named("stripe_connect")) is shaky


def test_it_says_once_that_it_opens_and_once_that_it_closes(gateways, shaky, clock, caplog):
    caplog.set_level(logging.INFO)
    shaky.fails_with = NOBODY
    ask(gateways, 9)
    for _ in range(4):
        clock.advance(seconds=15)
        ask(gateways, 4)
    clock.advance(seconds=15)
    shaky.fails_with = None
    gateways.named("stripe_platform").withdraw("invoice_1")

    assert [one.getMessage() for one in caplog.records] == [
        "stripe_platform is out of reach: it is asked every 15 s",
        "stripe_platform can be reached again",
    ]


def test_what_is_no_question_is_answered_while_it_is_open(gateways, shaky):
    shaky.fails_with = NOBODY
    ask(gateways, 9)
    assert (gateways.named("stripe_platform").kind, gateways.named("stripe_platform").takes_cards) == (
        "stripe_platform",
        True,
    )
