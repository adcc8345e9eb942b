"""Organizations, as far as billing needs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.errors import InvalidRequest
from billing_sdk.models import CreatedOrganization, Document, Organization
from billing_sdk.resources._base import MANAGEMENT, PAGE_SIZE, done, given, pages, raw, segment, token_cursor


class Organizations(Resource[C]):
    """Customers that are companies; takes the machine credentials."""

    @operation
    def create(
        self,
        *,
        name: str,
        handle: str | None = None,
        external_id: str | None = None,
        billing_email: str | None = None,
        plan_code: str | None = None,
        test_clock_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Call[CreatedOrganization]:
        """Create an organization.

        Args:
            name: shown to its members.
            handle: short name for addresses.
            external_id: your own id for it.
            billing_email: makes it a billing customer with this address for invoices.
            plan_code: key of a published plan for organizations; the default one if it is left out.
            test_clock_id: extension: the billing customer lives by a test clock.
            idempotency_key: makes the call safe to repeat where the server honours it.

        Raises:
            InvalidRequest: there is a plan and no billing address.
            UnknownPlan: there is no such published plan.
            PlanMismatch: the plan is for users.
            PaymentMethodRequired: the plan begins with a trial that requires a card.
        """
        if plan_code is not None and billing_email is None:
            raise InvalidRequest("a plan needs a billing_email")
        billing = given(billing_email=billing_email, billing_plan_code=plan_code, test_clock_id=test_clock_id)
        if billing_email is not None:
            billing["is_create_billing_customer"] = True
        body = {"name": name, **given(handle=handle, external_id=external_id), **billing}
        return Call(
            "POST",
            f"{MANAGEMENT}/organization",
            CreatedOrganization.read,
            json=body,
            credential="machine",
            idempotency_key=idempotency_key,
        )

    @operation
    def get(self, code: str) -> Call[Organization]:
        """Return an organization with its billing customer and agreements.

        Raises:
            NotFound: there is no such organization.
        """
        params = {"code": code, "expand": "billing"}
        return Call("GET", f"{MANAGEMENT}/organization", Organization.read, params=params, credential="machine")

    @operation
    def list(self) -> Flow[tuple[Organization, ...]]:
        """Return every organization."""

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            params = {"page_size": PAGE_SIZE, **cursor}
            return Call("GET", f"{MANAGEMENT}/organizations", raw, params=params, credential="machine")

        found = yield from pages(fetch, token_cursor, parameter="next_token")
        return tuple(
            item for page in found for item in Document(page, "answer").objects("organizations", Organization.read)
        )

    @operation
    def update(
        self, code: str, *, name: str | None = None, handle: str | None = None, external_id: str | None = None
    ) -> Call[None]:
        """Change what is given and leave the rest.

        Raises:
            NotFound: there is no such organization.
        """
        body = given(name=name, handle=handle, external_id=external_id)
        return Call(
            "PATCH", f"{MANAGEMENT}/organization/{segment('code', code)}", done, json=body, credential="machine"
        )

    @operation
    def delete(self, code: str) -> Call[None]:
        """Delete an organization.

        Raises:
            NotFound: there is no such organization.
        """
        return Call("DELETE", f"{MANAGEMENT}/organization/{segment('code', code)}", done, credential="machine")
