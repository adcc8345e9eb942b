"""Update an account: what the Konnect door says of a customer takes the place of what was there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from billing_sdk.errors import Conflict
from billing_sdk.server.domain.customers import Address
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.accounts import Account, account_of, live_account
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import MAX_NAME_LENGTH, normal_email
from billing_sdk.server.usecases.subject_keys import give_subject_key, take_subject_key
from billing_sdk.server.usecases.update_customer import update_customer
from billing_sdk.server.usecases.update_organization import update_organization


def update_account(
    engine: Engine,
    customer_id: str,
    *,
    name: str,
    email: str | None = None,
    address: Address | None = None,
    subject_keys: Sequence[str] = (),
    description: str | None = None,
    labels: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
    actor: str,
) -> Account:
    """Replace all that this door knows of a customer, but for its key; arguments as those of `create_account`.

    Raises:
        NotFound: there is no such customer.
        Gone: it was deleted.
        Conflict: the subject keys are others than before, and it has a live agreement.
        SubjectKeyTaken: events that have one of the keys count for another customer already.
        InvalidRequest: something of it can't be.
    """
    at = engine.now()
    with engine.begin() as tx:
        tx.customers.lock(customer_id)
        before = live_account(tx, customer_id)
        taken, given = {*before.subject_keys} - {*subject_keys}, {*subject_keys} - {*before.subject_keys}
        if taken or given:
            _check_no_agreement(tx, customer_id)
        extras = replace(
            before.extras,
            updated_at=at,
            name=name.strip(),
            description=description,
            labels=labels or {},
            more={**(more or {}), "subject_keys": list(subject_keys)},
        )
        tx.konnect.save(extras)
        tx.audit.record(actor, "account.update", customer_id, at, before=before.extras, after=extras)
    if before.customer.org_code is not None and before.name != name.strip():
        short = name.strip()[:MAX_NAME_LENGTH].strip()
        update_organization(engine, code=before.customer.org_code, name=short)
    if email:
        normal_email(email, "primary_email")
        update_customer(engine, customer_id, address=address, billing_email=email, actor=actor)
    else:
        update_customer(engine, customer_id, address=address, actor=actor)
    for key in sorted(taken - {before.key}):
        take_subject_key(engine, customer_id, key, actor=actor)
    for key in sorted(given - {before.key}):
        give_subject_key(engine, customer_id, key, actor=actor)
    with engine.read() as tx:
        return account_of(tx, customer_id)


def _check_no_agreement(tx: UnitOfWork, customer_id: str) -> None:
    if tx.agreements.live_of(customer_id):
        raise Conflict(
            "the subject keys of a customer with an active subscription can't change",
            parameter="usage_attribution.subject_keys",
            remedy="Send those that it has, or end its subscriptions first.",
        )
