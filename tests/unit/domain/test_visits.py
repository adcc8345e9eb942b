"""Visits to the portal: how long they go on when they are used."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing_sdk.server.domain.visits import PortalVisit
from tests.unit.domain.things import at

BEGUN = at("2026-03-01")
VISIT = PortalVisit("key", "kp_1", None, "profile", None, expires_at=BEGUN, ends_at=BEGUN + timedelta(hours=8))


@pytest.mark.attack(120)
def test_a_visit_that_is_used_goes_on_for_a_while():
    used = VISIT.used(BEGUN + timedelta(hours=2), idle_seconds=1_800)
    assert used.expires_at - BEGUN == timedelta(hours=2, minutes=30)
    assert used.ends_at == VISIT.ends_at


@pytest.mark.attack(120)
def test_a_visit_never_goes_on_beyond_its_end():
    assert VISIT.used(BEGUN + timedelta(hours=7, minutes=59), idle_seconds=1_800).expires_at == VISIT.ends_at
