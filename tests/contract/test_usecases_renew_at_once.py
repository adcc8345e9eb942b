"""Renewals by several workers at once, beside people who change their plans: every period is billed once."""

from __future__ import annotations

import pytest

from billing_sdk.server.storage import PageRequest
from billing_sdk.server.usecases.change_plan import change_plan
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.contract.test_usecases_at_once import CountingGateway, at_once
from tests.engines import advance, engine_on, payer


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_kind(request):
    """SQLite lets one write at a time, and has nothing to add."""
    return request.param


@pytest.mark.attack(190)
def test_workers_that_renew_at_once_bill_each_period_once(database_url):
    gateway = CountingGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customers = [payer(engine, f"customer{number}@example.com") for number in range(2)]
        for customer in customers:
            subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        advance(engine, days=60)

        at_once(lambda _: run_due(engine), 4)
        run_due(engine)

        with engine.read() as tx:
            for customer in customers:
                invoices = tx.invoices.page(customer_id=customer.id).items
                starts = [f"{invoice.lines[0].period.start:%m-%d}" for invoice in invoices]
                assert starts == ["01-31", "02-28", "03-31"]
                assert {invoice.status for invoice in invoices} == {"paid"}
                (agreement,) = tx.agreements.live_of(customer.id)
                assert agreement.billed_until > engine.now()
                assert not tx.charges.has_open(customer.id)
        assert len(gateway.keys) == 6


@pytest.mark.attack(183, 190)
def test_a_renewal_and_changes_of_plan_at_once_leave_one_agreement_and_one_payment_for_each_invoice(database_url):
    gateway = CountingGateway()
    with engine_on(database_url, gateway=gateway) as engine:
        customer = payer(engine)
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
        advance(engine, days=28)

        def act(number: int) -> object:
            if number % 2:
                return run_due(engine)
            plan_key = ("enterprise_monthly", "pro_monthly")[number // 2 % 2]
            return change_plan(engine, customer_id=customer.id, plan_key=plan_key, source="user")

        at_once(act, 6)
        advance(engine, minutes=5)
        run_due(engine)

        with engine.read() as tx:
            invoices = tx.invoices.page(PageRequest(page_size=50), customer_id=customer.id).items
            payments = tx.invoices.list_payments(PageRequest(page_size=50), customer_id=customer.id).items
            (agreement,) = tx.agreements.live_of(customer.id)
            assert not tx.charges.has_open(customer.id)
        assert sorted(invoice.payment_id for invoice in invoices) == sorted(payment.id for payment in payments)
        assert len(payments) == len(gateway.keys)
        assert agreement.billed_until > engine.now()
        billed = [(invoice.agreement_id, invoice.lines[0].period) for invoice in invoices]
        assert len(set(billed)) == len(billed)
