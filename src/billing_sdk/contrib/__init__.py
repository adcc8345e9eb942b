"""Billing in web frameworks: `billing_sdk.contrib.flask` and `billing_sdk.contrib.starlette`, with the same names.

Owns sessions and their cookies, the routes below `/billing`, gates, template helpers and webhook handlers. Does not own
sign-in itself, tokens, snapshots or webhook verification: the SDK does, and works without any of this. What is decided
here is decided once, in modules that know no framework; the frameworks translate.
"""

from __future__ import annotations

from billing_sdk.contrib._guard import ALLOW as ALLOW, DENY as DENY, Stale as Stale
from billing_sdk.contrib._options import BillingOptions as BillingOptions
from billing_sdk.contrib._sessions import (
    MemorySessions as MemorySessions,
    Session as Session,
    SessionStore as SessionStore,
    SignedInUser as SignedInUser,
)
from billing_sdk.contrib._sqlite import SqliteSessions as SqliteSessions
