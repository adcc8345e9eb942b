"""Events: what has happened, as `GET /v1/events` lists it and as webhooks carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.state import Space, State

if TYPE_CHECKING:
    from billing_sdk.testing.stripe.call import Call


def announce(
    state: State,
    space: Space,
    kind: str,
    item: Json,
    *,
    before: Json | None,
    api_version: str,
    call: Call | None,
) -> Json:
    """Keep an event and return it.

    Args:
        state: the simulated world.
        space: in which it happened.
        kind: `invoice.paid`.
        item: the object as it stands now.
        before: what has changed, as it was.
        api_version: of the shape.
        call: the request that brought it about, None for what happened by itself.
    """
    event: Json = {
        "id": state.ids.new("evt"),
        "object": "event",
        "api_version": api_version,
        "created": state.clock.seconds(),
        "data": {"object": item, **({"previous_attributes": before} if before is not None else {})},
        "livemode": space.is_live,
        "pending_webhooks": 0,
        "request": {
            "id": call.request_id if call else None,
            "idempotency_key": call.idempotency_key if call else None,
        },
        "type": kind,
    }
    if space.account_id != state.platform_id:
        event["account"] = space.account_id
    return space.put("event", event)
