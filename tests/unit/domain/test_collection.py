"""How money is to come in: profiles, numbers, due dates, dunning."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing_sdk.errors import InvalidAmount, InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.collection import (
    BUILT_IN,
    BillingProfile,
    Dunning,
    DunningPolicy,
    Numbering,
    Supplier,
    TaxSettings,
)
from billing_sdk.server.domain.periods import NO_TIME, Duration

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
DAYS = timedelta(days=1)


def profile(**fields: Any) -> BillingProfile:
    """Return a profile with some fields of its own."""
    return BillingProfile(id="profile_1", name="Ours", **fields)


def test_what_is_charged_is_due_at_once_and_what_is_sent_later() -> None:
    """The term of payment is for those who pay by other means than a card."""
    assert BUILT_IN.due_at(NOON) == NOON
    assert profile(collection_method="send_invoice").due_at(NOON) == NOON + 30 * DAYS
    month = profile(collection_method="send_invoice", due_after=Duration(months=1))
    assert month.due_at(NOON) == datetime(2026, 2, 28, 12, tzinfo=UTC)


def test_the_built_in_profile_waits_for_nothing() -> None:
    """A renewal is issued at its instant unless somebody has decided otherwise."""
    assert not BUILT_IN.waits
    assert profile(wait_before_sending=Duration(hours=1)).waits


def test_numbers_are_filled_up_and_grow_beyond() -> None:
    """A series never ends."""
    assert [Numbering().number(42), Numbering("A-26", 2).number(7), Numbering("A", 1).number(1_000)] == [
        "INV-000042",
        "A-26-07",
        "A-1000",
    ]


def test_a_threshold_is_an_amount_of_its_currency() -> None:
    """Each currency has its own, or none."""
    found = profile(progressive_threshold_minor={"USD": 5_000})
    assert (found.threshold("USD"), found.threshold("EUR")) == (Money(5_000, "USD"), None)


@pytest.mark.parametrize(
    ("failures", "after"),
    [(1, Duration(days=3)), (2, Duration(days=5)), (3, Duration(days=7)), (4, None), (9, None)],
)
def test_each_retry_is_counted_from_the_attempt_before(failures: int, after: Duration | None) -> None:
    """The first failure is followed by the first wait, and so on until there is none left."""
    assert DunningPolicy().retry_at(failures, NOON) == (after.after(NOON) if after else None)


def test_grace_is_counted_from_the_first_failure() -> None:
    """Whatever is tried meanwhile."""
    assert DunningPolicy().grace_ends_at(NOON) == NOON + 14 * DAYS
    assert DunningPolicy(grace=NO_TIME).grace_ends_at(NOON) == NOON


@pytest.mark.parametrize(
    "make",
    [
        lambda: Numbering("inv"),
        lambda: Numbering(""),
        lambda: Numbering("A" * 13),
        lambda: Numbering("CN"),
        lambda: Numbering("CN-1"),
        lambda: Numbering(digits=0),
        lambda: Numbering(digits=13),
        lambda: DunningPolicy(retry_after=(Duration(days=1),) * 21),
        lambda: DunningPolicy(retry_after=(NO_TIME,)),
        lambda: DunningPolicy(at_end="forgive"),  # type: ignore[arg-type]  # what a document may hold
        lambda: TaxSettings(behavior="both"),  # type: ignore[arg-type]  # as above
        lambda: TaxSettings(default_tax_code="No Code"),
        lambda: Supplier(name="A" * 201),
        lambda: Supplier(name="two\nlines"),
        lambda: Supplier(tax_id="\n"),
        lambda: profile(collection_method="cash"),
        lambda: profile(language="English"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any) -> None:
    """Before anything is written."""
    with pytest.raises(InvalidRequest):
        make()


@pytest.mark.parametrize("minor", [0, -1, 1.5])
def test_a_threshold_is_above_zero(minor: Any) -> None:
    """There is always more than nothing used."""
    with pytest.raises(InvalidAmount):
        profile(progressive_threshold_minor={"USD": minor})


def failing(**fields: Any) -> Dunning:
    """Return how it stands after a first failure."""
    policy = DunningPolicy((Duration(days=1),), Duration(days=5))
    return replace(Dunning("invoice_1", "customer_1", policy, NOON, 1, NOON), **fields)


def test_dunning_is_in_vain_when_neither_retries_nor_grace_are_left() -> None:
    """Whichever of the two ends later."""
    first = failing()
    assert (first.retry_at, first.grace_ends_at, first.is_in_vain) == (NOON + DAYS, NOON + 5 * DAYS, False)
    last = first.failed(NOON + DAYS)
    assert (last.retry_at, last.failures, last.is_in_vain) == (None, 2, False)
    assert last.closed(NOON + 5 * DAYS).is_in_vain
    assert not first.closed(NOON + 5 * DAYS).is_in_vain


def test_what_has_ended_is_tried_no_more() -> None:
    """However it has ended."""
    paid = failing().ended("paid", NOON)
    assert (paid.is_under_way, paid.retry_at, paid.is_in_vain) == (False, None, False)
    assert not failing(failures=2, closed_at=NOON).ended("cancelled", NOON).is_in_vain
