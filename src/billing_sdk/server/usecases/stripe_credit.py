"""Credit as the Stripe door knows it: a grant, and what only that door keeps of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from billing_sdk.errors import NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import CustomUnit, is_unit
from billing_sdk.server.domain.credits import CreditGrant, CreditMovement, CreditStanding, GrantCategory, standing_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.pending_usage import pending_usage

KIND: Final = "credit_grant"
NAMELESS: Final = "Billing credits"


@dataclass(frozen=True, slots=True)
class StripeGrant:
    """A grant with what only the door knows of it, the clock of its customer, and the unit that it is of, if any."""

    grant: CreditGrant
    extras: StripeObject
    clock_id: str | None
    unit: CustomUnit | None

    @property
    def name(self) -> str | None:
        """What its maker has called it; what another door has made is called as invoices call it."""
        return self.extras.data.get("name") if "name" in self.extras.data else self.grant.name


@dataclass(frozen=True, slots=True)
class StripeBalance:
    """What can be spent in one currency or unit, and what stands in the books of credit."""

    standing: CreditStanding
    unit: CustomUnit | None


def stripe_grants(tx: UnitOfWork, grants: Sequence[CreditGrant]) -> list[StripeGrant]:
    """Return grants as the door knows them, in their order."""
    extras = tx.stripe.find_many(KIND, [one.id for one in grants])
    units = units_of_credit(tx, [one.amount for one in grants])
    clocks = {
        customer_id: tx.customers.get(customer_id).clock_id for customer_id in {one.customer_id for one in grants}
    }
    return [
        StripeGrant(
            one,
            extras.get(one.id) or StripeObject(KIND, one.id, one.created_at, one.created_at),
            clocks[one.customer_id],
            units.get(one.amount.currency),
        )
        for one in grants
    ]


def stripe_grant(tx: UnitOfWork, grant_id: str) -> StripeGrant:
    """Return a grant as the door knows it.

    Raises:
        UnknownCreditGrant: there is none with this id.
    """
    (found,) = stripe_grants(tx, [tx.grants.get(grant_id)])
    return found


def units_of_credit(tx: UnitOfWork, amounts: Collection[Money]) -> dict[str, CustomUnit]:
    """Return the custom units that amounts are of, by their ids."""
    return tx.custom_units.find_all({one.currency for one in amounts if is_unit(one.currency)})


def create_stripe_grant(
    engine: Engine,
    *,
    customer_id: str,
    name: str | None,
    amount: Money,
    category: GrantCategory,
    priority: int,
    effective_at: datetime | None,
    expires_at: datetime | None,
    items: Sequence[str],
    cards: Sequence[str],
    metadata: Mapping[str, str],
    actor: str,
) -> StripeGrant:
    """Grant credit, and keep what only the door knows of it; arguments and errors as those of `grant_credit`.

    Args:
        engine: within a call, so that it all happens or nothing does.
        customer_id: who gets it.
        name: what invoices call it; None for a name of ours.
        amount: money, or units.
        category: whether it was paid for.
        priority: 0 is spent first.
        effective_at: from when on it counts.
        expires_at: until when.
        items: ids of the metered items that it pays for.
        cards: ids of the rate cards whose charges it pays.
        metadata: for programs.
        actor: who does it, as the audit names them.
    """
    grant = grant_credit(
        engine,
        customer_id=customer_id,
        name=name or NAMELESS,
        amount=amount,
        category=category,
        priority=priority,
        effective_at=effective_at,
        expires_at=expires_at,
        items=items,
        cards=cards,
        source="api",
        actor=actor,
    )
    with engine.begin() as tx:
        made = grant.created_at
        tx.stripe.save(StripeObject(KIND, grant.id, made, made, data={"name": name}, metadata=metadata))
        return stripe_grant(tx, grant.id)


def touch_stripe_grant(
    engine: Engine, grant_id: str, *, metadata: Mapping[str, str] | None = None, actor: str
) -> StripeGrant:
    """Keep that a grant was changed at this moment, with other metadata where some is given."""
    with engine.begin() as tx:
        before = stripe_grant(tx, grant_id)
        at = engine.now_for(tx, tx.customers.get(before.grant.customer_id))
        after = replace(before.extras, updated_at=at, metadata=before.extras.metadata if metadata is None else metadata)
        tx.stripe.save(after)
        if metadata is not None:
            tx.audit.record(actor, "stripe_credit_grant.update", grant_id, at, before=before.extras, after=after)
        return stripe_grant(tx, grant_id)


def balances_by_scope(
    tx: UnitOfWork, engine: Engine, customer_id: str, *, items: Collection[str] = (), cards: Collection[str] = ()
) -> list[StripeBalance]:
    """Return what a customer has that can pay for some items, or for charges of some rate cards, by currency and unit.

    A grant counts that pays for one of them at least; all do where none is named.

    Raises:
        NotFound: there is no such customer.
    """
    grants = [one for one in tx.grants.all_of(customer_id) if one.status != "awaiting_payment"]
    meant = {one.id for one in grants if _is_within(one, items, cards)}
    currencies = sorted({one.amount.currency for one in grants if one.id in meant})
    return _balances(tx, engine, customer_id, meant, currencies)


def balance_of_grant(tx: UnitOfWork, engine: Engine, customer_id: str, grant_id: str) -> list[StripeBalance]:
    """Return what there is of one grant.

    Raises:
        NotFound: there is no such customer.
        UnknownCreditGrant: the customer has no such grant.
    """
    tx.customers.get(customer_id)
    grant = tx.grants.get_of(customer_id, grant_id)
    return _balances(tx, engine, customer_id, {grant.id}, [grant.amount.currency])


def told_movement(tx: UnitOfWork, movement_id: str) -> CreditMovement:
    """Return one change of what is left of a grant; what a charge holds is no change yet.

    Raises:
        NotFound: there is none with this id.
    """
    found = tx.grants.get_movement(movement_id)
    if found.kind in ("applied", "given_back") and found.invoice_id is None:
        raise NotFound(f"there is no movement of credit {movement_id[:64]!r}")
    return found


def _is_within(grant: CreditGrant, items: Collection[str], cards: Collection[str]) -> bool:
    return (not items or not grant.items or not set(items).isdisjoint(grant.items)) and (
        not cards or not grant.cards or not set(cards).isdisjoint(grant.cards)
    )


def _balances(
    tx: UnitOfWork, engine: Engine, customer_id: str, meant: Collection[str], currencies: Sequence[str]
) -> list[StripeBalance]:
    customer = tx.customers.get(customer_id)
    at = engine.now_for(tx, customer)
    grants = tx.grants.unused_of(customer_id)
    payables = pending_usage(tx, customer, at=at) if grants else ()
    units = tx.custom_units.find_all({one for one in currencies if is_unit(one)})
    return [
        StripeBalance(
            standing_of(grants, payables, currency, at=at, counts=lambda grant: grant.id in meant),
            units.get(currency),
        )
        for currency in currencies
    ]
