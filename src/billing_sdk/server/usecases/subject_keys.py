"""Subject keys: give a customer a name that events go by, or take one away."""

from __future__ import annotations

from datetime import UTC, datetime

from billing_sdk.errors import InvalidRequest, NotFound
from billing_sdk.server.domain.metering import MOST_KEYS, checked_subject_key
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.subjects import SubjectKey
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.note_usage import note_usage

EVER_SINCE = datetime(1970, 1, 1, tzinfo=UTC)


def give_subject_key(engine: Engine, customer_id: str, key: str, *, actor: str = "operator") -> SubjectKey:
    """Have events count for a customer that name a key as their subject, also those that were kept until now.

    What has been billed already is adjusted, as for late usage. A key that the customer has is given once.

    Raises:
        NotFound: there is no such customer.
        InvalidRequest: the key is too long or not printable, or looks like an id; or the customer has 100 of them.
        SubjectKeyTaken: another customer goes by it.
    """
    key = checked_subject_key(key)
    with engine.begin() as tx:
        at = engine.now_for(tx, tx.customers.lock(customer_id))
        there = tx.subjects.keys_of(customer_id)
        for one in there:
            if one.key == key:
                return one
        if len(there) >= MOST_KEYS:
            raise InvalidRequest(f"a customer has at most {MOST_KEYS} subject keys", parameter="key")
        given = SubjectKey(key, customer_id, at)
        tx.subjects.add_key(given)
        _note(tx, customer_id)
        tx.audit.record(actor, "subject_key.give", customer_id, given.created_at, after=given._asdict())
    return given


def take_subject_key(engine: Engine, customer_id: str, key: str, *, actor: str = "operator") -> None:
    """Have events that name a key count for a customer no more, those of the past included.

    Raises:
        NotFound: there is no such customer, or it has no such key.
    """
    with engine.begin() as tx:
        at = engine.now_for(tx, tx.customers.lock(customer_id))
        found = next((one for one in tx.subjects.keys_of(customer_id) if one.key == key), None)
        if found is None:
            raise NotFound(f"the customer has no subject key {key[:64]!r}", parameter="key")
        tx.subjects.remove_key(key)
        _note(tx, customer_id)
        tx.audit.record(actor, "subject_key.take", customer_id, at, before=found._asdict())


def _note(tx: UnitOfWork, customer_id: str) -> None:
    note_usage(tx, customer_id, {meter.event_type for meter in tx.meters.all()}, since=EVER_SINCE)
