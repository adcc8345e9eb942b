"""Payment methods of customers (extension): which there are, and which one is charged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.idempotency import OnlyOnce
from billing_sdk.server.api.kinde.security import EngineOf, MachineOf, scoped
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.payment_methods import choose_method, list_methods, remove_method
from billing_sdk.server.web.operations import Operations

router = Operations(prefix="/billing/customers/{customer_id}", tags=["Billing customers"], route_class=StrictRoute)
READ = scoped("read:billing_customers", extension=True)
UPDATE = scoped("update:billing_customers", extension=True)

Id = Annotated[str, Path(min_length=1, max_length=64)]


class PaymentMethodView(BaseModel):
    """What a customer can be charged by; a method that never expires has no month and year."""

    id: str
    gateway: str
    kind: str
    brand: str
    last4: str
    exp_month: int | None
    exp_year: int | None
    is_default: bool
    is_gateway_default: bool
    created_on: datetime

    @classmethod
    def of(cls, method: PaymentMethod) -> PaymentMethodView:
        """Show a payment method."""
        return cls(
            id=method.id,
            gateway=method.gateway,
            kind=method.kind,
            brand=method.brand,
            last4=method.last4,
            exp_month=method.exp_month if method.expires else None,
            exp_year=method.exp_year if method.expires else None,
            is_default=method.is_default,
            is_gateway_default=method.is_gateway_default,
            created_on=method.created_at,
        )


class PaymentMethodList(Answer):
    """The payment methods of a customer with the present gateway, the oldest first."""

    payment_methods: list[PaymentMethodView]


@router.get("/payment_methods", **READ)
def list_payment_methods(engine: EngineOf, customer_id: Id) -> PaymentMethodList:
    """Return what a customer can be charged by with the present gateway (extension)."""
    return _listed(engine, customer_id)


@router.post("/payment_methods/{method_id}/default", response_model=PaymentMethodList, **UPDATE)
def choose_payment_method(caller: MachineOf, customer_id: Id, method_id: Id, once: OnlyOnce) -> Response:
    """Charge a customer by this payment method from now on (extension)."""

    def serve(engine: Engine) -> PaymentMethodList:
        choose_method(engine, customer_id=customer_id, method_id=method_id, actor=caller.client_id)
        return _listed(engine, customer_id)

    return once(serve)


@router.delete("/payment_methods/{method_id}", response_model=PaymentMethodList, **UPDATE)
def remove_payment_method(caller: MachineOf, customer_id: Id, method_id: Id, once: OnlyOnce) -> Response:
    """Charge a customer by this payment method no more; the latest other one takes its place (extension)."""

    def serve(engine: Engine) -> PaymentMethodList:
        remove_method(engine, customer_id=customer_id, method_id=method_id, actor=caller.client_id)
        return _listed(engine, customer_id)

    return once(serve)


def _listed(engine: Engine, customer_id: str) -> PaymentMethodList:
    return PaymentMethodList(
        payment_methods=[PaymentMethodView.of(method) for method in list_methods(engine, customer_id=customer_id)]
    )
