"""Create an account: an organization and its customer, with a key and the subjects that events call it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billing_sdk.errors import DuplicateKey
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.domain.metering import LONGEST_KEY
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.accounts import Account, account_of
from billing_sdk.server.usecases.become_customer import add_customer
from billing_sdk.server.usecases.create_organization import add_organization
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH, normal_email
from billing_sdk.server.usecases.subject_keys import give_subject_key
from billing_sdk.server.usecases.update_customer import update_customer


def create_account(
    engine: Engine,
    *,
    key: str,
    name: str,
    email: str | None = None,
    address: Address | None = None,
    subject_keys: Sequence[str] = (),
    description: str | None = None,
    labels: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    actor: str,
) -> Account:
    """Make an organization and its customer in one transaction.

    Events name it by its key, its ULID, or any of the subject keys.

    Args:
        engine: within a call, so that it all happens or nothing does.
        key: the seller's own name for it, which nobody else has.
        name: what it is called.
        email: where bills go.
        address: where it is.
        subject_keys: what events call it besides.
        description: for people.
        labels: for programs.
        more: whatever else this door keeps of it.
        actor: who does it, as the audit names them.

    Raises:
        DuplicateKey: another customer has the key.
        SubjectKeyTaken: events that have one of the keys count for another customer already.
        InvalidRequest: something of it can't be.
    """
    at = engine.now()
    with engine.begin() as tx:
        if tx.konnect.by_key("customer", key) is not None:
            raise DuplicateKey(f"there is a customer with the key {key!r} already", key=key)
        short = name.strip()[:MAX_NAME_LENGTH].strip()
        organization = add_organization(tx, name=short, source="api", at=at)
        billing_email = normal_email(email, "primary_email") if email else ""
        customer = add_customer(
            engine, tx, user_id=None, org_code=organization.code, billing_email=billing_email, actor=actor
        )
        extras = Extras(
            "customer",
            customer.id,
            created_at=at,
            updated_at=at,
            key=key,
            name=name.strip(),
            description=description,
            labels=labels or {},
            more={**(more or {}), "subject_keys": list(subject_keys)},
        )
        tx.konnect.save(extras)
        tx.audit.record(actor, "account.create", customer.id, at, after=extras)
    if address is not None:
        update_customer(engine, customer.id, address=address, actor=actor)
    for subject_key in dict.fromkeys((*subject_keys, key, ulid_of(customer.id))):
        if len(subject_key) <= LONGEST_KEY:
            give_subject_key(engine, customer.id, subject_key, actor=actor)
    with engine.read() as tx:
        return account_of(tx, customer.id)
