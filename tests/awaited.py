"""Charges that wait for their outcome, and what tells of them."""

from __future__ import annotations

import pytest

from billing_sdk.errors import (
    AuthenticationRequired,
    BillingError,
    PaymentPending,
)
from billing_sdk.server.domain.invoicing import PendingCharge
from billing_sdk.server.gateways import Awaited, Charge, ManagedGateway
from billing_sdk.server.usecases.change_options import ChangeOptions
from billing_sdk.server.usecases.confirm_payment import confirm_payment
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.run_due import run_due
from billing_sdk.server.usecases.subscribe import subscribe
from tests.engines import advance, payer

ALWAYS, ONCE = "4000002760003184", "4000002500003155"


class Told(ManagedGateway):
    """Says of each charge what it is told to say, and the truth otherwise; keeps the keys that it was asked with."""

    def __init__(self) -> None:
        super().__init__()
        self.says: Charge | Awaited | BillingError | None = None
        self.withdrawal: BillingError | None = None
        self.keys: list[str] = []
        self.withdrawn: list[str] = []

    def collect(self, bill, *, idempotency_key):
        self.keys.append(idempotency_key)
        if isinstance(self.says, BillingError):
            raise self.says
        return self.says or super().collect(bill, idempotency_key=idempotency_key)

    def withdraw(self, bill_id):
        self.withdrawn.append(bill_id)
        if self.withdrawal is not None:
            raise self.withdrawal


def charges_of(engine: Engine, customer_id: str) -> tuple[PendingCharge, ...]:
    with engine.read() as tx:
        return tx.charges.of_customer(customer_id)


def payments_of(engine: Engine, customer_id: str) -> list[str]:
    with engine.read() as tx:
        payments = tx.invoices.list_payments(customer_id=customer_id).items
    return [f"{one.status} {one.amount.minor} {one.decline_code or ''}".strip() for one in payments]


def plans_of(engine: Engine, customer_id: str) -> list[str]:
    with engine.read() as tx:
        return [agreement.plan_key for agreement in tx.agreements.live_of(customer_id)]


def statuses_of(engine: Engine, customer_id: str) -> list[str]:
    with engine.read() as tx:
        return [invoice.status for invoice in tx.invoices.newest_of(customer_id)]


def begin(engine: Engine, number: str = ALWAYS, **options: object) -> str:
    """Let a new customer choose a plan whose payment waits to be confirmed."""
    customer = payer(engine, number=number)
    with pytest.raises((AuthenticationRequired, PaymentPending)):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly", options=ChangeOptions(**options))
    return customer.id


def upgrade(engine: Engine) -> str:
    """Let a customer of the free plan choose another one whose payment waits to be confirmed."""
    customer = payer(engine, number=ALWAYS)
    subscribe(engine, customer_id=customer.id, plan_key="free")
    with pytest.raises(AuthenticationRequired):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    return customer.id


def renewed(engine: Engine) -> str:
    """Let a customer of a plan be billed for its second month, with a card whose holder is not there to confirm."""
    customer = payer(engine, number=ALWAYS)
    with pytest.raises(AuthenticationRequired):
        subscribe(engine, customer_id=customer.id, plan_key="pro_monthly")
    confirm(engine, customer.id)
    advance(engine, days=28)
    run_due(engine)
    return customer.id


def confirm(engine: Engine, customer_id: str, *, is_confirmed: bool = True) -> str:
    (charge,) = charges_of(engine, customer_id)
    reference = str(charge.awaits.url).rpartition("/")[2]
    return confirm_payment(engine, reference, is_confirmed=is_confirmed)


def live(engine: Engine, customer_id: str) -> str:
    with engine.read() as tx:
        return tx.agreements.live_of(customer_id)[0].id
