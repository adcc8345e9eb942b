"""What becomes of a dispute, and where its money is."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from typing import get_args

import pytest

from billing_sdk.errors import DisputeClosed
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Dispute, DisputeKind, DisputeStatus, ToldDispute, dispute_entry
from billing_sdk.server.domain.invoicing.dispute import ENDS, LEADS, OPEN, TRANSITIONS
from tests.unit.domain.things import at

NOON = at("2025-01-16", "12:00:00")
LATER = at("2025-02-16", "12:00:00")
STATUSES: tuple[DisputeStatus, ...] = get_args(DisputeStatus)
KINDS: tuple[DisputeKind, ...] = get_args(DisputeKind)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def told(status: DisputeStatus = "needs_response", kind: DisputeKind = "dispute", minor: int = 2_900) -> ToldDispute:
    return ToldDispute("du_1", usd(minor), "fraudulent", kind, status)


def dispute(status: DisputeStatus = "needs_response", kind: DisputeKind = "dispute") -> Dispute:
    closed_at = None if status in OPEN else NOON
    return Dispute(
        id="dispute_1",
        payment_id="payment_1",
        invoice_id="invoice_1",
        customer_id="customer_1",
        gateway="managed",
        reference="du_1",
        kind=kind,
        amount=usd(2_900),
        reason="fraudulent",
        status=status,
        opened_at=NOON,
        closed_at=closed_at,
    )


WHERE = {
    ("dispute", "needs_response"): {"disputed": 2_900, "cash": -2_900},
    ("dispute", "under_review"): {"disputed": 2_900, "cash": -2_900},
    ("dispute", "lost"): {"bad_debt": 2_900, "cash": -2_900},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", STATUSES)
def test_only_a_dispute_that_is_open_or_lost_has_money(kind, status):
    one = dispute(status, kind)
    entry = dispute_entry(None, one, at=NOON)
    found = {} if entry is None else {posting.account: posting.amount_minor for posting in entry.postings}
    assert found == WHERE.get((kind, status), {})
    assert one.held == usd(2_900 if found else 0)


@pytest.mark.parametrize("first", STATUSES)
@pytest.mark.parametrize("second", STATUSES)
def test_whatever_a_processor_tells_in_whichever_order_the_books_end_where_the_last_word_says(first, second):
    """A dispute may become partial, won after it was lost, or a dispute after it was only asked about."""
    sums: Counter[str] = Counter()
    kinds = itertools.product(KINDS, KINDS)
    for one, other in kinds:
        known, sums = dispute(kind=one), Counter()
        before = None
        for step in (None, told(first, one), told(second, other, 1_000), told(second, other, 1_000)):
            after = known if step is None else known.following(step, at=LATER)
            entry = dispute_entry(before, after, at=LATER)
            if entry is not None:
                sums.update({posting.account: posting.amount_minor for posting in entry.postings})
            before = known = after
        expected = {account: minor * 10 // 29 for account, minor in WHERE.get((other, second), {}).items()}
        assert {account: minor for account, minor in sums.items() if minor} == expected
        assert (known.status, known.kind, known.amount) == (second, other, usd(1_000))
        assert (known.closed_at is None) == (second in OPEN)


def test_what_is_told_twice_changes_nothing():
    known = dispute().following(told("lost"), at=NOON)
    assert known.following(told("lost"), at=LATER) == known
    assert dispute_entry(known, known, at=LATER) is None


def test_there_is_a_way_to_every_status_from_every_other_that_a_bank_can_tell():
    for before, after in itertools.permutations(STATUSES, 2):
        assert dispute(before).following(told(after), at=LATER).status == after


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("outcome", STATUSES)
def test_it_is_decided_once_and_as_its_kind_can_end(kind, outcome):
    one = dispute(kind=kind)
    if outcome not in ENDS[kind]:
        with pytest.raises(DisputeClosed):
            one.ended(outcome, at=LATER)
        return
    ended = one.ended(outcome, at=LATER)
    assert (ended.status, ended.closed_at, ended.is_open) == (outcome, LATER, False)
    for again in STATUSES:
        with pytest.raises(DisputeClosed):
            ended.ended(again, at=LATER)


def test_no_status_leads_to_itself():
    assert all(before != after for (before, _), after in TRANSITIONS.items())
    with pytest.raises(DisputeClosed):
        dispute("won").moved(LEADS["won"], at=LATER)


def test_one_dispute_is_booked_under_its_own_name_and_payment():
    entry = dispute_entry(None, dispute(), at=NOON)
    assert entry is not None
    assert (entry.kind, entry.payment_id, entry.invoice_id, entry.reference_id) == (
        "dispute",
        "payment_1",
        "invoice_1",
        "dispute_1",
    )
    closed = dispute_entry(dispute(), dispute("won"), at=LATER)
    assert closed is not None
    assert closed.kind == "dispute_closed"
    assert dispute_entry(replace(dispute(), kind="inquiry"), dispute("closed", "inquiry"), at=LATER) is None
