"""Delete an endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from billing_sdk.server.domain.events import EventForm
from billing_sdk.server.usecases.engine import Engine


def delete_endpoint(
    engine: Engine, *, endpoint_id: str, formats: Sequence[EventForm] = ("jwt",), actor: str = "api"
) -> None:
    """Forget an endpoint of one of some formats, together with all that waits for it.

    Raises:
        NotFound: there is no such endpoint.
    """
    with engine.begin() as tx:
        endpoint = tx.endpoints.lock(endpoint_id, *formats)
        tx.endpoints.remove(endpoint.id)
        tx.audit.record(actor, "endpoint.delete", endpoint.id, engine.now(), before=endpoint)
