"""Who asks: the session that a cookie names, or the holder of a bearer token.

A request with an `Authorization` header is an API client's, and its cookies are not looked at. An access token that
runs out is renewed once, however many requests notice it; where the server can't be reached the session stays, and
the gate decides what an unchecked one is worth.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from billing_sdk._operation import Flow, Spawn, within
from billing_sdk.auth import AccessClaims, TokenSet
from billing_sdk.contrib._application import Application
from billing_sdk.contrib._sessions import Renewal, Session, SignedInUser
from billing_sdk.contrib._visit import Visit
from billing_sdk.entitlements import LONGEST_WAIT_SECONDS
from billing_sdk.errors import BillingError, TokenError, UnknownKey, Unreachable

LOG = logging.getLogger("billing_sdk.contrib")
# Renewed this long before its end, so that a token does not run out on the way to the server.
RENEWAL_SECONDS: Final = 30
# Ten seconds for the tokens and five for keys, and as much again for a machine that is busy.
LONGEST_RENEWAL: Final = timedelta(seconds=30)


def session_at_hand(application: Application, visit: Visit, at: datetime | None = None) -> Session | None:
    """Return the session of whoever asks, as far as it is known without asking anybody; now, if no instant is given."""
    if visit.looked_up_by is application:
        return visit.session
    visit.session, visit.looked_up_by = None, None
    if not visit.header("authorization"):
        visit.session, visit.looked_up_by = stored_session(application, visit, at), application
    return visit.session


def stored_session(application: Application, visit: Visit, at: datetime | None = None) -> Session | None:
    """Return the session that the cookie names, if it is one with this application's own issuer."""
    key = session_key(application, visit)
    found = application.sessions.find(key, at or application.now()) if key else None
    # A store and a secret may be shared; what another issuer says of somebody opens nothing here.
    return found if found is not None and found.issuer == application.client.config.issuer else None


def session_key(application: Application, visit: Visit) -> str | None:
    """Return the key of the session that the cookie names; None without a cookie that this application signed."""
    return application.session_cookie.key_in(visit.header("cookie"))


def who_asks(application: Application, visit: Visit) -> Flow[Session | None]:
    """Return whoever asks, with an access token that is still valid where the server can be reached.

    Raises:
        BillingError: a bearer token can't be checked, because the server's keys can't be fetched.
    """
    if credentials := visit.header("authorization"):
        if visit.looked_up_by is not application:
            visit.session = yield from bearer(application, credentials)
            visit.looked_up_by = application
        return visit.session
    session = session_at_hand(application, visit)
    if session is not None and session.tokens.ends_within(RENEWAL_SECONDS, at=application.now()):
        visit.session = yield from renewed(application, visit, session)
    return visit.session


def bearer(application: Application, credentials: str) -> Flow[Session | None]:
    """Return the holder of a bearer token (RFC 6750, section 2.1); None where it is not valid.

    A token that its holder gave to another application of the issuer is not valid here: that application could
    act as its visitors otherwise (RFC 9700, section 2.3).
    """
    scheme, _, token = credentials.partition(" ")
    if scheme.lower() != "bearer":
        return None
    try:
        access = yield from application.client.tokens.verify_access.flow(token)
        is_for_us = not access.parties.isdisjoint(application.client.config.bearer_parties)
    except TokenError:
        return None
    if not is_for_us:
        LOG.warning("a bearer token was issued to another application: %r", access.azp)
        return None
    tokens = TokenSet(access_token=token, expires_at=access.expires_at)
    return Session(user_of(access), access.iss, access.org_code, access.permissions, tokens, access.expires_at)


def user_of(access: AccessClaims) -> SignedInUser:
    """Return what an access token tells of a person."""
    email = access.raw.get("email")
    return SignedInUser(access.sub, email=email if isinstance(email, str) else None)


def renewed(application: Application, visit: Visit, session: Session) -> Flow[Session | None]:
    """Return the session with a fresh access token; None where the provider does not renew it.

    While the server does not answer the session stays as it is, and is renewed in the background.
    """
    if session.tokens.refresh_token is None and session.tokens.expires_at > application.now():
        return session
    outage = application.snapshots.outage
    if outage.failure is None:
        return (yield from renew(application, visit, session))
    if outage.may_try():
        yield from Spawn(lambda: within(LONGEST_WAIT_SECONDS, renew(application, visit, session)))
    return session


def renew(application: Application, visit: Visit, session: Session) -> Flow[Session | None]:
    """Ask the provider for a fresh access token, and keep it."""
    key = session_key(application, visit)
    kept = begin_renewal(application, key, session) if key else None
    if key is None or kept is None or is_renewed(kept, session):
        return kept
    sent = kept.tokens
    try:
        tokens = yield from application.client.login.refresh.flow(
            sent, keep=lambda received: keep_refresh_token(application, key, received)
        )
        access = yield from access_of(application, kept, tokens)
    except UnknownKey as error:
        # The issuer has new keys and may not be asked for them yet: nothing is wrong with the tokens or the session.
        LOG.warning("a renewed session can't be verified yet: %s", error.code)
        return application.sessions.find(key, application.now())
    except TokenError:
        return unless_renewed_by_another(application, key, kept)
    except BillingError as error:
        LOG.warning("a session can't be renewed: %s", error.code)
        application.snapshots.outage.note(error)
        return kept
    application.snapshots.outage.end()
    if (access.iss, access.sub) != (session.issuer, session.user.id):
        LOG.error("a renewed token is somebody else's: %r, not %r", access.sub, session.user.id)
        end_session(application, visit)
        return None
    org_code, permissions = access.org_code, access.permissions
    fresh = replace(kept, tokens=tokens, org_code=org_code, permissions=permissions, renewal=None)
    return finish_renewal(application, key, session, fresh)


def begin_renewal(application: Application, key: str, session: Session) -> Session | None:
    """Put on record that this process renews a session, unless another one does; return what the store has."""
    at, sessions = application.now(), application.sessions
    kept = sessions.find(key, at)
    if kept is None or is_renewed(kept, session) or (kept.renewal is not None and kept.renewal.until > at):
        return kept
    begun = replace(kept, renewal=Renewal(application.process, at + LONGEST_RENEWAL))
    return begun if sessions.replace(key, kept, begun) else sessions.find(key, at)


def keep_refresh_token(application: Application, key: str, received: TokenSet) -> None:
    """Keep a new refresh token, whatever becomes of the tokens that came with it: the old one is spent."""
    try:
        kept = application.sessions.find(key, application.now())
        if kept is not None:
            fresh = replace(kept, tokens=received)
            if not is_renewed(kept, fresh):
                application.sessions.replace(key, kept, fresh)
    except Unreachable:
        # The renewal goes on; what it brings is kept in this process for half a minute, and stored by the next request.
        LOG.exception("a new refresh token can't be stored")


def finish_renewal(application: Application, key: str, session: Session, fresh: Session) -> Session | None:
    """Keep a renewed session; whoever has signed out in the meantime stays signed out."""
    at, sessions = application.now(), application.sessions
    kept = sessions.find(key, at)
    if kept is None or is_renewed(kept, session):
        return kept
    return fresh if sessions.replace(key, kept, fresh) else sessions.find(key, at)


def unless_renewed_by_another(application: Application, key: str, session: Session) -> Session | None:
    """End a session whose refresh token is no longer good, unless that is because another process has used it."""
    at, sessions = application.now(), application.sessions
    kept = sessions.find(key, at)
    if kept is None or is_renewed(kept, session):
        return kept
    renewal = kept.renewal
    if renewal is not None and renewal.by != application.process and renewal.until > at:
        LOG.info("a session is being renewed by another process")
        return kept
    return None if sessions.replace(key, kept, None) else sessions.find(key, at)


def is_renewed(kept: Session, session: Session) -> bool:
    """Whether the store has another access token than a session that was read from it before."""
    now, before = kept.tokens, session.tokens
    return (now.access_token, now.expires_at) != (before.access_token, before.expires_at)


def access_of(application: Application, session: Session, tokens: TokenSet) -> Flow[AccessClaims]:
    """Return what a renewed access token says; an opaque one says nothing, as at the sign-in."""
    if tokens.access_token.count(".") != 2:
        at, ends = application.now(), tokens.expires_at
        return AccessClaims(iss=session.issuer, sub=session.user.id, exp=int(ends.timestamp()), iat=int(at.timestamp()))
    return (yield from application.client.tokens.verify_access.flow(tokens.access_token))


def end_session(application: Application, visit: Visit) -> None:
    """Forget the session that the cookie names; whoever sent a bearer token has none."""
    if not visit.header("authorization") and (key := session_key(application, visit)):
        try:
            application.sessions.drop(key)
        except Unreachable:
            LOG.exception("a session that has ended can't be forgotten")
