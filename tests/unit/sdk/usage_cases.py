"""One use of every operation that sets units aside, and says what became of them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from billing_sdk import Reservation
from tests.unit.sdk.operation_cases import OK, Case

HELD = Reservation(
    id="reservation_1",
    agreement_id="agreement_1",
    feature_code="ai_tokens",
    units=Decimal("2.5"),
    status="held",
    expires_on=datetime(2026, 11, 21, 12, 5, tzinfo=UTC),
)


def answer(status: str) -> dict[str, object]:
    """What the server says of the reservation."""
    return {
        **OK,
        "reservation": {
            "id": "reservation_1",
            "customer_agreement_id": "agreement_1",
            "feature_code": "ai_tokens",
            "units": "2.5",
            "status": status,
            "expires_on": "2026-11-21T12:05:00Z",
        },
    }


def is_now(status: str):
    """Tell whether an operation gave the reservation with this status."""
    return lambda found: (found.id, found.agreement_id, found.status) == ("reservation_1", "agreement_1", status)


USAGE_CASES = [
    Case(
        "usage.reserve",
        lambda c: c.usage.reserve(
            feature_code="ai_tokens", units=Decimal("2.5"), user_id="kp_1", org_code="org_1", idempotency_key="use-1"
        ),
        ("POST", "/api/v1/billing/reservations"),
        answer("held"),
        HELD,
        body={"billing_feature_code": "ai_tokens", "meter_value": "2.5", "user_id": "kp_1", "org_code": "org_1"},
        idempotency_key="use-1",
    ),
    Case(
        "usage.reserve",
        lambda c: c.usage.reserve(feature_code="ai_tokens", agreement_id="agreement_1", requires_credit=True),
        ("POST", "/api/v1/billing/reservations"),
        answer("held"),
        HELD,
        body={
            "billing_feature_code": "ai_tokens",
            "meter_value": "1",
            "customer_agreement_id": "agreement_1",
            "requires_credit": True,
        },
    ),
    Case(
        "usage.commit",
        lambda c: c.usage.commit(HELD),
        ("POST", "/api/v1/billing/reservations/reservation_1/commit"),
        answer("committed"),
        is_now("committed"),
        body={"customer_agreement_id": "agreement_1"},
        idempotency_key="commit-reservation_1",
    ),
    Case(
        "usage.commit",
        lambda c: c.usage.commit(HELD, units=Decimal("0.75")),
        ("POST", "/api/v1/billing/reservations/reservation_1/commit"),
        answer("committed"),
        is_now("committed"),
        body={"customer_agreement_id": "agreement_1", "units": "0.75"},
        idempotency_key="commit-reservation_1-0.75",
    ),
    Case(
        "usage.release",
        lambda c: c.usage.release(HELD),
        ("POST", "/api/v1/billing/reservations/reservation_1/release"),
        answer("released"),
        is_now("released"),
        body={"customer_agreement_id": "agreement_1"},
        idempotency_key="release-reservation_1",
    ),
]
