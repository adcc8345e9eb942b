"""The workspace: whether billing is on, asked by every door before anything else."""

from __future__ import annotations

from billing_sdk.errors import BillingNotEnabled
from billing_sdk.server.usecases.engine import Engine


def require_billing(engine: Engine) -> None:
    """Let a request pass while billing is on.

    Raises:
        BillingNotEnabled: it is off; `enable_billing` switches it on.
    """
    if not engine.workspace.is_billing_enabled:
        raise BillingNotEnabled("billing is off in this workspace")
