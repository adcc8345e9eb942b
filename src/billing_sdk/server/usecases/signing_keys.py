"""Which key signs, which keys verify, and how one follows another."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_sdk.server.signing import SigningKey
from billing_sdk.server.usecases.engine import Engine

# For so long may others keep the published keys; the next key has to be published for longer before it signs.
KEY_SET_MAX_AGE_SECONDS = 900
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
    settings = engine.settings
    activates_at = at + timedelta(seconds=KEY_SET_MAX_AGE_SECONDS)
    longest = max(settings.access_token_seconds, settings.id_token_seconds, settings.webhook_token_seconds)
    following = SigningKey.generate(at, activates_at=activates_at)
    with engine.begin() as tx:
        tx.keys.add(following)
        tx.keys.retire_others(following.kid, retires_at=activates_at + timedelta(seconds=longest) + RETIREMENT_MARGIN)
    return following


def _first_key(engine: Engine, at: datetime) -> SigningKey:
    with engine.begin() as tx:
        active = _active(tx.keys.list(at=at), at)
        if active is None:
            active = SigningKey.generate(at)
            tx.keys.add(active)
    return active


def _active(keys: tuple[SigningKey, ...], at: datetime) -> SigningKey | None:
    return next((key for key in keys if key.activates_at <= at), None)
