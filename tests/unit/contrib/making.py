"""What the tests of contrib make again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from billing_sdk.auth import SignInTransaction, TokenSet
from billing_sdk.contrib import Session, SignedInUser
from billing_sdk.contrib._visit import Visit
from billing_sdk.models import Entitlement, EntitlementSnapshot, SubscribedPlan

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ISSUER = "https://billing.example"


def session(
    *,
    org_code: str | None = None,
    permissions: frozenset[str] = frozenset(),
    tokens_end_at: datetime = AT + timedelta(hours=1),
    expires_at: datetime = AT + timedelta(hours=8),
) -> Session:
    """Somebody who is signed in."""
    tokens = TokenSet(access_token="an access token", refresh_token="a refresh token", expires_at=tokens_end_at)
    user = SignedInUser("kp_ada", email="ada@example.com", given_name="Ada")
    return Session(user, ISSUER, org_code, permissions, tokens, expires_at)


def snapshot(
    *features: str, plans: tuple[str, ...] = (), limit: int | None = None, age: int = 0
) -> EntitlementSnapshot:
    """What a customer may use, as it was some seconds ago."""
    return EntitlementSnapshot(
        org_code=None,
        plans=tuple(SubscribedPlan(key) for key in plans),
        entitlements=tuple(Entitlement(f"entitlement_{key}", key, limit_max=limit) for key in features),
        taken_at=AT - timedelta(seconds=age),
    )


def transaction(at: datetime = AT) -> SignInTransaction:
    """A sign-in that has just begun."""
    return SignInTransaction.begin(redirect_uri="https://app.example/billing/callback", issuer=ISSUER, at=at)


def visit(target: str = "/", *, method: str = "GET", **headers: str) -> Visit:
    """A request; `user_agent="x"` is the header `user-agent`."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Visit(method, lambda: target, lambda name: sent.get(name, ""))
