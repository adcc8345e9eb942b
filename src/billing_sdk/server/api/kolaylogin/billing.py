"""The switch: whether billing is on, enable it with a gateway, disable it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from billing_sdk.server.api.kolaylogin.answers import BillingStatus, EnableBody, error_answer
from billing_sdk.server.api.kolaylogin.security import EngineOf, OperatorOf
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.once import IdempotencyKey, Once, one_key
from billing_sdk.server.web.operations import Operations
from billing_sdk.server.web.strict_route import StrictRoute

router = Operations(tags=["Billing"], route_class=StrictRoute)


async def once_for(
    request: Request, engine: EngineOf, operator: OperatorOf, idempotency_key: IdempotencyKey = None
) -> Once:
    """Return what serves this call at most once for each key.

    Raises:
        InvalidRequest: there are two keys.
    """
    one_key(request)
    return Once(engine, request, operator.id, idempotency_key, error_answer)


OnlyOnce = Annotated[Once, Depends(once_for)]


@router.get("/status")
def show_status(engine: EngineOf, _operator: OperatorOf) -> BillingStatus:
    """Return whether billing is on, since when, and with which gateway."""
    with engine.read() as tx:
        return BillingStatus.of(tx.workspace.get())


@router.post("/enable", response_model=BillingStatus)
def enable(operator: OperatorOf, once: OnlyOnce, body: EnableBody | None = None) -> Response:
    """Enable billing with a gateway, the test processor by default, and return the status.

    Enabling again with the same gateway changes nothing; another gateway takes the place of the present one.
    """
    wanted = body or EnableBody()

    def serve(engine: Engine) -> BillingStatus:
        return BillingStatus.of(enable_billing(engine, gateway=wanted.gateway, actor=operator.id))

    return once(serve, wanted)


@router.post("/disable", response_model=BillingStatus)
def disable(operator: OperatorOf, once: OnlyOnce) -> Response:
    """Disable billing and return the status; refused while anybody has a subscription that costs something."""

    def serve(engine: Engine) -> BillingStatus:
        return BillingStatus.of(disable_billing(engine, actor=operator.id))

    return once(serve)
