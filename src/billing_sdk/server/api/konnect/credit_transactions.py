"""Credit transactions: what has come to a customer's credit and what has gone, with what there was then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Depends

from billing_sdk.server.api.konnect.bodies import KonnectRoute, View
from billing_sdk.server.api.konnect.filters import STRING, one_of
from billing_sdk.server.api.konnect.listing import Listing, Wanted
from billing_sdk.server.api.konnect.paging import Cursored, cursor_for, cursored, place_of
from billing_sdk.server.api.konnect.security import EngineOf, scoped
from billing_sdk.server.api.konnect.values import CustomerId, Instant, Numeric
from billing_sdk.server.domain.catalog import is_unit
from billing_sdk.server.domain.credits import MovementKind
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.credit_history import Transaction
from billing_sdk.server.usecases.accounts import account_of
from billing_sdk.server.usecases.look_up_credit import counting
from billing_sdk.server.web.operations import Operations

router = Operations(tags=["Credits"], route_class=KonnectRoute)

TransactionType: TypeAlias = Literal["funded", "consumed", "expired"]
# What is undone has the type of what it undoes, with the other sign: those of a type add up to what is left of it.
TYPES: Mapping[MovementKind, TransactionType] = MappingProxyType(
    {
        "granted": "funded",
        "voided": "funded",
        "applied": "consumed",
        "given_back": "consumed",
        "reinstated": "consumed",
        "adjusted": "consumed",
        "expired": "expired",
    }
)
LISTED = Listing(
    filters={"type": one_of("funded", "consumed", "expired"), "currency": STRING, "feature_key": STRING},
    pages="cursor",
)
LIST = "credit_transactions"


class BalanceAround(View):
    """What the customer had in the currency."""

    before: Numeric
    after: Numeric


class TransactionView(View):
    """A movement of credit; above zero what has come, below zero what has gone."""

    id: str
    name: str
    description: str | None = None
    labels: dict[str, str] | None = None
    created_at: Instant
    booked_at: Instant
    type: TransactionType
    currency: str
    amount: Numeric
    available_balance: BalanceAround


@router.get(
    "/customers/{customer_id}/credits/transactions",
    name="list-credit-transactions",
    **scoped("read:billing_credits", lists=LISTED),
)
def list_transactions(
    engine: EngineOf, customer_id: CustomerId, wanted: Annotated[Wanted, Depends(LISTED)]
) -> Cursored[object]:
    """List what has come and what has gone, the newest first; a filter hides others, and changes no balance."""
    sealer, cursor = engine.sealer, wanted.cursor
    of_grants = [one for one in wanted.conditions if one.field == "feature_key"]
    with engine.read() as tx:
        customer = account_of(tx, customer_id).customer
        grants = [one for one in tx.grants.all_of(customer.id) if not is_unit(one.amount.currency)]
        found = tx.credit_history.transactions_of(
            customer.id,
            kinds=_asked_kinds(wanted),
            currencies=_asked_currencies(wanted, {one.amount.currency for one in grants}),
            grant_ids=[one.id for one in grants if counting(one, of_grants)] if of_grants else None,
            size=cursor.size,
            after=place_of(cursor.after, sealer, of=LIST),
            before=place_of(cursor.before, sealer, of=LIST, parameter="page[before]"),
        )
        names = {one.id: one.name for one in grants}
        data = _shown(tx, found, names)
    return cursored(found, data, cursor, cursor_of=lambda one: cursor_for(one.movement.id, sealer, of=LIST))


def _asked_kinds(wanted: Wanted) -> list[MovementKind]:
    asked = [one for one in wanted.conditions if one.field == "type"]
    return [kind for kind, of_type in TYPES.items() if all(one.holds(of_type) for one in asked)]


def _asked_currencies(wanted: Wanted, there: Collection[str]) -> list[str]:
    asked = [one for one in wanted.conditions if one.field == "currency"]
    return [currency for currency in there if all(one.holds(currency) for one in asked)]


def _shown(tx: UnitOfWork, found: Collection[Transaction], names: Mapping[str, str]) -> list[object]:
    ids = {one.movement.adjustment_id for one in found if one.movement.adjustment_id is not None}
    adjustments = tx.credit_history.adjustments(ids)
    extras = tx.konnect.find_many("credit_adjustment", ids)
    shown: list[object] = []
    for one in found:
        movement = one.movement
        said: dict[str, Any] = {"name": names[movement.grant_id]}
        if movement.adjustment_id is not None:
            said["name"] = adjustments[movement.adjustment_id].name
            if more := extras.get(movement.adjustment_id):
                said |= {"description": more.description, "labels": dict(more.labels) or None}
        shown.append(
            TransactionView(
                **said,
                id=ulid_of(movement.id),
                created_at=movement.at,
                booked_at=movement.at,
                type=TYPES[movement.kind],
                currency=movement.amount.currency,
                amount=movement.amount.major,
                available_balance=BalanceAround(before=one.before.major, after=one.after.major),
            )
        )
    return shown
