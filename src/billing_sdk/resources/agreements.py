"""Agreements: which customer is on which plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Agreement, Document
from billing_sdk.resources._base import MANAGEMENT, PAGE_SIZE, done, given, last_id_cursor, pages, raw

PATH = f"{MANAGEMENT}/billing/agreements"


class Agreements(Resource[C]):
    """Contracts between customers and plans; takes the machine credentials."""

    @operation
    def list(self, customer_id: str, *, feature_code: str | None = None) -> Flow[tuple[Agreement, ...]]:
        """Return a customer's live agreements, or only those whose plan includes a feature."""
        fixed = {"customer_id": customer_id, "page_size": PAGE_SIZE, **given(feature_code=feature_code)}

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            return Call("GET", PATH, raw, params={**fixed, **cursor}, credential="machine")

        found = yield from pages(fetch, last_id_cursor("agreements"), parameter="starting_after")
        return tuple(item for page in found for item in Document(page, "answer").objects("agreements", Agreement.read))

    @operation
    def create(
        self,
        *,
        customer_id: str,
        plan_code: str,
        is_invoice_now: bool = False,
        is_prorate: bool = False,
        idempotency_key: str | None = None,
    ) -> Call[None]:
        """Put a customer on a plan; agreements of the same plan group end.

        The wire answers without an id: `list` finds the new agreement.

        Args:
            customer_id: the billing customer.
            plan_code: key of a published plan.
            is_invoice_now: invoice the usage of the agreement that ends at once.
            is_prorate: credit what was paid in advance and not used.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            UnknownPlan: there is no such plan.
            PaymentMethodRequired: the plan costs money and there is no card.
            CardDeclined: the charge was refused; nothing has changed.
            SamePlan: the customer is on it already.
        """
        body = {
            "customer_id": customer_id,
            "plan_code": plan_code,
            "is_invoice_now": is_invoice_now,
            "is_prorate": is_prorate,
        }
        return Call("POST", PATH, done, json=body, credential="machine", idempotency_key=idempotency_key)

    @operation
    def cancel(self, agreement_id: str, *, idempotency_key: str | None = None) -> Call[None]:
        """End an agreement now.

        Raises:
            NotFound: there is no such agreement.
            AgreementNotLive: it has ended before.
        """
        params = {"agreement_id": agreement_id}
        return Call("DELETE", PATH, done, params=params, credential="machine", idempotency_key=idempotency_key)
