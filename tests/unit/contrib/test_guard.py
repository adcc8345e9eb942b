"""A gate decides from who asks, its rule, what is known, and the time; and from nothing else."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest

from billing_sdk.contrib import ALLOW, DENY, Stale
from billing_sdk.contrib._guard import (
    ALLOWED,
    LET_IN_STALE,
    SIGN_IN,
    UNCHECKED,
    Deny,
    NeedsFeature,
    NeedsPermission,
    NeedsPlan,
    Rule,
    WhenUnreachable,
    decide,
)
from billing_sdk.entitlements import USABLE_SECONDS
from billing_sdk.errors import Forbidden, InvalidSetting, PaymentRequired, Unreachable
from billing_sdk.models import EntitlementSnapshot
from tests.unit.contrib.making import AT, session, snapshot

REPORTS = NeedsFeature("advanced_reports")
PRO = NeedsPlan(("pro_monthly", "enterprise_monthly"))
WRITE = NeedsPermission("org:write:billing")
KEYS_OF_NOTHING = [
    "",
    "two words",
    "line\nbreak",
    "line\n",
    "esc\x1b[31m",
    "\u202egnp",
    "\ud800",
    "x" * 129,
    "кey",
    None,
    7,
    ["pro"],
    lambda: "a gate without its key",
]


@pytest.mark.attack(104)
@pytest.mark.parametrize("rule", [REPORTS, PRO, WRITE])
def test_somebody_signed_out_is_asked_to_sign_in_whatever_the_rule(rule: Rule) -> None:
    assert decide(None, rule, snapshot("advanced_reports", plans=("pro_monthly",)), AT) is SIGN_IN


@pytest.mark.parametrize(
    ("rule", "known"),
    [
        (REPORTS, snapshot("advanced_reports")),
        (REPORTS, snapshot("other", "advanced_reports", limit=3)),
        (PRO, snapshot(plans=("pro_monthly",))),
        (PRO, snapshot(plans=("free", "enterprise_monthly"))),
    ],
)
def test_a_gate_opens_for_what_is_included(rule: Rule, known: EntitlementSnapshot) -> None:
    assert decide(session(), rule, known, AT) is ALLOWED


@pytest.mark.attack(106)
@pytest.mark.parametrize(
    ("rule", "known", "facts"),
    [
        (REPORTS, snapshot(), {"feature": "advanced_reports"}),
        (REPORTS, snapshot("advanced_report"), {"feature": "advanced_reports"}),
        (REPORTS, snapshot("Advanced_Reports"), {"feature": "advanced_reports"}),
        (REPORTS, snapshot("advanced_reports", limit=0), {"feature": "advanced_reports"}),
        (REPORTS, snapshot("advanced_reports", limit=-1), {"feature": "advanced_reports"}),
        (PRO, snapshot(plans=("free",)), {"plans": ["pro_monthly", "enterprise_monthly"]}),
        (PRO, snapshot("pro_monthly"), {"plans": ["pro_monthly", "enterprise_monthly"]}),
    ],
)
def test_a_gate_stays_shut_for_anything_else_and_says_what_is_missing(
    rule: Rule, known: EntitlementSnapshot, facts: dict[str, object]
) -> None:
    decision = decide(session(), rule, known, AT)
    assert isinstance(decision, Deny)
    assert isinstance(decision.error, PaymentRequired)
    assert decision.error.facts == facts


@pytest.mark.parametrize(
    ("org_code", "permissions", "section"),
    [
        (None, frozenset(), "plan_selection"),
        ("org_1", frozenset(), "plan_selection"),
        (None, frozenset({"org:write:billing"}), "plan_selection"),
        ("org_1", frozenset({"org:write:billing"}), "organization_plan_selection"),
    ],
)
def test_the_upgrade_is_the_organizations_for_whoever_may_change_its_plan(
    org_code: str | None, permissions: frozenset[str], section: str
) -> None:
    decision = decide(session(org_code=org_code, permissions=permissions), REPORTS, snapshot(), AT)
    assert isinstance(decision, Deny)
    assert decision.upgrade == section


def test_a_permission_is_read_from_the_token_and_needs_no_snapshot() -> None:
    assert decide(session(permissions=frozenset({"org:write:billing"})), WRITE, None, AT) is ALLOWED


def test_a_missing_permission_is_forbidden_and_money_does_not_help() -> None:
    decision = decide(session(permissions=frozenset({"org:read:billing"})), WRITE, None, AT)
    assert isinstance(decision, Deny)
    assert isinstance(decision.error, Forbidden)
    assert decision.upgrade is None


def test_a_permission_of_a_token_that_has_ended_opens_nothing() -> None:
    ended = session(permissions=frozenset({"org:write:billing"}), tokens_end_at=AT)
    decision = decide(ended, WRITE, None, AT)
    assert isinstance(decision, Deny)
    assert isinstance(decision.error, Unreachable)


@pytest.mark.attack(105)
@pytest.mark.parametrize(
    ("told", "known", "expected"),
    [
        (DENY, None, Unreachable),
        (DENY, snapshot("advanced_reports", age=70), Unreachable),
        (ALLOW, None, UNCHECKED),
        (ALLOW, snapshot(age=70), UNCHECKED),
        (Stale(300), None, Unreachable),
        (Stale(300), snapshot("advanced_reports", age=300), LET_IN_STALE),
        (Stale(300), snapshot("advanced_reports", age=301), Unreachable),
        (Stale(300), snapshot(age=200), PaymentRequired),
        (Stale(900), snapshot("advanced_reports", age=900), LET_IN_STALE),
        (Stale(900), snapshot("advanced_reports", age=-6), Unreachable),
        (DENY, snapshot("advanced_reports", age=-6), Unreachable),
        (DENY, snapshot("advanced_reports", age=-5), ALLOWED),
    ],
)
def test_a_gate_does_what_it_was_told_when_the_server_is_out_of_reach(
    told: WhenUnreachable, known: EntitlementSnapshot | None, expected: object
) -> None:
    decision = decide(session(), NeedsFeature("advanced_reports", told), known, AT)
    if isinstance(decision, Deny):
        assert type(decision.error) is expected
    else:
        assert decision is expected


def test_a_current_snapshot_decides_even_where_the_gate_may_open_unchecked() -> None:
    decision = decide(session(), NeedsFeature("advanced_reports", ALLOW), snapshot(age=59), AT)
    assert isinstance(decision, Deny)


@pytest.mark.attack(105)
@pytest.mark.parametrize("seconds", [0, -1, 901, 300.5, True, "300", math.nan, math.inf, None])
def test_a_stale_answer_is_good_for_at_most_fifteen_minutes(seconds: int) -> None:
    with pytest.raises(InvalidSetting):
        Stale(seconds)  # type: ignore[arg-type]


@pytest.mark.attack(105)
@pytest.mark.parametrize("told", ["allow", "ALLOW", True, None, 300, Stale], ids=repr)
def test_only_an_express_choice_opens_a_gate_unchecked(told: object) -> None:
    for rule in (lambda: NeedsFeature("a", told), lambda: NeedsPlan(("a",), told)):  # type: ignore[arg-type]
        with pytest.raises(InvalidSetting):
            rule()


@pytest.mark.attack(114)
@pytest.mark.parametrize("key", KEYS_OF_NOTHING)
def test_a_rule_with_a_key_that_nothing_can_have_is_refused_at_once(key: Any) -> None:
    for rule in (NeedsFeature, NeedsPermission):
        with pytest.raises(InvalidSetting):
            rule(key)
    with pytest.raises(InvalidSetting):
        NeedsPlan((key,))


def test_a_gate_without_a_plan_is_refused_at_once() -> None:
    with pytest.raises(InvalidSetting):
        NeedsPlan(())


def test_a_snapshot_decides_by_itself_for_the_sixty_seconds_that_snapshots_are_used_and_not_longer() -> None:
    known = snapshot("advanced_reports")
    assert USABLE_SECONDS == 60
    assert decide(session(), REPORTS, known, AT + timedelta(seconds=USABLE_SECONDS)) is ALLOWED
    assert isinstance(decide(session(), REPORTS, known, AT + timedelta(seconds=USABLE_SECONDS, microseconds=1)), Deny)
