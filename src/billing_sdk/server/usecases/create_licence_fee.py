"""Create a licence fee as an object of its own."""

from __future__ import annotations

from collections.abc import Mapping

from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import LicenceFeeObject, LicenceFeeVersion, TaxBehavior, Versions
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.rating import Terms
from billing_sdk.server.ids import new_id
from billing_sdk.server.usecases.engine import Engine


def create_licence_fee(
    engine: Engine,
    *,
    name: str,
    item_id: str,
    currency: str,
    terms: Terms,
    service: Cadence,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    tax_behavior: TaxBehavior | None = None,
    actor: str = "api",
) -> LicenceFeeObject:
    """Set a recurring price for a licensed item; plans refer to it, and its first version is live.

    Args:
        engine: the engine.
        name: what an invoice calls it.
        item_id: the licensed item, by its id or lookup key.
        currency: what the price is in.
        terms: the price for a quantity of licences; `Flat` for one that depends on none.
        service: the interval that is paid for in advance.
        lookup_key: a name of one's own, which no other licence fee has.
        metadata: notes of one's own.
        tax_behavior: whether its prices include tax; as the billing profile says by default.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such licensed item.
        InvalidRequest: a label is out of its bounds.
        InvalidAmount: there is no such currency.
        LookupKeyTaken: another licence fee has the lookup key.
    """
    at = engine.now()
    first = LicenceFeeVersion(new_id("version"), 1, at, terms)
    with engine.begin() as tx:
        fee = LicenceFeeObject(
            id=new_id("fee"),
            name=checked_name(name),
            item=tx.items.get_licensed(item_id),
            currency=Money(0, currency).currency,
            service=service,
            versions=Versions((first,), first.id),
            created_at=at,
            lookup_key=lookup_key,
            metadata=dict(metadata or {}),
            tax_behavior=tax_behavior,
        )
        tx.licence_fees.add(fee)
        tx.audit.record(actor, "licence_fee.create", fee.id, at, after=fee)
    return fee
