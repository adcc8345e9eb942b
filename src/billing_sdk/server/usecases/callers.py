"""Who calls an API, and the machines of which that was found out a moment ago.

To verify a token costs a signature and several reads. A machine that sends events sends the same token thousands of
times a second, so what was found is kept, in memory, for a second at the most: a token that is revoked and a key that
is withdrawn are refused within that second, whichever process revoked or withdrew them.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

MOST_MACHINES = 10_000
# For so long may somebody be let in after a revocation.
STALE_SECONDS = 1.0
# From this age on one of those who ask looks again, while the others are let in: they don't all look at once.
RENEWED_AFTER_SECONDS = 0.5
# From 2,048 octets on, hashlib lets go of the interpreter's lock, and then waits for whoever has taken it meanwhile.
PIECE = 2_047


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds an access token, and what it allows.

    Attributes:
        kind: a signed-in `user`, or a `machine` with credentials of its own.
        client_id: the application that the token was issued to.
        org_code: the organization that a user's token speaks for.
        jti: the token's own id.
        userinfo_claims: names of claims that the application asked for one by one.
    """

    kind: Literal["user", "machine"]
    user_id: str | None
    org_code: str | None
    client_id: str
    scopes: frozenset[str]
    jti: str
    userinfo_claims: tuple[str, ...] = ()


@dataclass(slots=True)
class _Known:
    caller: Caller
    expires_at: float
    verified_at: float
    is_being_renewed: bool = False


class KnownMachines:
    """The machines whose tokens were verified less than a second ago; safe to share between threads.

    A token is known by its SHA-256, so that none is kept. When there are more than it has room for, those that were
    verified the longest ago are forgotten.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, digest: bytes, *, at: datetime) -> Caller | None:
        """Return whose token it is that has a digest; None where it has to be verified, now or again."""
        known = self._known.get(digest)
        now = at.timestamp()
        # A clock that was set back must not let anybody in for longer.
        if known is None or now >= known.expires_at or not 0 <= now - known.verified_at < STALE_SECONDS:
            return None
        if now - known.verified_at >= RENEWED_AFTER_SECONDS and not known.is_being_renewed:
            known.is_being_renewed = True
            return None
        return known.caller

    def remember(self, token: str, caller: Caller, *, expires_at: float, at: datetime) -> None:
        """Keep what was found out about a machine's token.

        Args:
            token: as the request carried it.
            caller: whose it is.
            expires_at: when the token ends, in seconds since 1970.
            at: when the verification began: what was revoked since may not be known.
        """
        with self._lock:
            digest = token_digest(token)
            self._known[digest] = _Known(caller, expires_at, at.timestamp())
            self._known.move_to_end(digest)
            if len(self._known) > MOST_MACHINES:
                self._known.popitem(last=False)

    def forget(self, token: str) -> None:
        """Keep nothing of a token that was refused."""
        with self._lock:
            self._known.pop(token_digest(token), None)


def token_digest(token: str) -> bytes:
    """Return what a token is known by."""
    octets = token.encode()
    digest = hashlib.sha256()
    for start in range(0, len(octets), PIECE):
        digest.update(octets[start : start + PIECE])
    return digest.digest()
