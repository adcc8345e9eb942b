"""Times as clients of the Kinde door send them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.instants import read_instant

NOON = datetime(2026, 8, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-08-06T12:00:00Z",
        "2026-08-06t12:00:00z",
        "2026-08-06 12:00:00+00:00",
        "2026-08-06T23:00:00+11",
        "2026-08-06T23:00:00+11:00",
        "2026-08-06T12:00:00.000000Z",
        "2026-08-06T12:00:00.000000001Z",
        "2026-08-06T06:30:00-05:30",
    ],
)
def test_an_instant_with_an_offset_is_read_as_utc(text):
    assert read_instant(text, parameter="at") == NOON


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-08-06",
        "2026-08-06T12:00:00",
        "2026-W01-1T12:00:00Z",
        "2026-08-06T12:00Z",
        "2026-08-06T12:00:60Z",
        "2026-13-06T12:00:00Z",
        "2026-02-30T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "٢٠٢٦-08-06T12:00:00Z",
        "2026-08-06T12:00:00Z ",
        "2026-08-06T12:00:00+1",
        "1754481600",
    ],
)
def test_a_time_that_is_not_one_instant_is_refused_by_name(text):
    with pytest.raises(InvalidRequest, match=r"^at "):
        read_instant(text, parameter="at")
