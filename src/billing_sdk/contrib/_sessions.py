"""Sessions and unfinished sign-ins, which stay on the server's side; the browser holds a random id and nothing else.

A store is called in the middle of a request, on the event loop in Starlette: it answers from memory or from the local
disk, in well under a millisecond. Whatever it is given as a key is a SHA-256, so a copy of a store opens no session.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from billing_sdk.auth import Owner, SignInTransaction, TokenSet

OUTSTANDING_SIGN_INS: Final = 8
# Anybody can start a sign-in, so their number has a bound; whoever floods it has to be faster than visitors sign in.
MOST_SIGN_INS: Final = 50_000


@dataclass(frozen=True, slots=True)
class SignedInUser:
    """Who is signed in, as far as the tokens tell; a bearer token tells the id alone."""

    id: str
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None

    @property
    def name(self) -> str:
        """What to call them."""
        return " ".join(filter(None, (self.given_name, self.family_name))) or self.email or self.id


@dataclass(frozen=True, slots=True)
class Renewal:
    """A renewal of a session's tokens that is under way.

    Attributes:
        by: the process that asks the provider.
        until: by then it has kept what it got, or has got nothing.
    """

    by: str
    until: datetime

    def write(self) -> dict[str, str]:
        """Return a record for a store."""
        return {"by": self.by, "until": self.until.isoformat()}

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Renewal:
        """Restore what `write` gave."""
        return cls(by=record["by"], until=datetime.fromisoformat(record["until"]))


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in, and on whose behalf.

    Attributes:
        issuer: who says so.
        org_code: the organization that the tokens were issued for.
        permissions: what they may do in it.
        tokens: never shown, never sent to the browser.
        expires_at: when they have to sign in again, whatever the tokens say.
        renewal: somebody asks for fresh tokens, so that nobody else takes a spent refresh token for a session's end.
        owner: the key under which entitlements are kept; another organization is another owner.
    """

    user: SignedInUser
    issuer: str
    org_code: str | None
    permissions: frozenset[str]
    tokens: TokenSet = field(repr=False)
    expires_at: datetime
    renewal: Renewal | None = field(default=None, repr=False)
    owner: Owner = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "owner", Owner(self.issuer, self.user.id, self.org_code))

    def write(self) -> dict[str, Any]:
        """Return a record for a store; it is secret."""
        return {
            "user": asdict(self.user),
            "issuer": self.issuer,
            "org_code": self.org_code,
            "permissions": sorted(self.permissions),
            "tokens": self.tokens.write(),
            "expires_at": self.expires_at.isoformat(),
            "renewal": None if self.renewal is None else self.renewal.write(),
        }

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Session:
        """Restore what `write` gave."""
        return cls(
            user=SignedInUser(**record["user"]),
            issuer=record["issuer"],
            org_code=record["org_code"],
            permissions=frozenset(record["permissions"]),
            tokens=TokenSet.restore(record["tokens"]),
            expires_at=datetime.fromisoformat(record["expires_at"]),
            renewal=None if record["renewal"] is None else Renewal.read(record["renewal"]),
        )


@dataclass(frozen=True, slots=True)
class StartedSignIn:
    """A sign-in that a browser has started."""

    transaction: SignInTransaction
    is_taken: bool = False


class SessionStore(Protocol):
    """Keeps sessions, and the sign-ins that lead to them.

    One that can't answer raises `Unreachable`: visitors are asked to come again, nobody is let in or signed out.
    """

    def find(self, key: str, at: datetime) -> Session | None:
        """Return a session that has not expired."""

    def save(self, key: str, session: Session) -> None:
        """Keep a session, in place of one with this key."""

    def replace(self, key: str, old: Session, new: Session | None) -> bool:
        """Keep a session in place of exactly this one, or forget that; in one step, whoever else writes.

        Returns:
            Whether the old one was there. If not, nothing has changed: it was dropped, or somebody was faster.
        """

    def drop(self, key: str) -> None:
        """Forget a session; nothing happens where there is none."""

    def start_sign_in(self, browser: str, transaction: SignInTransaction) -> None:
        """Keep a started sign-in; beyond 8 in one browser the oldest is forgotten."""

    def take_sign_in(self, browser: str, state: str) -> StartedSignIn | None:
        """Return a sign-in that this browser has started, and mark it as taken.

        Of any number of callers one gets it untaken.
        """


class MemorySessions:
    """Keeps everything in this process, and loses it with the process.

    Args:
        max_sessions: beyond this number the session that was used longest ago is forgotten.
        max_browsers: the same for browsers with unfinished sign-ins.
    """

    def __init__(self, *, max_sessions: int = 100_000, max_browsers: int = MOST_SIGN_INS) -> None:
        self._max_sessions = max_sessions
        self._max_browsers = max_browsers
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._browsers: OrderedDict[str, OrderedDict[str, StartedSignIn]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: str, at: datetime) -> Session | None:
        """Return a session that has not expired."""
        with self._lock:
            found = self._sessions.get(key)
            if found is None:
                return None
            if found.expires_at <= at:
                del self._sessions[key]
                return None
            self._sessions.move_to_end(key)
            return found

    def save(self, key: str, session: Session) -> None:
        """Keep a session, in place of one with this key."""
        with self._lock:
            self._sessions[key] = session
            self._sessions.move_to_end(key)
            while len(self._sessions) > self._max_sessions:
                self._sessions.popitem(last=False)

    def replace(self, key: str, old: Session, new: Session | None) -> bool:
        """Keep a session in place of exactly this one, or forget that; return whether it was there."""
        with self._lock:
            if self._sessions.get(key) != old:
                return False
            if new is None:
                del self._sessions[key]
            else:
                self._sessions[key] = new
            return True

    def drop(self, key: str) -> None:
        """Forget a session; nothing happens where there is none."""
        with self._lock:
            self._sessions.pop(key, None)

    def start_sign_in(self, browser: str, transaction: SignInTransaction) -> None:
        """Keep a started sign-in; beyond 8 in one browser the oldest is forgotten."""
        with self._lock:
            started = self._browsers.setdefault(browser, OrderedDict())
            self._browsers.move_to_end(browser)
            started[transaction.state] = StartedSignIn(transaction)
            while len(started) > OUTSTANDING_SIGN_INS:
                started.popitem(last=False)
            while len(self._browsers) > self._max_browsers:
                self._browsers.popitem(last=False)

    def take_sign_in(self, browser: str, state: str) -> StartedSignIn | None:
        """Return a sign-in that this browser has started, and mark it as taken."""
        with self._lock:
            started = self._browsers.get(browser, OrderedDict())
            found = started.get(state)
            if found is not None:
                started[state] = StartedSignIn(found.transaction, is_taken=True)
            return found
