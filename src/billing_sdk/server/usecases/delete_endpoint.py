"""Delete an endpoint."""

from __future__ import annotations

from billing_sdk.server.usecases.engine import Engine


def delete_endpoint(engine: Engine, *, endpoint_id: str) -> None:
    """Forget an endpoint together with all that waits for it.

    Raises:
        NotFound: there is no such endpoint.
    """
    with engine.begin() as tx:
        tx.endpoints.remove(endpoint_id)
