"""What the flows of this package share: the client, the stores, the cookies and the addresses of one application.

Every address comes from `redirect_uri`, which is configured: `Host` and `X-Forwarded-*` are whatever somebody sends.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Self, TypeAlias
from urllib.parse import SplitResult, urlsplit

from itsdangerous import BadSignature, Signer

from billing_sdk.client import AsyncClient, Client
from billing_sdk.contrib._answers import Link
from billing_sdk.contrib._cookies import Cookie
from billing_sdk.contrib._counts import Counts
from billing_sdk.contrib._sessions import SessionStore
from billing_sdk.contrib._visit import local_path
from billing_sdk.entitlements import Snapshots
from billing_sdk.errors import InvalidRequest, InvalidSetting, MissingSetting

AnyClient: TypeAlias = Client | AsyncClient
SIGN_IN_SECONDS: Final = 600
SHORTEST_SECRET: Final = 16


@dataclass(frozen=True, slots=True)
class Application:
    """One application that uses this package.

    Attributes:
        base: path of the routes, with whatever the application is mounted below, such as `/billing`.
        root: absolute address that `base` is below, such as `https://app.example`.
        home: path for a visitor who comes from nowhere in particular.
        session_time: after this long everybody signs in again.
        now: the time, in UTC.
        counts: what an operator wants to see.
        instance: tells this application from every other that uses the same store.
    """

    client: AnyClient
    sessions: SessionStore
    snapshots: Snapshots
    base: str
    root: str
    home: str
    session_cookie: Cookie
    browser_cookie: Cookie
    session_time: timedelta
    now: Callable[[], datetime]
    return_urls: Signer = field(repr=False)
    counts: Counts = field(default_factory=Counts)
    instance: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def assemble(
        cls,
        client: AnyClient,
        sessions: SessionStore,
        *,
        prefix: str,
        home: str,
        secret: str | bytes,
        session_time: timedelta,
        now: Callable[[], datetime],
    ) -> Self:
        """Put an application together from its settings.

        Raises:
            MissingSetting: the client has no `redirect_uri`.
            InvalidSetting: the redirect URI does not lead to this package's callback.
        """
        callback = urlsplit(client.config.value("redirect_uri"))
        mount = mount_of(callback, prefix)
        return cls(
            client=client,
            sessions=sessions,
            snapshots=client.snapshots,
            base=mount + prefix,
            root=f"{callback.scheme}://{callback.netloc}",
            home=mount + home,
            session_cookie=Cookie("session", secret=secret, origin=callback, seconds=int(session_time.total_seconds())),
            browser_cookie=Cookie("sign_in", secret=secret, origin=callback, seconds=SIGN_IN_SECONDS),
            session_time=session_time,
            now=now,
            return_urls=Signer(secret, salt="billing-sdk return_url", key_derivation="hmac", digest_method=sha256),
        )

    @property
    def process(self) -> str:
        """This application in this process; one that was forked off is another."""
        return f"{self.instance}-{os.getpid()}"

    def portal(self, section: str) -> str:
        """Return the absolute address that opens a section of the portal."""
        return f"{self.root}{self.base}/portal?sub_nav={section}"

    def upgrade(self, section: str) -> Link:
        """Return the link to where a visitor can choose a plan."""
        return Link("Upgrade", f"{self.base}/portal?sub_nav={section}")

    def return_url(self, given: str) -> str:
        """Return the absolute address that the portal is to lead back to.

        Raises:
            InvalidRequest: it is neither a path of this application nor an address that this application has written.
        """
        if path := local_path(given):
            return self.root + path
        try:
            return self.return_urls.unsign(given.encode("utf-8", "replace")).decode("utf-8")
        except BadSignature:
            raise InvalidRequest("return_url is neither a path of this application nor written by it") from None


def mount_of(callback: SplitResult, prefix: str) -> str:
    """Return the path that the application is mounted below: usually none.

    Raises:
        InvalidSetting: the redirect URI does not lead to this package's callback.
    """
    if not callback.path.endswith(f"{prefix}/callback") or callback.query or callback.fragment:
        raise InvalidSetting(
            f"redirect_uri has to end with {prefix}/callback",
            remedy=f"Set BILLING_REDIRECT_URI to the address of {prefix}/callback, and register exactly that.",
            setting="BILLING_REDIRECT_URI",
        )
    return callback.path.removesuffix(f"{prefix}/callback")


def session_secret(given: str | bytes | None, *others: str | bytes | None) -> str | bytes:
    """Return the secret that signs cookies: the one given, else the environment's, else the framework's.

    Raises:
        MissingSetting: there is none.
        InvalidSetting: it is too short to keep anything secret.
    """
    found = next((secret for secret in (given, os.environ.get("BILLING_SESSION_SECRET"), *others) if secret), None)
    if not found:
        raise MissingSetting("session_secret", "BILLING_SESSION_SECRET")
    if len(found) < SHORTEST_SECRET:
        raise InvalidSetting(
            f"the session secret has fewer than {SHORTEST_SECRET} characters",
            remedy="Take one from `python -c 'import secrets; print(secrets.token_urlsafe(32))'`.",
            setting="BILLING_SESSION_SECRET",
        )
    return found
