"""The two cookies of this package: one names a session, the other the browser in which sign-ins were started.

Each carries a random id and nothing else, signed so that a guessed one never reaches a store. What the id stands for
stays on the server's side, where it is found by the SHA-256 of the id.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from hashlib import sha256
from urllib.parse import SplitResult

from itsdangerous import BadSignature, Signer

from billing_sdk.contrib._visit import cookie_in

LONGEST_COOKIE = 512
REMEMBERED_COOKIES = 4_096
REMEMBERED_HEADERS = 1_024
# A browser may send far more, and whoever floods us with long ones shall not fill the memory.
LONGEST_REMEMBERED_HEADER = 4_096


class Cookie:
    """One signed cookie.

    On https its name starts with `__Host-`, so that no subdomain and no plain connection can plant it. On http,
    which is for loopback only, cookies are shared by all ports of a host, and the name carries the port instead.

    Args:
        purpose: what the id stands for; the same secret signs differently for each.
        secret: known to this application only.
        origin: where the application is, as configured.
        seconds: how long browsers keep the cookie.
    """

    def __init__(self, purpose: str, *, secret: str | bytes, origin: SplitResult, seconds: int) -> None:
        self._is_secure = origin.scheme == "https"
        self._seconds = seconds
        self._signer = Signer(secret, salt=f"billing-sdk {purpose}", key_derivation="hmac", digest_method=sha256)
        self.name = f"__Host-billing_{purpose}" if self._is_secure else f"billing_{purpose}_{origin.port or 80}"
        # A signature that was right once is right for ever, and checking it costs more than the whole gate.
        self._key_of_value = lru_cache(REMEMBERED_COOKIES)(self._verified_key)
        # Browsers send the same header with each request.
        self._key_of_header = lru_cache(REMEMBERED_HEADERS)(self._read_key)

    def issue(self) -> tuple[str, str]:
        """Make a new id; return the key to store under, and the `Set-Cookie` header that hands the id out."""
        new_id = secrets.token_urlsafe(32)
        return key_of(new_id), self._header(self._signer.sign(new_id).decode("ascii"), self._seconds)

    def keep(self, value: str) -> str:
        """Return the `Set-Cookie` header that lets a browser keep its id for longer."""
        return self._header(value, self._seconds)

    def clear(self) -> str:
        """Return the `Set-Cookie` header that takes the cookie back."""
        return self._header("", 0)

    def key(self, value: str) -> str | None:
        """Return the key that a cookie's value stands for; None where this application did not sign it."""
        if not value or len(value) > LONGEST_COOKIE:
            return None
        try:
            return self._key_of_value(value)
        except BadSignature:
            return None

    def key_in(self, header: str) -> str | None:
        """Return the key that the cookie in a header stands for; None without one that this application signed."""
        if len(header) > LONGEST_REMEMBERED_HEADER:
            return self._read_key(header)
        return self._key_of_header(header)

    def _read_key(self, header: str) -> str | None:
        return self.key(cookie_in(header, self.name))

    def _verified_key(self, value: str) -> str:
        return key_of(self._signer.unsign(value.encode("latin-1")).decode("latin-1"))

    def _header(self, value: str, seconds: int) -> str:
        secure = "; Secure" if self._is_secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def key_of(secret: str) -> str:
    """Return the key under which something is stored that whoever holds this secret may have."""
    # What a callback brings may be any text, half characters included; it has to find nothing, not to fail.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
