"""Invitations: how long they can be accepted, and what may be handed on with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.server.domain.identity import (
    WRITE_BILLING,
    WRITE_MEMBERS,
    Invitation,
    Role,
    left_to_nobody,
    may_hand_out,
)
from billing_sdk.server.domain.identity.invitation import LASTS

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INVITATION = Invitation(
    id="invitation_1",
    org_code="org_1",
    email="ada@example.com",
    role_keys=(),
    inviter_id="kp_1",
    key_hash="hash",
    created_at=NOON,
    sent_at=NOON,
    expires_at=NOON + LASTS,
)


@pytest.mark.parametrize(("after", "is_open"), [(0, True), (1, True), (7 * 86_400 - 1, True), (7 * 86_400, False)])
def test_an_invitation_can_be_accepted_for_seven_days(after: int, is_open: bool) -> None:
    assert INVITATION.is_open(NOON + timedelta(seconds=after)) is is_open


def test_the_hash_of_a_key_is_not_shown() -> None:
    assert "hash" not in repr(replace(INVITATION, key_hash="a-hash-of-it")).replace("key_hash", "")


@pytest.mark.parametrize(
    ("given", "held", "may"),
    [
        ((), (), True),
        ((), (WRITE_MEMBERS,), True),
        ((WRITE_BILLING,), (WRITE_MEMBERS,), False),
        ((WRITE_BILLING,), (WRITE_MEMBERS, WRITE_BILLING), True),
        ((WRITE_BILLING, "read:reports"), (WRITE_MEMBERS, WRITE_BILLING), False),
    ],
)
def test_nobody_hands_out_more_than_they_may_do(given: tuple[str, ...], held: tuple[str, ...], may: bool) -> None:
    assert may_hand_out(Role("role_1", "some", "Some", given), held) is may


@pytest.mark.parametrize(
    ("others", "lost", "missing"),
    [
        ([], {WRITE_MEMBERS}, {WRITE_MEMBERS}),
        ([{WRITE_MEMBERS}], {WRITE_MEMBERS}, set()),
        ([{WRITE_MEMBERS}], {WRITE_MEMBERS, WRITE_BILLING}, {WRITE_BILLING}),
        ([{WRITE_MEMBERS}, {WRITE_BILLING}], {WRITE_MEMBERS, WRITE_BILLING}, set()),
        ([], {"read:reports"}, set()),
        ([], set(), set()),
    ],
)
def test_somebody_always_keeps_what_lets_others_be_let_in(
    others: list[set[str]], lost: set[str], missing: set[str]
) -> None:
    assert left_to_nobody(others, lost) == missing
