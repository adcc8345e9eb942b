"""What a customer has in credit."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.filters import EXACT, STRING
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.values import CustomerId, Instant, Numeric
from billing_sdk.server.domain.catalog import is_unit
from billing_sdk.server.usecases.accounts import account_of
from billing_sdk.server.usecases.look_up_credit import credit_at
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Credits"], route_class=KonnectRoute)

LISTED = Listing(filters={"currency": EXACT, "feature_key": STRING}, pages=None)


class BalanceView(View):
    """Credit in one currency, in main units.

    `settled` is what the books say, `pending` what begins to count only later, and `live` what can be spent: what usage
    needs that is billed later is taken off.
    """

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
def get_balance(
    engine: EngineOf,
    customer_id: CustomerId,
    wanted: Annotated[Wanted, Depends(LISTED)],
    timestamp: Annotated[Instant | None, Query()] = None,
) -> BalancesView:
    """Get what a customer has in credit, at this moment or at another one."""
    features = [one for one in wanted.conditions if one.field == "feature_key"]
    currencies = [one for one in wanted.conditions if one.field == "currency"]
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
        now = engine.now_for(tx, customer)
        found = credit_at(tx, customer, features, at=timestamp or now, now=now)
    return BalancesView(
        retrieved_at=now,
        balances=[
            BalanceView(
                currency=one.currency, live=one.live.major, settled=one.settled.major, pending=one.pending.major
            )
            for one in found
            if not is_unit(one.currency) and all(condition.holds(one.currency) for condition in currencies)
        ],
    )
