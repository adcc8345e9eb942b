"""Update an organization."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.identity import Organization
from billing_sdk.server.usecases import event_data
from billing_sdk.server.usecases.create_organization import normal_external_id, normal_handle
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.parties import keep_customer
from billing_sdk.server.usecases.people import normal_name
from billing_sdk.server.usecases.versions import check_version

CHANGEABLE = frozenset({"name", "handle", "external_id"})


def update_organization(
    engine: Engine, *, code: str, source: EventSource = "api", versions: Collection[str] | None = None, **changes: Any
) -> Organization:
    """Change what is named of an organization and leave the rest.

    Args:
        engine: the engine.
        code: which organization.
        source: who caused it, as events name them.
        versions: those that the change may be made to (`version_of`); any by default.
        **changes: new values of `name`, `handle` and `external_id`.

    Raises:
        NotFound: there is no such organization.
        PreconditionFailed: it is in none of the versions any more.
        Conflict: another organization has the handle.
        InvalidRequest: a value can't be taken, or there is no such field.
    """
    if unknown := changes.keys() - CHANGEABLE:
        raise InvalidRequest(f"{min(unknown)} can't be changed", parameter=min(unknown))
    if "name" in changes:
        changes["name"] = normal_name(changes["name"] or "", "name", is_required=True)
    if "handle" in changes:
        changes["handle"] = normal_handle(changes["handle"])
    if "external_id" in changes:
        changes["external_id"] = normal_external_id(changes["external_id"])
    at = engine.now()
    with engine.begin() as tx:
        before = tx.organizations.lock(code)
        check_version(before, versions)
        organization = replace(before, **changes)
        if organization.name != before.name:
            keep_customer(tx, engine, tx.customers.find_by_organization(code))
        tx.organizations.save(organization)
        tx.audit.record(source, "organization.update", code, at, before=before, after=organization)
        data = event_data.of_organization(organization)
        tx.outbox.announce(type="organization.updated", data=data, source=source, at=at)
    return organization
