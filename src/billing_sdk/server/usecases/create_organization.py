"""Create an organization."""

from __future__ import annotations

import re
from datetime import datetime

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.identity import Organization
from billing_sdk.server.ids import new_org_code
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_name

HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MAX_EXTERNAL_ID_LENGTH = 255


def create_organization(
    engine: Engine,
    *,
    name: str,
    creator_id: str | None = None,
    handle: str | None = None,
    external_id: str | None = None,
    source: EventSource = "api",
) -> Organization:
    """Create an organization; its creator becomes a member with the roles that are for creators.

    Raises:
        InvalidRequest: the name, handle or external id can't be taken.
        Conflict: another organization has the handle.
        NotFound: there is no such creator.
    """
    with engine.begin() as tx:
        return add_organization(
            tx,
            name=name,
            creator_id=creator_id,
            handle=handle,
            external_id=external_id,
            source=source,
            at=engine.now(),
        )


def add_organization(
    tx: UnitOfWork,
    *,
    name: str,
    creator_id: str | None = None,
    handle: str | None = None,
    external_id: str | None = None,
    source: EventSource,
    at: datetime,
) -> Organization:
    """Store a new organization, let its creator in, and announce it; errors as `create_organization`."""
    organization = Organization(
        code=new_org_code(),
        name=normal_name(name, "name", is_required=True),
        created_at=at,
        handle=normal_handle(handle),
        external_id=normal_external_id(external_id),
    )
    tx.organizations.add(organization)
    if creator_id is not None:
        tx.users.get(creator_id)
        role_keys = [role.key for role in tx.roles.of_creators()]
        tx.organizations.add_member(organization.code, creator_id, at=at, role_keys=role_keys)
    tx.audit.record(source, "organization.create", organization.code, at, after=organization)
    data = event_data.of_organization(organization)
    tx.outbox.announce(type="organization.created", data=data, source=source, at=at)
    return organization


def normal_handle(handle: str | None) -> str | None:
    """Return a handle, None for an empty one.

    Raises:
        InvalidRequest: it is not lower-case letters, digits and inner hyphens, 63 at most.
    """
    if not handle:
        return None
    if not HANDLE.fullmatch(handle):
        raise InvalidRequest("handle has something other than a-z, 0-9 and inner hyphens", parameter="handle")
    return handle


def normal_external_id(external_id: str | None) -> str | None:
    """Return an application's own id for an organization, None for an empty one.

    Raises:
        InvalidRequest: it is too long or not printable.
    """
    if not external_id:
        return None
    if len(external_id) > MAX_EXTERNAL_ID_LENGTH or not external_id.isprintable():
        raise InvalidRequest("external_id is too long or not printable", parameter="external_id")
    return external_id
