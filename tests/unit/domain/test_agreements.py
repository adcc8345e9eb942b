"""Agreements: their periods, and the one table of what can happen to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import get_args

import pytest
from hypothesis import given, strategies as st

from billing_sdk.errors import AgreementNotLive, AgreementPaused, Conflict, NothingPending, NotPausable, NotPaused
from billing_sdk.server.domain.agreements import (
    GRANTING,
    LIVE,
    AgreementEvent,
    AgreementStatus,
    Offer,
    PendingChange,
    after,
    agree,
)
from billing_sdk.server.domain.agreements.lifecycle import TRANSITIONS
from billing_sdk.server.domain.periods import Cadence, Period
from tests.unit.domain.things import agreement, at

STATUSES = get_args(AgreementStatus)
EVENTS = get_args(AgreementEvent)
ENDED = frozenset(STATUSES) - LIVE
MONTHLY = Offer("sbg_1", "pro", "version_1", "USD", Cadence("month"))


def begun(day: str, **conditions: object):
    """Return an agreement that begins on a day."""
    offer = replace(MONTHLY, **conditions)
    return agree(offer, agreement_id="agreement_1", customer_id="customer_1", at=at(day))


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("event", EVENTS)
def test_what_the_table_does_not_list_is_refused_by_name(status, event):
    if (status, event) in TRANSITIONS:
        assert after(status, event) == TRANSITIONS[status, event]
        return

    with pytest.raises(Conflict) as refused:
        after(status, event)

    expected = {
        ("paused", "pause"): AgreementPaused,
        ("trialing", "pause"): NotPausable,
        ("trialing", "resume"): NotPaused,
        ("active", "resume"): NotPaused,
    }
    assert type(refused.value) is expected.get((status, event), AgreementNotLive)


@given(st.lists(st.sampled_from(EVENTS), max_size=12), st.sampled_from(["trialing", "active"]))
def test_no_sequence_of_events_leaves_the_table_or_comes_back_from_an_end(events, status):
    for event in events:
        try:
            status, before = after(status, event), status
        except Conflict:
            continue
        assert TRANSITIONS[before, event] == status
        assert before not in ENDED

    assert status in STATUSES


def test_what_grants_is_live_and_a_pause_is_the_difference():
    assert {"paused"} == LIVE - GRANTING
    assert GRANTING < LIVE


@pytest.mark.attack(188)
def test_an_instant_on_the_boundary_belongs_to_the_period_that_begins():
    first = agreement(at("2026-01-15")).period_at(at("2026-02-15"))

    assert first.start == at("2026-02-15")


def test_what_was_used_before_the_agreement_counts_into_its_first_period():
    first = agreement(at("2026-01-15")).period_at(at("2025-12-15"))

    assert (first.start, first.end) == (at("2026-01-15"), at("2026-02-15"))


def test_the_first_period_is_billed_when_an_agreement_begins():
    signed = begun("2026-01-31")

    assert (signed.status, signed.anchor, signed.billed_until) == ("active", at("2026-01-31"), at("2026-02-28"))
    assert (signed.billed_period.start, signed.billed_period.end) == (at("2026-01-31"), at("2026-02-28"))


def test_an_agreement_that_follows_the_calendar_begins_with_a_stub():
    signed = begun("2026-01-20", alignment="calendar")

    assert (signed.anchor, signed.billed_until) == (at("2026-01-01"), at("2026-02-01"))
    assert signed.billed_period == signed.period_at(at("2026-01-20"))
    assert (signed.billed_period.start, signed.billed_period.end) == (at("2026-01-20"), at("2026-02-01"))


@pytest.mark.parametrize("anchor", ["2025-11-30", "2026-01-30", "2026-05-30"])
def test_an_agreement_with_an_anchor_of_its_own_begins_with_a_stub(anchor):
    signed = begun("2026-01-20", anchor=at(anchor))

    assert (signed.anchor, signed.billed_until) == (at(anchor), at("2026-01-30"))
    assert (signed.billed_period.start, signed.billed_period.end) == (at("2026-01-20"), at("2026-01-30"))
    assert signed.with_next_period_billed().billed_until == at("2026-02-28")


def test_a_trial_is_a_period_of_its_own_and_billing_starts_with_its_end():
    trial = begun("2026-01-20", trial_days=14)

    assert (trial.status, trial.billed_until, trial.grants) == ("trialing", at("2026-02-03"), True)
    assert trial.period_at(at("2026-01-25")) == trial.billed_period
    assert (trial.billed_period.start, trial.billed_period.end) == (at("2026-01-20"), at("2026-02-03"))
    paying = trial.with_trial_ended()
    assert (paying.status, paying.billed_until) == ("active", at("2026-03-03"))
    assert paying.period_at(at("2026-02-03")).start == at("2026-02-03")


def test_a_trial_that_follows_the_calendar_ends_in_a_stub():
    paying = begun("2026-01-20", trial_days=14, alignment="calendar").with_trial_ended()

    assert (paying.billed_period.start, paying.billed_period.end) == (at("2026-02-03"), at("2026-03-01"))


def test_the_first_period_of_another_version_begins_with_it_and_the_ones_before_are_as_they_were():
    moved = agreement(
        at("2026-01-16"), anchor=at("2026-01-01"), cadence=Cadence("year"), version_since=at("2026-02-16")
    )

    assert moved.period_at(at("2026-02-16")) == Period(at("2026-02-16"), at("2027-01-01"))
    assert moved.period_at(at("2026-12-31")) == Period(at("2026-02-16"), at("2027-01-01"))
    assert moved.period_at(at("2026-02-15", "23:59:59")).start == at("2026-01-16")


@given(
    days=st.integers(0, 2_000),
    trial_days=st.integers(0, 40),
    alignment=st.sampled_from(["anniversary", "calendar"]),
    cadence=st.sampled_from([Cadence("month"), Cadence("week", 2), Cadence("year")]),
)
def test_every_instant_of_an_agreement_is_in_exactly_one_period_and_periods_touch(days, trial_days, alignment, cadence):
    signed = begun("2026-01-31", trial_days=trial_days, alignment=alignment, cadence=cadence)
    now = signed.started_at + timedelta(days=days)
    period = signed.period_at(now)

    assert period.start <= now < period.end
    assert signed.period_at(period.end).start == period.end
    assert signed.period_at(period.end - timedelta(microseconds=1)) == period


@given(
    periods=st.integers(0, 30), trial_days=st.integers(0, 40), alignment=st.sampled_from(["anniversary", "calendar"])
)
def test_the_period_that_was_billed_last_ends_when_the_next_one_is_billed(periods, trial_days, alignment):
    signed = begun("2026-01-31", trial_days=trial_days, alignment=alignment)
    if trial_days:
        signed = signed.with_trial_ended()
    for _ in range(periods):
        signed = signed.with_next_period_billed()

    assert signed.billed_period == signed.period_at(signed.billed_until - timedelta(microseconds=1))


@pytest.mark.parametrize(("event", "status"), [("cancel", "cancelled"), ("replace", "replaced")])
def test_an_ended_agreement_keeps_when_and_why_and_no_plans(event, status):
    change = PendingChange("free", "version_2", at("2026-03-01"))
    planned = replace(agreement(), pending_change=change, cancel_at=at("2026-03-01"), next_version_id="version_2")

    ended = planned.ended_by(event, at("2026-02-01"))

    assert (ended.status, ended.ended_at, ended.is_live) == (status, at("2026-02-01"), False)
    assert (ended.pending_change, ended.cancel_at, ended.next_version_id) == (None, None, None)


@pytest.mark.parametrize("event", ["cancel", "replace"])
@pytest.mark.parametrize("first", ["cancel", "replace"])
def test_an_agreement_ends_once(first, event):
    ended = agreement().ended_by(first, at("2026-02-01"))

    with pytest.raises(AgreementNotLive, match=f"can't {event}"):
        ended.ended_by(event, at("2026-02-02"))


def test_a_pause_within_a_paid_period_changes_nothing_about_what_is_paid():
    signed = begun("2026-01-31")

    resumed = signed.paused_from(at("2026-02-05")).resumed_at(at("2026-02-20"))

    assert resumed == replace(signed, pauses=(Period(at("2026-02-05"), at("2026-02-20")),))


def test_after_a_longer_pause_the_present_period_is_the_one_that_is_billed():
    paused = begun("2026-01-31").paused_from(at("2026-02-05"))

    assert (paused.is_live, paused.grants) == (True, False)
    assert paused.resumed_at(at("2026-05-10")).billed_until == at("2026-05-31")


def test_only_what_is_planned_can_be_taken_back():
    planned = replace(agreement(), cancel_at=at("2026-03-01"))

    assert planned.without_plans() == agreement()
    with pytest.raises(NothingPending):
        agreement().without_plans()
