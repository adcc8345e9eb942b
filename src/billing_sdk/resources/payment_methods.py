"""What customers are charged by."""

from __future__ import annotations

from typing import Any

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.models import Document, PaymentMethod
from billing_sdk.resources._base import MANAGEMENT, segment


class PaymentMethods(Resource[C]):
    """Shows and orders what a customer is charged by; takes the machine credentials (extension).

    A new one comes from the customer alone: the pages of the portal, or those of the payment processor, ask for it.
    """

    @operation
    def list(self, customer_id: str) -> Call[tuple[PaymentMethod, ...]]:
        """Return what a customer can be charged by with the present gateway, the oldest first.

        Raises:
            NotFound: there is no such customer.
        """
        return Call("GET", _path(customer_id), _methods, credential="machine")

    @operation
    def choose_default(
        self, customer_id: str, method_id: str, *, idempotency_key: str | None = None
    ) -> Call[tuple[PaymentMethod, ...]]:
        """Charge a customer by this payment method from now on, and return all of them.

        Raises:
            NotFound: the customer has no such payment method.
            UnknownPayerMethod: the processor does not have it any more.
            GatewayUnauthorized, GatewayUnreachable: the processor could not be told; nothing has changed.
        """
        path = f"{_path(customer_id)}/{segment('method_id', method_id)}/default"
        return Call("POST", path, _methods, credential="machine", idempotency_key=idempotency_key)

    @operation
    def detach(
        self, customer_id: str, method_id: str, *, idempotency_key: str | None = None
    ) -> Call[tuple[PaymentMethod, ...]]:
        """Charge a customer by this payment method no more, and return those that are left.

        The processor forgets it, too. Where it was the default one, the latest of the others takes its place.

        Raises:
            NotFound: the customer has no such payment method.
            Conflict: the outcome of a charge to it is not known yet.
            GatewayUnauthorized, GatewayUnreachable: the processor could not be told; nothing has changed.
        """
        path = f"{_path(customer_id)}/{segment('method_id', method_id)}"
        return Call("DELETE", path, _methods, credential="machine", idempotency_key=idempotency_key)


def _path(customer_id: str) -> str:
    return f"{MANAGEMENT}/billing/customers/{segment('customer_id', customer_id)}/payment_methods"


def _methods(data: Any) -> tuple[PaymentMethod, ...]:
    return Document(data, "answer").objects("payment_methods", PaymentMethod.read)
