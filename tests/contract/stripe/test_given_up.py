"""Changes whose payment waits at Stripe, and that are not wanted any more: their invoices there are void."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from billing_sdk.errors import AuthenticationRequired
from billing_sdk.server.usecases.cancel_agreement import cancel_agreement
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from billing_sdk.testing.stripe import stripe_simulator as run_simulator
from tests.awaited import charges_of, live, payments_of, plans_of
from tests.engines import NOON
from tests.stripe_loop import GOOD, Loop, engine_at, sign_up

ALWAYS = "4000002760003184"


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    """A customer on the free plan; what the tests ask for takes the place of what the one before has asked for."""
    with run_simulator(at=NOON, delivers=False) as simulator, engine_at(simulator) as engine:
        enable_billing(engine, gateway="stripe_platform", actor="operator")
        loop = Loop(engine, simulator)
        sign_up(loop)
        loop.add_method("first", ALWAYS)
        subscribe(engine, customer_id=loop.customer_id, plan_key="free")
        yield loop


def upgrade(loop: Loop, plan_key: str) -> str:
    """Choose a plan whose payment waits to be confirmed, and return where that is."""
    with pytest.raises(AuthenticationRequired) as waits:
        subscribe(loop.engine, customer_id=loop.customer_id, plan_key=plan_key)
    return str(waits.value.facts["url"])


def statuses(loop: Loop) -> list[str]:
    return sorted(invoice["status"] for invoice in loop.stripe.all("invoice"))


def test_another_plan_or_none_makes_the_invoice_at_stripe_void_and_one_that_was_paid_there_has_happened(loop):
    upgrade(loop, "pro_monthly")
    assert statuses(loop) == ["open"]
    url = upgrade(loop, "pro_quarterly")
    assert statuses(loop) == ["open", "void"]

    httpx.post(url, data={"number": GOOD})  # on Stripe's own page, while nobody here has heard of it
    subscribe(loop.engine, customer_id=loop.customer_id, plan_key="free")
    assert statuses(loop) == ["paid", "void"]
    assert payments_of(loop.engine, loop.customer_id) == ["succeeded 7900"]

    upgrade(loop, "pro_monthly")
    cancel_agreement(loop.engine, agreement_id=live(loop.engine, loop.customer_id))
    settle_left_over_charges(loop.engine)
    assert statuses(loop) == ["paid", "void", "void"]
    assert (charges_of(loop.engine, loop.customer_id), plans_of(loop.engine, loop.customer_id)) == ((), [])
    assert payments_of(loop.engine, loop.customer_id) == ["succeeded 7900"]
