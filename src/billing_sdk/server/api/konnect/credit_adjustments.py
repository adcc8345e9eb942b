"""Credit adjustments: credit that is given or taken by hand."""

from __future__ import annotations

from starlette.responses import Response

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.konnect.amounts import amount_of
from billing_sdk.server.api.konnect.bodies import Body, KonnectRoute, View
from billing_sdk.server.api.konnect.once import OnlyOnce
from billing_sdk.server.api.konnect.security import CallerOf, scoped
from billing_sdk.server.api.konnect.values import CurrencyCode, CustomerId, Description, Labels, Name, Numeric
from billing_sdk.server.usecases.accounts import live_account
from billing_sdk.server.usecases.adjust_credit import adjust_credit
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Credits"], route_class=KonnectRoute)


class NewAdjustment(Body):
    """Credit that is to be given, or, below zero, taken."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    currency: CurrencyCode
    amount: Numeric


class AdjustmentView(View):
    """An adjustment; what it has moved is in the list of transactions."""

    name: str
    description: str | None = None
    labels: dict[str, str] | None = None


@router.post(
    "/customers/{customer_id}/credits/adjustments",
    name="create-credit-adjustment",
    status_code=201,
    response_model=AdjustmentView,
    **scoped("create:billing_credits"),
)
def create_adjustment(caller: CallerOf, customer_id: CustomerId, body: NewAdjustment, once: OnlyOnce) -> Response:
    """Give a customer credit, or take some, but never what usage needs that is billed later."""
    amount = amount_of(body.amount, body.currency)
    if not amount:
        raise InvalidRequest("an adjustment is of more or less than zero", parameter="amount")

    def serve(engine: Engine) -> AdjustmentView:
        with engine.read() as tx:
            live_account(tx, customer_id)
        made = adjust_credit(
            engine,
            customer_id=customer_id,
            name=body.name,
            amount=amount,
            description=body.description,
            labels=body.labels,
            actor=caller.client_id,
        )
        return AdjustmentView(name=made.name, description=body.description, labels=body.labels or None)

    return once(serve, body, status=201)
