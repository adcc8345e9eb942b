"""Change what is known of a customer: where it is, its tax ids, its language, and its billing profile."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, TypedDict, Unpack

from billing_sdk.server.domain.customers import Address, Customer, checked_tax_ids
from billing_sdk.server.usecases.bill_customer import look_at_held
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.parties import keep_customer
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.versions import check_version

ON_PAPER = ("address", "tax_ids", "billing_email")


class CustomerFields(TypedDict, total=False):
    """What can change; None takes away what was there."""

    billing_email: str | None
    address: Address | None
    tax_ids: tuple[str, ...]
    language: str | None
    profile_id: str | None


def update_customer(
    engine: Engine,
    customer_id: str,
    *,
    versions: Collection[str] | None = None,
    actor: str = "operator",
    **fields: Unpack[CustomerFields],
) -> Customer:
    """Change what is given and leave the rest; it counts for invoices that are made from now on.

    Raises:
        PreconditionFailed: it is in none of the versions (`version_of`) that the caller knows.
        NotFound: there is no such customer.
        UnknownProfile: there is no such billing profile.
        InvalidAddress, InvalidTaxId, InvalidRequest: something of it can't be.
    """
    changes: dict[str, Any] = {**fields}
    if "billing_email" in fields:
        email = fields["billing_email"]
        changes["billing_email"] = "" if email is None else normal_email(email, "billing_email")
    if "tax_ids" in fields:
        changes["tax_ids"] = checked_tax_ids(fields["tax_ids"])
    with engine.begin() as tx:
        before = tx.customers.lock(customer_id)
        check_version(before, versions)
        profile_id = fields.get("profile_id")
        if profile_id is not None:
            tx.billing_profiles.lock()  # nobody deletes it meanwhile
            tx.billing_profiles.get(profile_id)
        customer = replace(before, **changes)
        if customer == before:
            return customer
        if any(getattr(before, name) != getattr(customer, name) for name in ON_PAPER):
            keep_customer(tx, engine, before)
        tx.customers.save(customer)
        if customer.address is not None and customer.address != before.address:
            look_at_held(tx, customer, at=engine.now_for(tx, customer))
        tx.audit.record(actor, "customer.update", customer.id, engine.now(), before=before, after=customer)
    return customer
