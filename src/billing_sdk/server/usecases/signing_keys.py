"""Which key signs, which keys verify, and how one follows another."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from billing_sdk.errors import NotFound
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.usecases.engine import Engine

# For so long may others keep the published keys. The next key is published for longer before it signs: an answer
# without it may still be on its way when it is added, and their clock may be slow.
KEY_SET_MAX_AGE_SECONDS = 900
PUBLICATION_MARGIN = timedelta(minutes=5)
# A retry of a webhook and a clock that is off are no reason to refuse what an old key has signed.
RETIREMENT_MARGIN = timedelta(hours=24)


def current_key(engine: Engine) -> SigningKey:
    """Return the key that signs now; the first call on a new database makes one."""
    at = engine.now()
    with engine.read() as tx:
        active = _active(tx.keys.list(at=at), at)
    return active or _first_key(engine, at)


def published_keys(engine: Engine) -> tuple[SigningKey, ...]:
    """Return the keys that somebody may have to verify with: those that signed, the one that signs, the next."""
    with engine.read() as tx:
        return tx.keys.list(at=engine.now())


def rotate_key(engine: Engine) -> SigningKey:
    """Publish the next key, and return it.

    It signs once everybody who keeps the published keys has had to fetch them again. The keys before it are
    accepted for the longest life of a token and a day after that, then they are no longer published.
    """
    at = engine.now()
    activates_at = at + timedelta(seconds=KEY_SET_MAX_AGE_SECONDS) + PUBLICATION_MARGIN
    following = SigningKey.generate(at, activates_at=activates_at)
    with engine.begin() as tx:
        tx.keys.add(following)
        tx.keys.retire_others(following.kid, retires_at=_end_before(engine, following))
        tx.audit.record("operator", "key.rotate", following.kid, at, after={"activates_at": activates_at})
    return following


def purge_key(engine: Engine, *, kid: str) -> SigningKey:
    """Withdraw a key that somebody else may have, and return the one that signs from now on.

    Nothing that the key has signed is accepted here from this moment. Whoever keeps the published keys may accept it
    until those are `KEY_SET_MAX_AGE_SECONDS` old. Where no other key is left a new one signs at once, which they do
    not know yet either; whoever looks an unknown key up again, as our own SDK does, notices nothing.

    Raises:
        NotFound: there is no such key.
    """
    at = engine.now()
    with engine.begin() as tx:
        keys = tx.keys.list(at=at)
        if all(key.kid != kid for key in keys):
            raise NotFound(
                f"there is no signing key {kid[:64]!r}", remedy="`billing-sdk keys list` shows those there are."
            )
        tx.keys.remove(kid)
        left = tuple(key for key in keys if key.kid != kid)
        active = _active(left, at)
        if active is None:
            active = SigningKey.generate(at)
            if left:  # the next one is waiting, and takes over from this one as it would have from the other
                active = replace(active, retires_at=_end_before(engine, left[-1]))
            tx.keys.add(active)
        elif all(key.retires_at is not None for key in left):
            tx.keys.keep(active.kid)  # it was to make way for the one that is gone
        tx.audit.record("operator", "key.purge", kid, at, after={"signs_now": active.kid})
    return active


def reseal(engine: Engine) -> int:
    """Seal every secret in the database with the key that seals now, and return how many were sealed anew."""
    with engine.begin() as tx:
        sealed = (tx.keys, tx.seeds, tx.idempotency, tx.payment_apps, tx.endpoints, tx.mails)
        count = sum(kept.reseal() for kept in sealed)
        tx.audit.record("operator", "secrets.reseal", "database", engine.now(), after={"count": count})
    return count


def _end_before(engine: Engine, following: SigningKey) -> datetime:
    """Return when the key before another is no longer accepted: nothing that it has signed is valid any more."""
    settings = engine.settings
    longest = max(settings.access_token_seconds, settings.id_token_seconds, settings.webhook_token_seconds)
    return following.activates_at + timedelta(seconds=longest) + RETIREMENT_MARGIN


def _first_key(engine: Engine, at: datetime) -> SigningKey:
    with engine.begin() as tx:
        active = _active(tx.keys.list(at=at), at)
        if active is None:
            active = SigningKey.generate(at)
            tx.keys.add(active)
    return active


def _active(keys: tuple[SigningKey, ...], at: datetime) -> SigningKey | None:
    return next((key for key in keys if key.activates_at <= at), None)
