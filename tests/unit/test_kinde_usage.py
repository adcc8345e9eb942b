"""What the Kinde door answers about usage."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.server.api.kinde.meter_usage import UsageView
from billing_sdk.server.usecases.record_usage import RecordedReading

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("total", "shown"),
    [
        pytest.param("10.500000000000", "10.5", id="without the zeros of its storage"),
        pytest.param("1E+3", "1000", id="in plain digits"),
        pytest.param("99999999999999999999.123456789012", "99999999999999999999.123456789012", id="with all 32 digits"),
    ],
)
def test_a_total_is_told_exactly(total: str, shown: str) -> None:
    recorded = RecordedReading(
        id="usage_1",
        agreement_id="agr_1",
        feature_key="ai_tokens",
        kind="delta",
        value=Decimal(1),
        used_at=NOON,
        recorded_at=NOON,
        counted_at=NOON,
        total=Decimal(total),
    )
    assert UsageView.of(recorded).total == shown
