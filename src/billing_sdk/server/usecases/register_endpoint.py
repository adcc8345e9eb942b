"""Register an endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from billing_sdk.errors import Conflict, InvalidRequest
from billing_sdk.server.domain.events import Endpoint
from billing_sdk.server.ids import new_id
from billing_sdk.server.outbox.addresses import check_url
from billing_sdk.server.outbox.catalogue import event_type_for
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.workspace_caps import require_room

# Every event is copied to every endpoint: a bound keeps one announcement from becoming a flood.
MOST_ENDPOINTS = 20
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2_000


def register_endpoint(
    engine: Engine, *, url: str, name: str, event_types: Sequence[str], description: str = "", actor: str = "api"
) -> Endpoint:
    """Have events of some types sent to an address from now on.

    Raises:
        InvalidRequest: the address may not be called, a type does not exist, or a text is empty or too long.
        Conflict: there are as many endpoints as there may be.
        WorkspaceCapReached: the plan of the workspace allows no more.
    """
    check_url(url, may_call_this_machine=engine.settings.may_call_this_machine)
    endpoint = Endpoint(
        id=new_id("webhook"),
        name=checked_name(name),
        url=url,
        event_types=checked_types(event_types),
        created_at=engine.now(),
        description=checked_description(description),
    )
    with engine.begin() as tx:
        keep_endpoint(engine, tx, endpoint, actor=actor)
    return endpoint


def keep_endpoint(engine: Engine, tx: UnitOfWork, endpoint: Endpoint, *, actor: str = "api") -> None:
    """Store a new endpoint, where there is room for one.

    Raises:
        Conflict: there are as many endpoints as there may be.
        WorkspaceCapReached: the plan of the workspace allows no more.
    """
    count = tx.endpoints.count_alone()
    require_room(engine, tx, "webhooks", used=count)
    if count >= MOST_ENDPOINTS:
        raise Conflict(f"there are {MOST_ENDPOINTS} endpoints already", remedy="Delete one that is not needed.")
    tx.endpoints.add(endpoint)
    tx.audit.record(actor, "endpoint.register", endpoint.id, endpoint.created_at, after=endpoint)


def checked_name(name: str) -> str:
    """Return a name that can be stored and shown."""
    if not name.strip() or len(name) > LONGEST_NAME or "\0" in name:
        raise InvalidRequest(f"name needs 1 to {LONGEST_NAME} characters")
    return name.strip()


def checked_description(description: str) -> str:
    """Return a description that can be stored and shown."""
    if len(description) > LONGEST_DESCRIPTION or "\0" in description:
        raise InvalidRequest(f"description takes at most {LONGEST_DESCRIPTION} characters")
    return description


def checked_types(event_types: Sequence[str]) -> tuple[str, ...]:
    """Return types of the catalogue, each once."""
    if not event_types:
        raise InvalidRequest("event_types is empty")
    return tuple(dict.fromkeys(event_type_for(code).code for code in event_types))
