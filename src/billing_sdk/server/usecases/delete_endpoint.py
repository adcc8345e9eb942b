"""Delete an endpoint."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine


def delete_endpoint(engine: Engine, *, endpoint_id: str) -> None:
    """Forget an endpoint together with all that waits for it.

    Raises:
        NotFound: there is no such endpoint.
    """
    with engine.begin() as tx:
        endpoint = tx.endpoints.lock(endpoint_id)
        tx.endpoints.remove(endpoint.id)
        tx.audit.record("api", "endpoint.delete", endpoint.id, engine.now(), before=endpoint)
