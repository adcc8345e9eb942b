"""What the audit hears of refusals: their own transaction was rolled back, so they are recorded in one more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from billing_sdk.errors import BillingError
from billing_sdk.server.usecases.engine import Engine


@contextmanager
def recording_denials(engine: Engine, *, actor: str, action: str, subject: str) -> Iterator[None]:
    """Record it where the block refuses what it was asked for, and let the refusal pass."""
    try:
        yield
    except BillingError as denial:
        with engine.apart() as tx:
            tx.audit.record(actor, f"{action}.denied", subject[:128], engine.now(), after={"code": denial.code})
        raise
