"""Subjects as OpenMeter clients know them: whoever events name, with a name for people, whether a customer or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from billing_sdk.errors import Conflict, NotFound
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.metering import checked_subject_key
from billing_sdk.server.ids import ULID, id_from_ulid, new_id, ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.create_account import create_account
from billing_sdk.server.usecases.engine import Engine


@dataclass(frozen=True, slots=True)
class KnownSubject:
    """Whom events name.

    Attributes:
        customer_id: whose usage its events are; None for nobody's.
        extras: what was said of it here; None of one that a customer was given elsewhere.
    """

    key: str
    customer_id: str | None
    extras: Extras | None

    @property
    def id(self) -> str:
        """Its id here; its key, where it has none."""
        return self.key if self.extras is None else ulid_of(self.extras.our_id)


def save_subject(engine: Engine, *, key: str, name: str | None, more: Mapping[str, Any], actor: str) -> KnownSubject:
    """Keep what is said of a subject, in the place of what was said before.

    Args:
        engine: within a call.
        key: what events name it by.
        name: what people read.
        more: whatever else is kept, in JSON's own types.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: nobody can go by the key.
    """
    key, at = checked_subject_key(key), engine.now()
    with engine.begin() as tx:
        before = tx.konnect.by_key("subject", key)
        extras = before or Extras("subject", new_id("subject"), created_at=at, updated_at=at, key=key)
        extras = replace(extras, updated_at=at, name=name, more=more)
        tx.konnect.save(extras)
        tx.audit.record(actor, "subject.save", extras.our_id, at, before=before, after=extras)
        return KnownSubject(key, _customer_of(tx, key), extras)


def find_subject(tx: UnitOfWork, name: str) -> KnownSubject:
    """Return the subject that an id or a key names.

    Raises:
        NotFound: there is none, and no customer goes by the key.
    """
    extras = tx.konnect.by_key("subject", name)
    if extras is None and ULID.fullmatch(name):
        extras = tx.konnect.find("subject", id_from_ulid("subject", name))
    if extras is not None and extras.key is not None and extras.deleted_at is None:
        return KnownSubject(extras.key, _customer_of(tx, extras.key), extras)
    customer_id = _customer_of(tx, name)
    if customer_id is None:
        raise NotFound("there is no such subject", entity="subject")
    return KnownSubject(name, customer_id, None)


def known_subjects(tx: UnitOfWork) -> list[KnownSubject]:
    """Return the subjects of which something was said, in the order in which that was."""
    extras = tx.konnect.list("subject")
    customers = tx.subjects.find_many([one.key for one in extras if one.key is not None])
    found = []
    for one in extras:
        key = one.key or ""
        found.append(KnownSubject(key, customers[key].customer_id if key in customers else None, one))
    return found


def drop_subject(engine: Engine, name: str, *, actor: str) -> None:
    """Forget what was said of a subject; its events stay.

    Raises:
        NotFound: there is none.
        Conflict: a customer goes by it.
    """
    at = engine.now()
    with engine.begin() as tx:
        found = find_subject(tx, name)
        if found.customer_id is not None or found.extras is None:
            raise Conflict("a customer goes by the subject", remedy="Take the key from the customer first.")
        tx.konnect.delete("subject", found.extras.our_id, at=at)
        tx.audit.record(actor, "subject.delete", found.extras.our_id, at, before=found.extras)


def customer_of_subject(engine: Engine, name: str, *, actor: str) -> Customer:
    """Return the customer that goes by a subject; a subject of nobody becomes a customer with its key.

    Raises:
        NotFound: there is no such subject.
    """
    with engine.read() as tx:
        found = find_subject(tx, name)
        if found.customer_id is not None:
            return tx.customers.get(found.customer_id)
    said = None if found.extras is None else found.extras.name
    return create_account(engine, key=found.key, name=said or found.key, actor=actor).customer


def _customer_of(tx: UnitOfWork, key: str) -> str | None:
    who = tx.subjects.find_many((key,)).get(key)
    return None if who is None else who.customer_id
