"""Credit that is taken by hand, what credit costs, and payments that somebody else collects."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing_sdk.errors import InsufficientCredit, InvalidAmount, InvalidRequest, InvalidSettlement
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import (
    CreditAdjustment,
    CreditGrant,
    Payable,
    bought_for,
    burn_down,
    deductions,
    price_of,
    settled_as,
)
from billing_sdk.server.domain.invoicing import (
    adjustment_entries,
    grant_entries,
    grant_void_entries,
    settlement_entries,
)
from billing_sdk.server.domain.periods import Period

AT = datetime(2026, 2, 1, tzinfo=UTC)
JANUARY = Period(datetime(2026, 1, 1, tzinfo=UTC), AT)


def grant(name: str, minor: int = 1_000, **fields) -> CreditGrant:
    amount = Money(minor, fields.pop("currency", "USD"))
    made = {
        "category": "promotional",
        "effective_at": JANUARY.start,
        "created_at": JANUARY.start,
        "left": amount,
        **fields,
    }
    return CreditGrant(id=f"grant_{name}", customer_id="customer_1", name=name, amount=amount, **made)


def taken(grants, minor: int, *payables: Payable) -> list[tuple[str, int]]:
    return [(one.grant.name, one.amount.minor) for one in deductions(grants, payables, Money(minor, "USD"), at=AT)]


def test_what_is_taken_goes_in_the_order_in_which_usage_spends():
    grants = [grant("last", priority=60), grant("first", 300), grant("paid", 300, category="paid")]
    assert taken(grants, 700) == [("first", 300), ("paid", 300), ("last", 100)]


def test_what_usage_needs_that_is_billed_later_is_not_taken():
    grants = [grant("first", 300), grant("tokens", 500, applies_to=("tokens",), priority=60)]
    usage = Payable("tokens", Money(400, "USD"), JANUARY)
    assert taken(grants, 400, usage) == [("tokens", 400)]
    with pytest.raises(InsufficientCredit) as refusal:
        taken(grants, 401, usage)
    assert refusal.value.facts == {"currency": "USD", "available_minor": 400, "asked_minor": 401}
    rest = [replace(grants[1], left=Money(100, "USD")), grants[0]]
    assert sum(one.amount.minor for one in burn_down(rest, [usage])) == 400


def test_only_what_counts_now_in_the_same_currency_is_taken():
    grants = [
        grant("later", effective_at=datetime(2026, 3, 1, tzinfo=UTC)),
        grant("over", expires_at=AT),
        grant("euros", currency="EUR"),
        grant("unpaid", status="awaiting_payment"),
        grant("good", 10),
    ]
    assert taken(grants, 10) == [("good", 10)]
    with pytest.raises(InsufficientCredit):
        taken(grants, 11)


def test_an_adjustment_of_nothing_or_without_a_name_is_none():
    with pytest.raises(InvalidAmount):
        CreditAdjustment("adjustment_1", "customer_1", "Nothing", Money(0, "USD"), AT)
    with pytest.raises(InvalidRequest):
        CreditAdjustment("adjustment_1", "customer_1", " ", Money(1, "USD"), AT)


@pytest.mark.parametrize(
    ("minor", "per_unit", "price"),
    [(10_000, "0.5", 5_000), (1, "0.5", 1), (333, "0.1", 33), (100, "1.25", 125), (100, "1", 100)],
)
def test_credit_costs_its_amount_times_the_cost_of_a_unit_rounded_once(minor, per_unit, price):
    assert price_of(Money(minor, "USD"), Decimal(per_unit)) == Money(price, "USD")


def test_credit_that_would_cost_nothing_is_not_sold():
    with pytest.raises(InvalidAmount):
        price_of(Money(1, "USD"), Decimal("0.1"))


def test_all_of_what_was_bought_goes_with_all_of_its_price_in_whatever_parts():
    bought = grant("bargain", 1_000, category="paid", price=Money(333, "USD"))
    parts = [bought_for(bought, Money(paid, "USD")).minor for paid in (0, 100, 101, 332, 333)]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0, 1_000)


SETTLEMENTS = [
    ("pending", "pending", "pending"),
    ("pending", "authorized", "authorized"),
    ("pending", "settled", "settled"),
    ("authorized", "pending", None),
    ("authorized", "authorized", "authorized"),
    ("authorized", "settled", "settled"),
    ("settled", "pending", None),
    ("settled", "authorized", None),
    ("settled", "settled", "settled"),
    (None, "settled", None),
]


@pytest.mark.parametrize(("before", "asked", "after"), SETTLEMENTS)
def test_a_payment_that_is_collected_elsewhere_goes_on_and_never_back(before, asked, after):
    bought = grant("bought", category="paid", settlement=before)
    if after is None:
        with pytest.raises(InvalidSettlement):
            settled_as(bought, asked)
    else:
        assert settled_as(bought, asked).settlement == after


def test_nothing_is_paid_for_what_was_taken_back():
    with pytest.raises(InvalidSettlement):
        settled_as(grant("gone", category="paid", settlement="pending", status="voided"), "settled")


def booked(entries) -> dict[str, int]:
    return {posting.account: posting.amount_minor for entry in entries for posting in entry.postings}


def test_what_is_collected_elsewhere_is_owed_until_it_is_settled_and_goes_back_to_where_it_is():
    pending = grant("sold", category="paid", settlement="pending", price=Money(600, "USD"))
    settled = replace(pending, settlement="settled")
    sold = {"receivable": 600, "promotional_credit": 400, "credit_liability": -1_000}
    assert booked(grant_entries(pending, at=AT)) == sold
    assert booked(settlement_entries(settled, at=AT)) == {"cash": 600, "receivable": -600}
    assert booked(grant_void_entries(pending, at=AT)) == {account: -minor for account, minor in sold.items()}
    assert booked(grant_void_entries(settled, at=AT))["cash"] == -600


def test_an_invoice_books_the_price_and_the_grant_what_it_is_of_beside_that():
    dear = grant("dear", category="paid", source="top_up", price=Money(1_100, "USD"))
    assert booked(grant_entries(dear, at=AT)) == {"promotional_credit": -100, "credit_liability": 100}
    assert grant_entries(replace(dear, price=None), at=AT) == ()


def test_what_is_taken_of_paid_credit_is_earned_and_of_promotional_credit_is_nothing():
    assert booked(adjustment_entries(grant("paid", category="paid"), Money(70, "USD"), at=AT)) == {
        "revenue": -70,
        "credit_liability": 70,
    }
    assert adjustment_entries(grant("given"), Money(70, "USD"), at=AT) == ()
