"""How an agreement stands: both answers are read off tables, and what has not changed keeps its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from billing_sdk.server.domain.agreements import Circumstances, OwedInvoice, Standing, stand
from billing_sdk.server.domain.agreements.standing import collection_of, servicing_of

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=30)

JUST_ISSUED = OwedInvoice(is_charged=True)
SENT = OwedInvoice(is_charged=False)
OVERDUE = OwedInvoice(is_charged=True, is_overdue=True)
GIVEN_UP = OwedInvoice(is_charged=True, is_overdue=True, is_given_up=True)
TO_CONFIRM = OwedInvoice(is_charged=True, is_overdue=True, awaits_customer=True)


@pytest.mark.parametrize(
    ("found", "servicing"),
    [
        (Circumstances("active"), "active"),
        (Circumstances("trialing"), "active"),
        (Circumstances("active", owed=(JUST_ISSUED,)), "pending"),
        (Circumstances("active", owed=(SENT,)), "active"),
        (Circumstances("active", was_served=True, owed=(OVERDUE,)), "active"),
        (Circumstances("active", was_served=True, is_suspended=True, owed=(OVERDUE,)), "paused"),
        (Circumstances("paused"), "paused"),
        (Circumstances("cancelled"), "canceled"),
        (Circumstances("replaced", owed=(OVERDUE,)), "canceled"),
    ],
)
def test_service_waits_for_the_first_payment_and_ends_with_the_agreement(found: Circumstances, servicing: str) -> None:
    assert servicing_of(found) == servicing


@pytest.mark.parametrize(
    ("found", "collection"),
    [
        (Circumstances("active"), "current"),
        (Circumstances("active", owed=(JUST_ISSUED,)), "current"),
        (Circumstances("active", owed=(JUST_ISSUED, OVERDUE)), "past_due"),
        (Circumstances("active", owed=(OVERDUE, GIVEN_UP)), "unpaid"),
        (Circumstances("active", owed=(GIVEN_UP, TO_CONFIRM)), "awaiting_customer_action"),
        (Circumstances("paused", owed=(OVERDUE,)), "paused"),
        (Circumstances("cancelled", owed=(GIVEN_UP,)), "unpaid"),
        (Circumstances("cancelled"), "current"),
    ],
)
def test_collection_goes_by_the_worst_invoice_and_by_what_the_customer_can_do(
    found: Circumstances, collection: str
) -> None:
    assert collection_of(found) == collection


def test_the_first_look_notes_when_both_began() -> None:
    assert stand(None, "agreement_1", Circumstances("active"), NOON) == Standing(
        "agreement_1", "active", "current", {"active": NOON}, {"current": NOON}
    )


def test_a_look_that_finds_no_change_keeps_every_time() -> None:
    first = stand(None, "agreement_1", Circumstances("active"), NOON)
    assert stand(first, "agreement_1", Circumstances("active"), LATER) == first


def test_a_change_of_one_status_leaves_the_time_of_the_other() -> None:
    first = stand(None, "agreement_1", Circumstances("active"), NOON)
    owing = stand(first, "agreement_1", Circumstances("active", was_served=True, owed=(OVERDUE,)), LATER)
    assert owing.servicing_at == {"active": NOON}
    assert owing.collection_at == {"current": NOON, "past_due": LATER}


def test_a_status_that_comes_back_has_its_latest_time() -> None:
    first = stand(None, "agreement_1", Circumstances("active"), NOON)
    paused = stand(first, "agreement_1", Circumstances("paused"), NOON + timedelta(days=1))
    resumed = stand(paused, "agreement_1", Circumstances("active", was_served=True), LATER)
    assert resumed.servicing_at == {"active": LATER, "paused": NOON + timedelta(days=1)}
