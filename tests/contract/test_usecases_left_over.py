"""Charges that a process has left over which died: a running server settles them, each request only its own."""

from __future__ import annotations

import asyncio

import pytest

from billing_sdk.server.app import create_app
from billing_sdk.server.gateways import ManagedGateway
from billing_sdk.server.usecases.settle_left_over_charges import settle_left_over_charges
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import advance, engine_on, payer
from tests.trip import Trip
from tests.waiting import wait_until


class ProcessDiedError(BaseException):
    """What ends a process is none of the errors that it handles."""


class MortalGateway(ManagedGateway):
    """Takes the money of some calls and ends the process then; counts what it collects by key."""

    def __init__(self):
        super().__init__()
        self.deaths = 0
        self.outages = 0
        self.collected = {}

    def collect(self, bill, *, idempotency_key):
        if self.outages:
            self.outages -= 1
            raise OSError("out of reach")
        receipt = super().collect(bill, idempotency_key=idempotency_key)
        self.collected[idempotency_key] = bill.amount
        if self.deaths:
            self.deaths -= 1
            raise ProcessDiedError
        return receipt


def leave_over(engine, *customers):
    """Let a process die after the money of each customer was taken, and the leases run out."""
    for customer in customers:
        engine.gateway.deaths = 1
        with pytest.raises(ProcessDiedError):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    advance(engine, minutes=2)


def plans_of(engine, customer):
    with engine.read() as tx:
        return [agreement.plan_key for agreement in tx.agreements.live_of(customer.id)]


def test_a_sweep_settles_what_everybody_has_left_over_and_collects_once(database_url):
    gateway = MortalGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customers = payer(engine), payer(engine, "bea@example.com")
        leave_over(engine, *customers)

        settle_left_over_charges(engine)
        settle_left_over_charges(engine)

        assert [plans_of(engine, customer) for customer in customers] == [["pro_monthly"], ["pro_monthly"]]
        assert len(gateway.collected) == 2


def test_a_sweep_leaves_alone_what_is_under_way(database_url):
    gateway = MortalGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        gateway.deaths = 1
        with pytest.raises(ProcessDiedError):
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")

        settle_left_over_charges(engine)

        assert plans_of(engine, customer) == []


def test_one_charge_that_can_not_be_settled_holds_up_no_other_and_is_tried_again(database_url):
    gateway = MortalGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customers = payer(engine), payer(engine, "bea@example.com")
        leave_over(engine, *customers)
        gateway.outages = 1

        settle_left_over_charges(engine)
        settled = [plans_of(engine, customer) for customer in customers]
        settle_left_over_charges(engine)

        assert sorted(settled) == [[], ["pro_monthly"]]
        assert [plans_of(engine, customer) for customer in customers] == [["pro_monthly"], ["pro_monthly"]]


def test_a_request_settles_nobody_elses_charges(database_url):
    with engine_on(database_url, gateway=MortalGateway()) as engine:
        customer = payer(engine)
        leave_over(engine, customer)
        stranger = Trip(engine, prompt="create")
        stranger.sign_up()

        stranger.choose("free")

        assert plans_of(engine, customer) == []


def test_a_running_server_settles_what_another_process_has_left_over(database_url):
    gateway = MortalGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        app = create_app(
            engine.settings,
            clock=engine.clock,
            gateway=gateway,
            database=engine.database,
            delivers=False,
            sweep_seconds=0.01,
        )

        async def serve_until_settled():
            async with app.router.lifespan_context(app):
                await asyncio.to_thread(leave_over, engine, customer)
                await asyncio.to_thread(wait_until, lambda: plans_of(engine, customer))

        customer = payer(engine)
        asyncio.run(serve_until_settled())

        assert plans_of(engine, customer) == ["pro_monthly"]
        assert len(gateway.collected) == 1
