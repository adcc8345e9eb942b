"""Payment methods as the Stripe door has them: made first, of nobody, and attached to a customer later.

One that is of nobody yet is kept by the gateway, and known here by its token; once it is attached it is a payment
method like any other, with the same id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.gateways import CardEntry, StoredCard
from billing_sdk.server.gateways.test_tokens import TEST_TOKENS
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.stripe_objects import StripeObject
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.gateway_of import current_gateway
from billing_sdk.server.usecases.keep_method import keep_method
from billing_sdk.server.usecases.payment_methods import choose_method, remove_method
from billing_sdk.server.usecases.stripe_customers import live_stripe_customer

KIND: Final = "payment_method"
# What a test card that only a token stands for has besides its number.
VALID_YEARS = 3
VALID_CODE = "123"


@dataclass(frozen=True, slots=True)
class StripeMethod:
    """A payment method as the door knows it: the engine's where it is, or was, somebody's; else what is kept of it."""

    extras: StripeObject
    method: PaymentMethod | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return self.extras.our_id

    @property
    def customer_id(self) -> str | None:
        """Whose it is; None where it is nobody's, or nobody's any more."""
        return None if self.method is None or self.method.detached_at is not None else self.method.customer_id


def find_stripe_method(tx: UnitOfWork, method_id: str) -> StripeMethod:
    """Return a payment method.

    Raises:
        NotFound: there is no such payment method.
    """
    extras = tx.stripe.find(KIND, method_id)
    method = tx.customers.list_payment_methods([method_id]).get(method_id)
    if extras is None and method is None:
        raise NotFound("there is no such payment method", entity=KIND)
    return StripeMethod(extras or _unknown_to_door(method), method)


def stripe_methods_of(tx: UnitOfWork, customer_id: str) -> list[StripeMethod]:
    """Return what a customer can be charged by, the newest first.

    Raises:
        NotFound: there is no such customer, or not any more.
    """
    live_stripe_customer(tx, customer_id)
    methods = tx.customers.methods_of(customer_id)
    known = tx.stripe.find_many(KIND, [method.id for method in methods])
    return [StripeMethod(known.get(one.id) or _unknown_to_door(one), one) for one in reversed(methods)]


def create_stripe_method(
    engine: Engine,
    *,
    card: CardEntry | str,
    billing_details: Mapping[str, Any],
    metadata: Mapping[str, str],
    actor: str,
) -> StripeMethod:
    """Let the gateway keep a card that is nobody's yet.

    Args:
        engine: the engine.
        card: as it is typed in, or the token of a test card.
        billing_details: whatever else was sent of its holder.
        metadata: for programs.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: no test card has such a token.
        CardRefused: the gateway does not take such a card.
        CardDeclined: the bank refuses the card.
    """
    gateway = current_gateway(engine)
    stored = gateway.store_card(_entry_of(engine, card) if isinstance(card, str) else card)
    at = engine.now()
    kept = {
        "token": stored.token,
        "gateway": gateway.kind,
        "brand": stored.brand,
        "last4": stored.last4,
        "exp_month": stored.exp_month,
        "exp_year": stored.exp_year,
    }
    data = {"billing_details": dict(billing_details), "kept": kept}
    extras = StripeObject(KIND, new_id("card"), at, at, data=data, metadata=metadata)
    with engine.begin() as tx:
        tx.stripe.save(extras)
        tx.audit.record(actor, "stripe_payment_method.create", extras.our_id, at, after={"last4": stored.last4})
    return StripeMethod(extras)


def attach_stripe_method(engine: Engine, customer_id: str, reference: str, *, actor: str) -> StripeMethod:
    """Make a payment method a customer's; its first one is what it is charged by from now on.

    Args:
        engine: the engine.
        customer_id: whose it becomes.
        reference: its id, or the token of a test card, of which a new one is made.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such payment method, or no such customer.
        InvalidRequest: it is somebody else's, or was somebody's before.
        CardRefused, CardDeclined: as for `create_stripe_method`.
    """
    with engine.read() as tx:
        live_stripe_customer(tx, customer_id)
    if reference in TEST_TOKENS:
        made = create_stripe_method(engine, card=reference, billing_details={}, metadata={}, actor=actor)
        reference = made.id
    with engine.begin() as tx:
        customer = live_stripe_customer(tx, customer_id).customer
        found = find_stripe_method(tx, reference)
        if found.customer_id == customer_id:
            return found
        if found.method is not None or found.extras.deleted_at is not None:
            raise InvalidRequest(
                "the payment method is another customer's, or was detached and can't be used again",
                parameter=KIND,
                remedy="Make a new payment method.",
            )
        kept = dict(found.extras.data["kept"])
        stored = StoredCard(**{name: value for name, value in kept.items() if name != "gateway"})
        method = keep_method(
            tx,
            customer_id=customer_id,
            stored=stored,
            gateway=kept["gateway"],
            at=engine.now_for(tx, customer),
            now=engine.now(),
            leads=False,
            method_id=reference,
            actor=actor,
        )
        data = {name: value for name, value in found.extras.data.items() if name != "kept"}
        tx.stripe.save(replace(found.extras, data=data, updated_at=engine.now()))
        return find_stripe_method(tx, method.id)


def unattached(engine: Engine, reference: str, *, actor: str) -> str:
    """Return the id of a payment method that can become a new customer's; the token of a test card makes one.

    Raises:
        NotFound: there is no such payment method, or it is, or was, somebody's.
        CardRefused, CardDeclined: as for `create_stripe_method`.
    """
    if reference in TEST_TOKENS:
        return create_stripe_method(engine, card=reference, billing_details={}, metadata={}, actor=actor).id
    with engine.read() as tx:
        found = find_stripe_method(tx, reference)
    if found.method is not None or found.extras.deleted_at is not None:
        raise NotFound("the payment method is, or was, another customer's", entity=KIND, parameter=KIND)
    return found.id


def method_for(engine: Engine, customer_id: str, reference: str, *, actor: str) -> PaymentMethod:
    """Return the payment method of a customer that a request means; one that is nobody's yet becomes the customer's.

    Args:
        engine: the engine.
        customer_id: whose it is, or becomes.
        reference: its id, or the token of a test card.
        actor: who does it, as the audit names them.

    Raises:
        NotFound: there is no such payment method, or it is another customer's.
        CardRefused, CardDeclined: as for `create_stripe_method`.
    """
    try:
        found = attach_stripe_method(engine, customer_id, reference, actor=actor)
    except InvalidRequest as error:
        raise NotFound(error.detail, remedy=error.remedy, entity=KIND, parameter=KIND) from None
    assert found.method is not None  # noqa: S101 - it is the customer's now
    return found.method


def detach_stripe_method(engine: Engine, method_id: str, *, actor: str) -> StripeMethod:
    """Charge nobody by a payment method any more.

    Raises:
        NotFound: there is no such payment method.
        InvalidRequest: it is nobody's.
        Conflict: the outcome of a charge to it is not known yet.
    """
    with engine.read() as tx:
        found = find_stripe_method(tx, method_id)
    if found.customer_id is None:
        raise InvalidRequest("the payment method is not attached to a customer", parameter=KIND)
    remove_method(engine, customer_id=found.customer_id, method_id=method_id, actor=actor)
    with engine.read() as tx:
        return find_stripe_method(tx, method_id)


def update_stripe_method(
    engine: Engine,
    method_id: str,
    *,
    billing_details: Mapping[str, Any],
    metadata: Mapping[str, str],
    actor: str,
) -> StripeMethod:
    """Replace what the door keeps of a payment method.

    Raises:
        NotFound: there is no such payment method.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = find_stripe_method(tx, method_id)
        data = {**before.extras.data, "billing_details": dict(billing_details)}
        tx.stripe.save(replace(before.extras, data=data, metadata=metadata, updated_at=at))
        tx.audit.record(actor, "stripe_payment_method.update", method_id, at, after={"metadata": dict(metadata)})
        return find_stripe_method(tx, method_id)


def charge_by(engine: Engine, customer_id: str, reference: str, *, actor: str) -> None:
    """Charge a customer by a payment method from now on; errors as those of `method_for`."""
    method = method_for(engine, customer_id, reference, actor=actor)
    choose_method(engine, customer_id=customer_id, method_id=method.id, actor=actor)


def _entry_of(engine: Engine, token: str) -> CardEntry:
    number = TEST_TOKENS.get(token)
    if number is None:
        raise NotFound(f"No such payment method: '{token[:80]}'", entity=KIND, parameter=KIND)
    return CardEntry(number, exp_month=12, exp_year=engine.now().year + VALID_YEARS, cvc=VALID_CODE)


def _unknown_to_door(method: PaymentMethod | None) -> StripeObject:
    """Return what the door knows of a payment method that was made elsewhere."""
    assert method is not None  # noqa: S101 - or else there is no such payment method
    return StripeObject(KIND, method.id, method.created_at, method.created_at)
