"""Make and change the profiles of those who pay billing cadences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.collection import PayerProfile, PayerStatus
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine

# Where a payment method is named, at every door that has profiles of payers.
METHOD: Final = "default_payment_method"


def create_payer(
    engine: Engine,
    *,
    customer_id: str,
    name: str | None = None,
    payment_method_id: str | None = None,
    lookup_key: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> PayerProfile:
    """Make a profile that says by what a customer's cadences are paid.

    Raises:
        NotFound: there is no such customer, or it has no such payment method.
        LookupKeyTaken: another profile of the customer has the lookup key.
        InvalidRequest: a label is out of its bounds.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        check_method(tx, customer.id, payment_method_id)
        at = engine.now_for(tx, customer)
        profile = PayerProfile(
            id=new_id("payer"),
            customer_id=customer.id,
            created_at=at,
            name=name,
            payment_method_id=payment_method_id,
            lookup_key=lookup_key,
            metadata=dict(metadata or {}),
        )
        tx.payer_profiles.add(profile)
        tx.audit.record(actor, "payer_profile.create", profile.id, at, after=profile)
    return profile


def update_payer(
    engine: Engine,
    profile_id: str,
    *,
    name: str | None = None,
    payment_method_id: str | None = None,
    lookup_key: str | None = None,
    status: PayerStatus | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: str = "api",
) -> PayerProfile:
    """Change what is given and leave the rest; an empty name, payment method or lookup key takes it away.

    Raises:
        UnknownPayerProfile: there is none with this id.
        NotFound: the customer has no such payment method.
        LookupKeyTaken: another profile of the customer has the lookup key.
        InvalidRequest: a label is out of its bounds.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(tx.payer_profiles.get(profile_id).customer_id)
        before = tx.payer_profiles.get(profile_id)
        check_method(tx, customer.id, payment_method_id or None)
        given = {"name": name, "payment_method_id": payment_method_id, "lookup_key": lookup_key}
        after = replace(
            before,
            **{field: value or None for field, value in given.items() if value is not None},  # type: ignore[arg-type]  # each is text or None
            status=status or before.status,
            metadata=before.metadata if metadata is None else dict(metadata),
        )
        tx.payer_profiles.save(after)
        at = engine.now_for(tx, customer)
        tx.audit.record(actor, "payer_profile.update", after.id, at, before=before, after=after)
    return after


def check_method(tx: UnitOfWork, customer_id: str, method_id: str | None) -> None:
    """Let a payment method pass that a customer has; None passes as well.

    Raises:
        NotFound: the customer has no such payment method.
    """
    if method_id is not None and all(method.id != method_id for method in tx.customers.methods_of(customer_id)):
        raise NotFound(
            f"the customer has no payment method {method_id[:64]!r}", entity="payment_method", parameter=METHOD
        )
