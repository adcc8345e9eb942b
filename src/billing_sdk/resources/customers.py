"""Billing customers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.models import Address, BillingCustomer, CustomerDetails, Document, SubjectKey
from billing_sdk.resources._base import MANAGEMENT, done, given, one, segment
from billing_sdk.resources.payment_methods import PaymentMethods

DETAILS = one("billing_customer", CustomerDetails.read)
SUBJECT_KEY = one("subject_key", SubjectKey.read)


class Customers(Resource[C]):
    """Makes users billing customers; takes the machine credentials.

    Attributes:
        payment_methods: what customers are charged by (extension).
    """

    def __init__(self, client: C) -> None:
        self._client = client
        self.payment_methods: PaymentMethods[C] = PaymentMethods(client)

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

    @operation
    def subject_keys(self, customer_id: str) -> Call[tuple[SubjectKey, ...]]:
        """Return the keys that a customer goes by in usage events, beside its ids, in their order (extension).

        Raises:
            NotFound: there is no such customer.
        """
        return Call("GET", _subject_keys_path(customer_id), _subject_keys, credential="machine")

    @operation
    def add_subject_key(self, customer_id: str, key: str, *, idempotency_key: str | None = None) -> Call[SubjectKey]:
        """Give a customer a key that usage events can name as their subject, such as your own id of it (extension).

        Events that were kept for the key count from now on, and what was billed is adjusted.

        Raises:
            NotFound: there is no such customer.
            InvalidRequest: the key is not 1 to 255 printable characters, or the customer has 100 already.
            SubjectKeyTaken: another customer goes by it.
        """
        path = _subject_keys_path(customer_id)
        return Call("POST", path, SUBJECT_KEY, json={"key": key}, credential="machine", idempotency_key=idempotency_key)

    @operation
    def remove_subject_key(self, customer_id: str, key: str, *, idempotency_key: str | None = None) -> Call[None]:
        """Take a key away; what events have used by it counts for nobody any more (extension).

        Raises:
            NotFound: there is no such customer, or it has no such key.
        """
        path = _subject_keys_path(customer_id)
        return Call("DELETE", path, done, params={"key": key}, credential="machine", idempotency_key=idempotency_key)


def _subject_keys_path(customer_id: str) -> str:
    return f"{MANAGEMENT}/billing/customers/{segment('customer_id', customer_id)}/subject_keys"


def _subject_keys(data: Any) -> tuple[SubjectKey, ...]:
    return Document(data, "answer").objects("subject_keys", SubjectKey.read)
