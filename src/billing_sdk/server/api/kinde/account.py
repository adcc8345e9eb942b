"""The Account API: what signed-in people may know about themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from billing_sdk.errors import NotFound
from billing_sdk.money import digits_of
from billing_sdk.server.api.kinde.envelope import Listed, Metadata, Single, StrictRoute
from billing_sdk.server.api.kinde.paging import PageSize, StartingAfter, cut
from billing_sdk.server.api.kinde.security import EngineOf, PersonOf, billing_for_person, person_of
from billing_sdk.server.domain.entitlements import GrantedEntitlement, Room
from billing_sdk.server.storage.paging import Page, PageRequest
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from billing_sdk.server.usecases.permissions import permissions_of, roles_of
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Account"], route_class=StrictRoute)

BILLING = (Depends(billing_for_person),)

T = TypeVar("T")
Key = Annotated[str, Query(min_length=1, max_length=64)]


class PlanView(BaseModel):
    """A plan that somebody is on."""

    key: str
    name: str
    subscribed_on: datetime


class EntitlementView(BaseModel):
    """One thing that a plan includes; a limit of null is no limit.

    Extensions: `unit_amount_decimal` is the exact price of a unit in minor units. `unit_amount` is null where that is
    not a whole number, as in a price of 0.02 cents. `value` is what a feature that isn't metered is set to, as a JSON
    text. Of a metered feature `consumed` is what was used since use was counted anew, `remaining` what may still be
    used, also of what was granted beside the plan (null is without limit), `overage` what was used and nothing covers,
    and `resets_on` when use is counted anew; quantities are decimal texts. Use goes on beyond a limit that `is_soft`.
    `customer_agreement_id` is the agreement that includes it, a person's own or that of the token's organization.
    """

    id: str
    fixed_charge: int | None
    price_name: str
    unit_amount: int | None
    unit_amount_decimal: str | None
    feature_key: str
    feature_name: str
    entitlement_limit_max: int | None
    entitlement_limit_min: int | None
    value: str | None
    is_soft: bool
    consumed: str | None
    remaining: str | None
    overage: str | None
    resets_on: datetime | None
    customer_agreement_id: str

    @classmethod
    def of(cls, granted: GrantedEntitlement, room: Room | None) -> EntitlementView:
        """Show an entitlement in the Account API's words."""
        return cls(
            id=granted.id,
            fixed_charge=granted.fixed_charge,
            price_name=granted.price_name,
            unit_amount=granted.unit_amount,
            unit_amount_decimal=granted.unit_amount_decimal,
            feature_key=granted.feature_key,
            feature_name=granted.feature_name,
            entitlement_limit_max=granted.limit_max,
            entitlement_limit_min=granted.limit_min,
            value=granted.value,
            is_soft=granted.is_soft,
            consumed=None if room is None else digits_of(room.used),
            remaining=None if room is None or room.remaining is None else digits_of(room.remaining),
            overage=None if room is None else digits_of(room.overage),
            resets_on=None if room is None else room.resets_at,
            customer_agreement_id=granted.agreement_id,
        )


class EntitlementList(BaseModel):
    """Everything that the token's owner may use."""

    org_code: str | None
    plans: list[PlanView]
    entitlements: list[EntitlementView]


class OneEntitlement(BaseModel):
    """One entitlement."""

    org_code: str | None
    entitlement: EntitlementView


class Named(BaseModel):
    """A permission or a role."""

    id: str
    name: str
    key: str


class PermissionList(BaseModel):
    """What the token's owner may do in the token's organization."""

    org_code: str | None
    permissions: list[Named]


class OnePermission(BaseModel):
    """A permission, or null where it is not held."""

    org_code: str | None
    permission: Named | None


class RoleList(BaseModel):
    """The roles that the token's owner has in the token's organization."""

    org_code: str | None
    roles: list[Named]


class FlagList(BaseModel):
    """The feature flags that are set for the token's owner."""

    feature_flags: list[Named]


class PropertyList(BaseModel):
    """The properties that are kept about the token's owner."""

    properties: list[Named]


@router.get("/entitlements", dependencies=BILLING)
def list_entitlements(
    engine: EngineOf, person: PersonOf, page_size: PageSize = 10, starting_after: StartingAfter = None
) -> Listed[EntitlementList]:
    """Return what the caller's plans include.

    Extension: besides the person's own plan, those of the organization in the token.
    """
    view = load_entitlements(engine, user_id=person.user_id, org_code=person.org_code)
    page = cut(view.entitlements, PageRequest(page_size, starting_after), id_of=lambda item: item.id)
    return Listed(
        data=EntitlementList(
            org_code=view.org_code,
            plans=[PlanView(key=key, name=name, subscribed_on=since) for key, name, since in view.plans],
            entitlements=[EntitlementView.of(item, view.rooms.get(item.id)) for item in page.items],
        ),
        metadata=metadata_of(page, id_of=lambda item: item.id),
    )


@router.get("/entitlement", dependencies=BILLING)
def get_entitlement(engine: EngineOf, person: PersonOf, key: Key) -> Single[OneEntitlement]:
    """Return the caller's entitlement to one feature."""
    view = load_entitlements(engine, user_id=person.user_id, org_code=person.org_code)
    for granted in view.entitlements:
        if granted.feature_key == key:
            shown = EntitlementView.of(granted, view.rooms.get(granted.id))
            return Single(data=OneEntitlement(org_code=view.org_code, entitlement=shown))
    raise NotFound(f"no plan of the caller includes {key!r}", remedy="Choose a plan that includes it.")


@router.get("/entitlement/{key}", dependencies=BILLING)
def get_entitlement_by_path(engine: EngineOf, person: PersonOf, key: str) -> Single[OneEntitlement]:
    """Return the caller's entitlement to one feature, in the spelling that the JavaScript clients use."""
    return get_entitlement(engine, person, key)


@router.get("/permissions")
def list_permissions(
    engine: EngineOf, person: PersonOf, page_size: PageSize = 10, starting_after: StartingAfter = None
) -> Listed[PermissionList]:
    """Return the caller's permissions in the token's organization."""
    held = permissions_of(engine, user_id=person.user_id, org_code=person.org_code)
    page = cut(held, PageRequest(page_size, starting_after), id_of=lambda item: item.id)
    permissions = [Named(id=item.id, name=item.name, key=item.key) for item in page.items]
    return Listed(
        data=PermissionList(org_code=person.org_code, permissions=permissions),
        metadata=metadata_of(page, id_of=lambda item: item.id),
    )


@router.get("/permission/{key}")
def get_permission(engine: EngineOf, person: PersonOf, key: str) -> Single[OnePermission]:
    """Return one permission if the caller holds it, null if not."""
    held = permissions_of(engine, user_id=person.user_id, org_code=person.org_code)
    found = next((Named(id=item.id, name=item.name, key=item.key) for item in held if item.key == key), None)
    return Single(data=OnePermission(org_code=person.org_code, permission=found))


@router.get("/roles")
def list_roles(
    engine: EngineOf, person: PersonOf, page_size: PageSize = 10, starting_after: StartingAfter = None
) -> Listed[RoleList]:
    """Return the caller's roles in the token's organization."""
    held = roles_of(engine, user_id=person.user_id, org_code=person.org_code)
    page = cut(held, PageRequest(page_size, starting_after), id_of=lambda item: item.id)
    roles = [Named(id=item.id, name=item.name, key=item.key) for item in page.items]
    return Listed(
        data=RoleList(org_code=person.org_code, roles=roles),
        metadata=metadata_of(page, id_of=lambda item: item.id),
    )


@router.get("/feature_flags", dependencies=[Depends(person_of)])
def list_feature_flags() -> Listed[FlagList]:
    """Return no flag: plans decide what is open here, and a client that asks for flags as well is told so."""
    return Listed(data=FlagList(feature_flags=[]), metadata=Metadata(has_more=False, next_page_starting_after=None))


@router.get("/properties", dependencies=[Depends(person_of)])
def list_properties() -> Listed[PropertyList]:
    """Return no property: this server keeps none about people."""
    return Listed(data=PropertyList(properties=[]), metadata=Metadata(has_more=False, next_page_starting_after=None))


def metadata_of(page: Page[T], *, id_of: Callable[[T], str]) -> Metadata:
    """Return where a list goes on; the cursor is there on the last page, too, as published."""
    last_id = id_of(page.items[-1]) if page.items else None
    return Metadata(has_more=page.has_more, next_page_starting_after=last_id)
