"""Update an endpoint."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_endpoint import checked_description, checked_name, checked_types
from billing_sdk.server.usecases.versions import check_version


def update_endpoint(
    engine: Engine,
    *,
    endpoint_id: str,
    name: str | None = None,
    description: str | None = None,
    event_types: Sequence[str] | None = None,
    is_enabled: bool | None = None,
    versions: Collection[str] | None = None,
    actor: str = "api",
) -> Endpoint:
    """Change what is given and leave the rest; the address itself never changes.

    Enabling an endpoint that was disabled, for whatever reason, forgets its failures and goes on with what waits.

    Raises:
        NotFound: there is no such endpoint.
        PreconditionFailed: it is in none of the `versions` any more.
        InvalidRequest: a type does not exist, or a text is empty or too long.
    """
    with engine.begin() as tx:
        before = tx.endpoints.lock(endpoint_id, "jwt")
        check_version(before, versions)
        endpoint = replace(
            before,
            name=before.name if name is None else checked_name(name),
            description=before.description if description is None else checked_description(description),
            event_types=before.event_types if event_types is None else checked_types(event_types),
        )
        if is_enabled is not None and is_enabled != endpoint.is_enabled:
            endpoint = endpoint.enabled() if is_enabled else endpoint.disabled("asked")
            tx.deliveries.restart(endpoint.id, "waiting", at=engine.now())
        tx.endpoints.save(endpoint)
        tx.audit.record(actor, "endpoint.update", endpoint.id, engine.now(), before=before, after=endpoint)
    engine.ring()
    return endpoint
