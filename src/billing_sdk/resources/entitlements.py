"""Entitlements: what a signed-in user or organization may use."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from billing_sdk._operation import C, Call, Flow, operation
from billing_sdk.errors import Forbidden, NotFound
from billing_sdk.models import Document, Entitlement, EntitlementSnapshot, Organization, SubscribedPlan
from billing_sdk.resources._base import (
    ACCOUNT,
    MANAGEMENT,
    PAGE_SIZE,
    ProviderResource,
    account_cursor,
    last_id_cursor,
    pages,
    raw,
    segment,
)

_log: Final = logging.getLogger("billing_sdk.entitlements")


class Entitlements(ProviderResource[C]):
    """What the customer behind an access token has paid for."""

    @operation
    def list(self, token: str) -> Flow[EntitlementSnapshot]:
        """Return everything that the token's user may use in the token's organization.

        Hosted providers leave an organization's entitlements out of what a user may ask for. With machine
        credentials they are taken from the Management API then.

        Raises:
            Unauthenticated: the token is not accepted.
            UnsafeAnswer: the answer does not fit, or its pages do not end.
        """

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            return Call("GET", f"{ACCOUNT}/entitlements", raw, params={"page_size": PAGE_SIZE, **cursor}, token=token)

        taken_at = self._provider.now()
        found = yield from pages(fetch, account_cursor, parameter="starting_after")
        data = [Document(page, "entitlements answer").object("data") for page in found]
        snapshot = EntitlementSnapshot(
            org_code=data[0].text_or_none("org_code"),
            plans=data[0].objects("plans", SubscribedPlan.read),
            entitlements=tuple(item for page in data for item in page.objects("entitlements", Entitlement.read)),
            taken_at=taken_at,
        )
        if snapshot.plans or snapshot.org_code is None or not self._provider.config.has_machine:
            return snapshot
        return (yield from self._of_organization(snapshot))

    @operation
    def get(self, token: str, key: str) -> Call[Entitlement]:
        """Return one entitlement of the token's user.

        Raises:
            NotFound: the user has no entitlement to this feature.
        """

        def read(data: Any) -> Entitlement:
            found = Document(data, "entitlement answer").object("data").object_or_none("entitlement")
            if found is None:
                raise NotFound(f"there is no entitlement to {key}")
            return Entitlement.read(found.members)

        return Call("GET", f"{ACCOUNT}/entitlement/{segment('key', key)}", read, params={"key": key}, token=token)

    @operation
    def of_customer(self, customer_id: str) -> Flow[EntitlementSnapshot]:
        """Return everything that a billing customer may use; takes the machine credentials.

        Raises:
            NotFound: there is no such customer.
        """
        taken_at = self._provider.now()
        found: tuple[Document, ...] = yield from self._of_customer(customer_id)
        return EntitlementSnapshot(
            org_code=None,
            plans=tuple(plan for page in found[:1] for plan in page.objects("plans", SubscribedPlan.read)),
            entitlements=tuple(item for page in found for item in page.objects("entitlements", Entitlement.read)),
            taken_at=taken_at,
        )

    def _of_organization(self, snapshot: EntitlementSnapshot) -> Flow[EntitlementSnapshot]:
        params = {"code": snapshot.org_code or "", "expand": "billing"}
        try:
            organization = yield from Call(
                "GET", f"{MANAGEMENT}/organization", Organization.read, params=params, credential="machine"
            )
            if organization.billing_customer_id is None:
                return snapshot
            found: tuple[Document, ...] = yield from self._of_customer(organization.billing_customer_id)
        except (Forbidden, NotFound):
            _log.warning("the machine credentials may not read the organization's entitlements")
            return snapshot
        return EntitlementSnapshot(
            org_code=snapshot.org_code,
            plans=tuple(plan for page in found[:1] for plan in page.objects("plans", SubscribedPlan.read)),
            entitlements=(
                *snapshot.entitlements,
                *(item for page in found for item in page.objects("entitlements", Entitlement.read)),
            ),
            taken_at=snapshot.taken_at,
        )

    def _of_customer(self, customer_id: str) -> Flow[tuple[Document, ...]]:
        fixed = {"customer_id": customer_id, "expand": "plans", "page_size": PAGE_SIZE}

        def fetch(cursor: Mapping[str, str]) -> Call[Any]:
            return Call(
                "GET", f"{MANAGEMENT}/billing/entitlements", raw, params={**fixed, **cursor}, credential="machine"
            )

        found = yield from pages(fetch, last_id_cursor("entitlements"), parameter="starting_after")
        return tuple(Document(page, "entitlements answer") for page in found)
