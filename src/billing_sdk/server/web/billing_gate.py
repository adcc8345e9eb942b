"""The gate that every billing door has: while billing is off, nothing behind it is reached."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool

from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.workspace import require_billing


async def pass_billing_gate(engine: Engine) -> None:
    """Let a request pass while billing is on; the database is only asked where nobody has asked for a second.

    Raises:
        BillingNotEnabled: it is off.
    """
    if engine.known_workspace.recall(at=engine.now()) is None:
        await run_in_threadpool(require_billing, engine)
    else:
        require_billing(engine)
