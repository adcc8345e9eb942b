"""Floods: who asks too often waits, says for how long, and keeps nobody else waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.errors import Forbidden, InvalidSetting, RateLimited, ReturnUrlNotAllowed
from billing_sdk.server.settings import NO_LIMITS, Settings
from billing_sdk.server.usecases import rate_limits
from billing_sdk.server.usecases.create_portal_link import create_portal_link
from billing_sdk.server.usecases.rate_limits import Limit, RateLimits, limit_of
from tests.engines import NOON, engine_on, person

pytestmark = pytest.mark.attack(130)

LIMIT = Limit.of(50, seconds=1, burst=100)


def admitted(limits, caller, count, *, at=NOON, limit=LIMIT):
    """Send a number of requests, and return how many of them got through."""
    through = 0
    for _ in range(count):
        try:
            limits.take("management", caller, limit=limit, at=at)
        except RateLimited:
            continue
        through += 1
    return through


def test_a_burst_gets_through_and_what_follows_waits():
    limits = RateLimits()
    assert admitted(limits, "m2m", 300) == 100
    with pytest.raises(RateLimited) as caught:
        limits.take("management", "m2m", limit=LIMIT, at=NOON)
    assert caught.value.facts["retry_after_seconds"] == 1


def test_the_rate_is_kept_however_long_somebody_floods():
    limits = RateLimits()
    through = sum(admitted(limits, "m2m", 20, at=NOON + timedelta(milliseconds=100 * tenth)) for tenth in range(100))
    assert 590 <= through <= 600  # the burst, and ten seconds at fifty a second


def test_one_caller_keeps_no_other_waiting():
    limits = RateLimits()
    admitted(limits, "m2m", 300)
    assert admitted(limits, "other", 1) == 1


def test_the_wait_that_is_named_is_long_enough():
    limits, limit = RateLimits(), Limit.of(10, seconds=60, burst=10)
    admitted(limits, "kp_1", 10, limit=limit)
    with pytest.raises(RateLimited) as caught:
        limits.take("management", "kp_1", limit=limit, at=NOON)
    after = NOON + timedelta(seconds=caught.value.facts["retry_after_seconds"])
    assert admitted(limits, "kp_1", 1, at=after, limit=limit) == 1


def test_a_clock_that_was_set_back_shuts_nobody_out_for_longer_than_a_full_allowance():
    limits = RateLimits()
    admitted(limits, "m2m", 300, at=NOON + timedelta(days=1))
    assert admitted(limits, "m2m", 1, at=NOON) == 0
    assert admitted(limits, "m2m", 1, at=NOON + timedelta(seconds=2)) == 1


def test_callers_that_come_and_go_take_a_bounded_room(monkeypatch):
    monkeypatch.setattr(rate_limits, "MOST_CALLERS", 5)
    limits = RateLimits()
    admitted(limits, "m2m", 100)
    for number in range(4):
        admitted(limits, f"passing-{number}", 1)
        assert admitted(limits, "m2m", 1) == 0
    assert len(limits._whole_at) == 5
    admitted(limits, "one more", 1)
    assert len(limits._whole_at) == 5


def test_limits_are_on_unless_they_are_turned_off():
    settings = Settings("http://127.0.0.1:9", "sqlite://")
    assert limit_of("token", settings) == Limit(1 / 20, 40)
    assert limit_of("management", settings) == Limit(1 / 50, 100)
    assert limit_of("portal_link", settings) == Limit(6.0, 10)
    # Of usage, senders are held off by the queue in front of the store, and not before.
    assert {name for name in NO_LIMITS if not getattr(settings, name)} == {"usage_requests_per_second"}
    unlimited = Settings("http://127.0.0.1:9", "sqlite://", **NO_LIMITS)
    assert admitted(RateLimits(), "m2m", 500, limit=limit_of("management", unlimited)) == 500


@pytest.mark.parametrize("count", [-1, 1_000_001])
def test_a_limit_that_can_not_be_is_refused(count):
    with pytest.raises(InvalidSetting, match="token_requests_per_second"):
        Settings("http://127.0.0.1:9", "sqlite://", token_requests_per_second=count)


def test_ten_portal_links_a_minute_are_made_for_a_person(tmp_path):
    with engine_on(f"sqlite:///{tmp_path / 'billing.db'}", portal_links_per_minute=10) as engine:
        ada, grace = person(engine), person(engine, "grace@example.com")
        for _ in range(10):
            create_portal_link(engine, user_id=ada)
        with pytest.raises(RateLimited) as caught:
            create_portal_link(engine, user_id=ada)
        assert caught.value.facts["retry_after_seconds"] == 6
        create_portal_link(engine, user_id=grace)


def test_a_portal_link_that_is_refused_uses_up_nothing(tmp_path):
    with engine_on(f"sqlite:///{tmp_path / 'billing.db'}", portal_links_per_minute=2) as engine:
        ada = person(engine)
        for _ in range(3):
            with pytest.raises(Forbidden):
                create_portal_link(engine, user_id=ada, org_code="org_none")
            with pytest.raises(ReturnUrlNotAllowed):
                create_portal_link(engine, user_id=ada, return_url="https://elsewhere.example")
        for _ in range(2):
            create_portal_link(engine, user_id=ada)
        with pytest.raises(RateLimited):
            create_portal_link(engine, user_id=ada)
