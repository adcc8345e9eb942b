"""API tokens: make one for a program, revoke it, and tell whose token it is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from billing_sdk._secret import Secret
from billing_sdk.errors import InvalidRequest, Unauthenticated
from billing_sdk.server.ids import digest_of, new_id, new_secret
from billing_sdk.server.storage.api_tokens import ApiToken
from billing_sdk.server.usecases.callers import STALE_SECONDS, Caller, token_digest
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.register_application import MANAGEMENT_SCOPES
from billing_sdk.server.usecases.verify_access_token import authenticate_machine

TokenPrefix = Literal["kpat", "spat", "om", "sk"]
PREFIXES: tuple[TokenPrefix, ...] = ("kpat", "spat", "om", "sk")
LONGEST_NAME = 256
# Whoever looks at a key learns whether it is needed; a write for each call would cost more than it tells.
USE_NOTED_EVERY = timedelta(hours=1)


class NewToken(NamedTuple):
    """A token, the only time that anybody sees it, and what is kept of it."""

    secret: Secret
    token: ApiToken


def create_api_token(
    engine: Engine,
    *,
    name: str,
    scopes: Collection[str] = (),
    prefix: TokenPrefix = "kpat",
    expires_at: datetime | None = None,
    actor: str = "operator",
) -> NewToken:
    """Make a token.

    Args:
        engine: the engine.
        name: what it is for.
        scopes: what it allows; everything where none is named.
        prefix: what it begins with: of a person, of a system account, or as clients of OpenMeter or Stripe expect it.
            The environment follows `sk`.
        expires_at: None where it lives until it is revoked.
        actor: who does it, as the audit names them.

    Raises:
        InvalidRequest: it has no name, or one that is too long; or there is no such scope.
    """
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidRequest(f"the name of a token has 1 to {LONGEST_NAME} printable characters", parameter="name")
    if unknown := sorted({*scopes} - {*MANAGEMENT_SCOPES}):
        raise InvalidRequest(f"there is no scope {unknown[0][:64]!r}", parameter="scopes")
    begins = f"sk_{engine.settings.environment}" if prefix == "sk" else prefix
    secret = Secret(f"{begins}_{new_secret()}")
    token = ApiToken(
        id=new_id("token"),
        digest=digest_of(secret.reveal()),
        name=name,
        scopes=tuple(sorted(scopes or MANAGEMENT_SCOPES)),
        created_at=engine.now(),
        expires_at=expires_at,
    )
    with engine.begin() as tx:
        tx.api_tokens.add(token)
        tx.audit.record(actor, "api_token.create", token.id, token.created_at, after=token)
    return NewToken(secret, token)


def revoke_api_token(engine: Engine, token_id: str, *, actor: str = "operator") -> ApiToken:
    """Let a token open nothing any more, within a second everywhere.

    Raises:
        NotFound: there is no such token.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.api_tokens.get(token_id)
        if before.revoked_at is None:
            tx.api_tokens.revoke(token_id, at=at)
            tx.audit.record(actor, "api_token.revoke", token_id, at, before=before)
        return tx.api_tokens.get(token_id)


def authenticate_program(engine: Engine, *, token: str) -> Caller:
    """Return the program whose token it is: an API token, or the access token of a machine.

    Raises:
        Unauthenticated: the token is unknown, expired or revoked, or not for this API.
    """
    if token.partition("_")[0] not in PREFIXES:
        return authenticate_machine(engine, token=token)
    at = engine.now()
    with engine.read() as tx:
        found = tx.api_tokens.find(digest_of(token))
    if found is None or not found.is_good(at):
        engine.machines.forget(_known_as(token))
        raise Unauthenticated("the API token is not valid", remedy="Make a new token and send the request again.")
    if found.last_used_at is None or at - found.last_used_at >= USE_NOTED_EVERY:
        with engine.apart() as tx:
            tx.api_tokens.note_use(found.id, at=at)
    caller = Caller("machine", None, None, client_id=found.id, scopes=frozenset(found.scopes), jti=found.id)
    ends = at.timestamp() + STALE_SECONDS if found.expires_at is None else found.expires_at.timestamp()
    engine.machines.remember(_known_as(token), caller, expires_at=ends, at=at)
    return caller


def recall_program(engine: Engine, *, token: str) -> Caller | None:
    """Return the program that `authenticate_program` has found to have a token a moment ago; it may be asked anywhere.

    None means that the token has to be looked up. What was revoked is seen within `STALE_SECONDS`.
    """
    name = _known_as(token) if token.partition("_")[0] in PREFIXES else token
    return engine.machines.recall(token_digest(name), at=engine.now())


def _known_as(token: str) -> str:
    """Return what an API token is remembered by: doors that take access tokens only don't find it."""
    return f"api:{token}"
