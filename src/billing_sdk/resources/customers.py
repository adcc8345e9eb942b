"""Billing customers."""

from __future__ import annotations

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.models import BillingCustomer
from billing_sdk.resources._base import MANAGEMENT, given, segment


class Customers(Resource[C]):
    """Makes users billing customers; takes the machine credentials."""

    @operation
    def create(
        self,
        *,
        user_id: str,
        org_code: str,
        billing_email: str,
        plan_code: str | None = None,
        test_clock_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[BillingCustomer]:
        """Make a user a billing customer on a plan for users; without a plan, on the default one.

        Organizations become customers with `client.organizations.create(billing_email=...)`. `test_clock_id` is an
        extension: the customer lives by a test clock.

        Raises:
            CustomerExists: the user is a customer already.
            UnknownPlan: there is no such published plan.
            PlanMismatch: the plan is for organizations.
            PaymentMethodRequired: the plan begins with a trial that requires a card.
        """
        body = {
            "org_code": org_code,
            "billing_email": billing_email,
            **given(billing_plan_code=plan_code, test_clock_id=test_clock_id),
        }
        return Call(
            "POST",
            f"{MANAGEMENT}/users/{segment('user_id', user_id)}/billing_customer",
            BillingCustomer.read,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )
