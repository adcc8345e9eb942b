"""What a billing server, or whoever stands in its place, may answer about entitlements: read, decided, and no more.

The input is the body of an answer. Whatever it says, a feature that it does not name with exactly its key stays
closed, and so does one whose limit is not a whole number above zero or null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from billing_sdk import Client, EntitlementSnapshot
from billing_sdk._transport import Answer, decode
from billing_sdk.auth import TokenSet
from billing_sdk.contrib import Session, SignedInUser
from billing_sdk.contrib._guard import ALLOWED, NeedsFeature, NeedsPlan, decide
from billing_sdk.errors import BillingError

NOW: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA: Final = Session(
    SignedInUser("kp_ada"), "https://billing.example", None, frozenset(), TokenSet("token", expires_at=NOW), NOW
)
CLIENT: Final = Client(issuer="https://billing.example", client_id="x", now=lambda: NOW)
SEEDS: tuple[bytes, ...] = (
    b'{"data": {"org_code": null, "plans": [{"key": "pro"}], "entitlements": []}, "metadata": {"has_more": false}}',
    b'{"data": {"entitlements": [{"id": "e1", "feature_key": "reports", "entitlement_limit_max": null}]}}',
    b'{"data": {"plans": [], "entitlements": [{"id": "e1", "feature_key": "reports", "entitlement_limit_max": 0}]}}',
    b'{"data": {"entitlements": [{"id": "e1", "feature_code": "reports", "unit_amount_decimal": "0.10"}]}}',
    b'{"data": {}, "metadata": {"has_more": true, "next_page_starting_after": "e1"}}',
    b'{"data": {"plans": [{"code": "pro", "subscribed_on": "2026-01-01T00:00:00Z"}]}}',
)
KEYS: Final = ("reports", "pro", "true", "0", "None")


def target(data: bytes) -> None:
    """Read an answer, and decide from it."""
    try:
        snapshot = _read(data)
    except BillingError:
        return
    plans = {plan.key for plan in snapshot.plans}
    for key in KEYS:
        limits = [found.limit_max for found in snapshot.entitlements if found.feature_key == key]
        is_included = any(limit is None or limit > 0 for limit in limits)
        if (decide(ADA, NeedsFeature(key), snapshot, NOW) is ALLOWED) is not is_included:
            raise AssertionError("a gate did not decide by what the answer says")
        if (decide(ADA, NeedsPlan((key,)), snapshot, NOW) is ALLOWED) is not (key in plans):
            raise AssertionError("a gate did not decide by the plans that the answer names")
    if any(type(found.limit_max) not in {int, type(None)} for found in snapshot.entitlements):
        raise AssertionError("a limit is neither a whole number nor none")


def _read(data: bytes) -> EntitlementSnapshot:
    """Give every call of the operation the same answer."""
    flow = CLIENT.entitlements.list.flow("token")
    call: Any = next(flow)
    try:
        while True:
            try:
                answer = decode(call, Answer(200, {"content-type": "application/json"}, data))
            except BillingError as error:
                call = flow.throw(error)
            else:
                call = flow.send(answer)
    except StopIteration as end:
        found: EntitlementSnapshot = end.value
        return found
