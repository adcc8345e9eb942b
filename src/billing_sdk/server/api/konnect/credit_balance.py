"""What a customer has in credit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.filters import EXACT
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.values import CustomerId, Instant, Numeric
from billing_sdk.server.storage.conditions import all_hold
from billing_sdk.server.usecases.accounts import account_of
from billing_sdk.server.usecases.look_up_credit import credit_of

router = APIRouter(tags=["Credits"], route_class=KonnectRoute)

LISTED = Listing(filters={"currency": EXACT}, pages=None)


class BalanceView(View):
    """Credit in one currency, in major units: `settled` is what the books say, `pending` what usage has taken of it."""

    currency: str
    live: Numeric
    settled: Numeric
    pending: Numeric


class BalancesView(View):
    """Credit in all currencies of which there is any."""

    retrieved_at: Instant
    balances: list[BalanceView]


@router.get(
    "/customers/{customer_id}/credits/balance",
    name="get-customer-credit-balance",
    **scoped("read:billing_credits", lists=LISTED),
)
def get_balance(engine: EngineOf, customer_id: CustomerId, wanted: Annotated[Wanted, Depends(LISTED)]) -> BalancesView:
    """Get what a customer has in credit at this moment."""
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
        at = engine.now_for(tx, customer)
        found = credit_of(tx, customer, at=at)
    return BalancesView(
        retrieved_at=at,
        balances=[
            BalanceView(
                currency=one.currency, live=one.available.major, settled=one.ledger.major, pending=one.pending.major
            )
            for one in found
            if all_hold(wanted.conditions, lambda field, one=one: getattr(one, field))  # type: ignore[misc]
        ],
    )
