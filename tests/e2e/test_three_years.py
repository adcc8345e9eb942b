"""Three years of random histories: whatever customers do, and however time goes by, no promise is broken."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.histories.plot import DEEDS, fitted
from tests.histories.promises import check
from tests.histories.world import CUSTOMERS, Deed, told_again, world

# It works for a dozen seconds, which a machine that is busy otherwise may spread over minutes.
pytestmark = pytest.mark.timeout(600)

# A few here; `python -m soak three_years` tells thousands.
HISTORIES = 6
LENGTH = 24
THREE_YEARS_HOURS = 3 * 366 * 24
CHOICES = dict(DEEDS)


def _facts(verb: str) -> dict[str, Any]:
    return {name: st.sampled_from(values) for name, values in CHOICES[verb].items()}


def _rule(verb: str) -> Any:
    def happens(machine: ThreeYears, **facts: Any) -> None:
        machine.do(verb, facts)

    happens.__name__ = verb
    return rule(**_facts(verb))(happens)


class ThreeYears(RuleBasedStateMachine):
    """Customers of all kinds on all plans, and a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self._open = ExitStack()
        self.world = self._open.enter_context(world())
        self.hours = 0

    @initialize(firsts=st.tuples(*(st.fixed_dictionaries(_facts("change")) for _ in CUSTOMERS)))
    def everybody_subscribes(self, firsts: tuple[dict[str, Any], ...]) -> None:
        for customer, facts in zip(CUSTOMERS, firsts, strict=True):
            self.do("change", {**facts, "customer": customer})

    change = _rule("change")
    rhythm = _rule("rhythm")
    cancel = _rule("cancel")
    undo = _rule("undo")
    pause = _rule("pause")
    resume = _rule("resume")
    seats = _rule("seats")
    add_on = _rule("add_on")
    coupon = _rule("coupon")
    use = _rule("use")
    late = _rule("late")
    correct = _rule("correct")
    event = _rule("event")
    withdraw = _rule("withdraw")
    bill_from = _rule("bill_from")
    grant = _rule("grant")
    allow = _rule("allow")
    disallow = _rule("disallow")
    top_up = _rule("top_up")
    charge = _rule("charge")
    bill = _rule("bill")
    foresee = _rule("foresee")
    void = _rule("void")
    reissue = _rule("reissue")
    credit = _rule("credit")
    dispute = _rule("dispute")
    judge = _rule("judge")
    pay_back_there = _rule("pay_back_there")
    card = _rule("card")
    move = _rule("move")
    decide = _rule("decide")
    dun = _rule("dun")
    reprice = _rule("reprice")

    @precondition(lambda self: self.hours < THREE_YEARS_HOURS)
    @rule(**_facts("wait"))
    def wait(self, hours: int) -> None:
        self.hours += hours
        self.do("wait", {"hours": hours})

    @invariant()
    def no_promise_is_broken(self) -> None:
        check(self.world)

    def do(self, verb: str, facts: dict[str, Any]) -> None:
        """Do something, as far as there is anything to do it to."""
        deed = fitted(self.world, Deed(verb, {name: value for name, value in facts.items() if value is not None}))
        if deed is not None:
            self.world.do(deed.verb, **deed.facts)

    def teardown(self) -> None:
        with self._open:
            story = self.world.story()
            assert told_again(self.world.deeds) == story, "the same history has come to something else"
            assert told_again(self.world.deeds, wait_in_parts=3) == story, "it matters how the clock was moved"


TestThreeYears = ThreeYears.TestCase
# What breaks is printed as it was found: to make it shorter takes minutes, and the soak does.
TestThreeYears.settings = settings(
    max_examples=HISTORIES,
    stateful_step_count=LENGTH,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
