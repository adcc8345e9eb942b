"""Billing customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.models import Address, BillingCustomer, CustomerDetails
from billing_sdk.resources._base import MANAGEMENT, given, one, segment

DETAILS = one("billing_customer", CustomerDetails.read)


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

    @operation
    def get(self, customer_id: str) -> Call[CustomerDetails]:
        """Return where a customer is, and how it is billed (extension).

        Raises:
            NotFound: there is no such customer.
        """
        path = f"{MANAGEMENT}/billing/customers/{segment('customer_id', customer_id)}"
        return Call("GET", path, DETAILS, credential="machine")

    @operation
    def update(
        self,
        customer_id: str,
        *,
        billing_email: str | None = None,
        address: Address | None = None,
        tax_ids: Iterable[str] | None = None,
        language: str | None = None,
        profile_id: str | None = None,
        remove: Iterable[Literal["address", "language", "profile_id"]] = (),
        idempotency_key: str | None = None,
    ) -> Call[CustomerDetails]:
        """Change what is given, take away what is named, and leave the rest (extension).

        Args:
            customer_id: the customer.
            billing_email: where invoices and reminders go.
            address: where the customer is, for invoices and for the tax on them.
            tax_ids: in place of those that are there; none with an empty list.
            language: of invoices, such as `de`.
            profile_id: the billing profile, in place of the default one.
            remove: what is known no more.
            idempotency_key: lets the call be repeated.

        Raises:
            NotFound: there is no such customer.
            UnknownProfile: there is no such billing profile.
            InvalidAddress: the address is none.
            InvalidTaxId: a tax id can't be one.
        """
        body = given(
            billing_email=billing_email,
            address=address.body if address is not None else None,
            tax_ids=list(tax_ids) if tax_ids is not None else None,
            language=language,
            profile_id=profile_id,
        )
        path = f"{MANAGEMENT}/billing/customers/{segment('customer_id', customer_id)}"
        return Call(
            "PATCH",
            path,
            DETAILS,
            json={**body, **dict.fromkeys(remove)},
            credential="machine",
            idempotency_key=idempotency_key,
        )
