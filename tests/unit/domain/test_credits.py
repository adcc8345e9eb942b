"""Credit that pays for usage: the order of the burn-down, the life of a grant, the balance, and what an end leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing_sdk.errors import (
    CreditGrantEnded,
    CreditGrantUsed,
    InvalidAmount,
    InvalidCreditGrant,
    InvalidRequest,
    TooManyCreditGrants,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import (
    CreditGrant,
    Payable,
    balance_of,
    burn_down,
    check_grant,
    check_number,
    expires_now,
    moved,
    spent_by,
    uncovered,
)
from billing_sdk.server.domain.periods import Period


def day(month: int, number: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


JANUARY, FEBRUARY = Period(day(1), day(2)), Period(day(2), day(3))


def grant(name: str, minor: int = 1_000, **fields) -> CreditGrant:
    amount = Money(minor, fields.pop("currency", "USD"))
    made = {"category": "promotional", "effective_at": day(1), "created_at": day(1), "left": amount, **fields}
    return CreditGrant(id=f"grant_{name}", customer_id="customer_1", name=name, amount=amount, **made)


def usage(minor: int, feature: str = "tokens", period: Period = JANUARY, currency: str = "USD") -> Payable:
    return Payable(feature, Money(minor, currency), period)


def of_item(item: str) -> Payable:
    return Payable("tokens", Money(300, "USD"), JANUARY, item_id=item, card_id="card_1")


def paid(grants, *payables) -> list[tuple[str, int, int]]:
    return [(one.grant.name, one.index, one.amount.minor) for one in burn_down(grants, payables)]


# Each pair differs in one thing only; the first is spent first. Stripe documentation, "Billing credits", How credits
# are applied.
ORDER = [
    (grant("b", priority=10), grant("a", priority=20)),
    (grant("b", expires_at=day(3)), grant("a", expires_at=day(4))),
    (grant("b", expires_at=day(3)), grant("a")),
    (grant("b"), grant("a", category="paid")),
    (grant("b", effective_at=day(1, 2)), grant("a", effective_at=day(1, 3))),
    (grant("b", created_at=day(1, 2)), grant("a", created_at=day(1, 3))),
    (grant("a"), grant("b")),
    # What comes earlier in the list outweighs all that comes later.
    (grant("b", priority=10, category="paid"), grant("a", priority=20, expires_at=day(2))),
    (grant("b", expires_at=day(3), category="paid"), grant("a", expires_at=day(4))),
    (grant("b", effective_at=day(1, 9)), grant("a", category="paid")),
    (grant("b", effective_at=day(1, 2), created_at=day(1, 9)), grant("a", effective_at=day(1, 3))),
]


@pytest.mark.parametrize(("first", "second"), ORDER)
def test_credit_is_spent_in_the_published_order(first, second):
    for grants in ([first, second], [second, first]):
        assert paid(grants, usage(1_500)) == [(first.name, 0, 1_000), (second.name, 0, 500)]


PAYS = [
    ("usage in a period that it counts in", grant("g"), usage(300), 300),
    ("no more than there is", grant("g", 200), usage(300), 200),
    ("a feature that it is for", grant("g", applies_to=("tokens", "images")), usage(300), 300),
    ("no other feature", grant("g", applies_to=("images",)), usage(300), 0),
    ("an item that it is for", grant("g", items=("large", "small")), of_item("small"), 300),
    ("no other item", grant("g", items=("large",)), of_item("small"), 0),
    ("no usage that no rate card prices, where it is for items", grant("g", items=("large",)), usage(300), 0),
    ("a rate card that it is for", grant("g", cards=("card_1",)), of_item("small"), 300),
    ("no other rate card", grant("g", cards=("card_2",)), of_item("small"), 0),
    ("what all of its lists name", grant("g", applies_to=("tokens",), items=("small",)), of_item("small"), 300),
    (
        "nothing that one of its lists leaves out",
        grant("g", applies_to=("other",), items=("small",)),
        of_item("small"),
        0,
    ),
    ("nothing in another currency", grant("g", currency="EUR"), usage(300), 0),
    ("a period that it begins in", grant("g", effective_at=day(1, 31)), usage(300), 300),
    ("no period that is over when it begins", grant("g", effective_at=day(2)), usage(300), 0),
    ("a period of no time that it begins with", grant("g"), usage(300, period=Period(day(1), day(1))), 300),
    ("a period that it ends with", grant("g", expires_at=day(2)), usage(300), 300),
    ("no period that goes on after its end", grant("g", expires_at=day(1, 31)), usage(300), 0),
    ("nothing once it is taken back", grant("g", status="voided"), usage(300), 0),
    ("nothing before it is paid", grant("g", status="awaiting_payment"), usage(300), 0),
    ("nothing where nothing is owed", grant("g"), usage(0), 0),
    ("nothing where something is given back", grant("g"), usage(-300), 0),
]


@pytest.mark.parametrize(("_name", "one", "payable", "minor"), PAYS, ids=[row[0] for row in PAYS])
def test_a_grant_pays_for(_name, one, payable, minor):
    assert sum(share.amount.minor for share in burn_down([one], [payable])) == minor


def test_lines_are_paid_in_their_order_and_a_scope_leaves_the_rest_for_others():
    grants = [grant("images", 500, priority=0, applies_to=("images",)), grant("all", 1_000)]
    payables = usage(800), usage(700, "images"), usage(900)
    assert paid(grants, *payables) == [("all", 0, 800), ("images", 1, 500), ("all", 1, 200)]
    assert uncovered(grants, payables, "USD") == Money(900, "USD")
    assert [left.left.minor for left in spent_by(grants, burn_down(grants, payables))] == [0, 0]


def test_a_monthly_grant_of_ten_dollars_pays_for_the_tokens_of_its_month():
    """Stripe documentation, "How hybrid pricing plans work", Add a service action: 10 USD, gone with the interval."""
    monthly = grant("monthly", 1_000, expires_at=day(2), applies_to=("tokens",))
    assert uncovered([monthly], [usage(700)], "USD") == Money(0, "USD")
    assert uncovered([monthly], [usage(1_700)], "USD") == Money(700, "USD")
    assert uncovered([monthly], [usage(700, period=FEBRUARY)], "USD") == Money(700, "USD")


def test_a_balance_tells_what_is_there_what_is_spoken_for_and_what_can_be_spent():
    grants = [
        grant("now", 1_000, expires_at=day(2)),
        grant("later", 500, effective_at=day(2)),
        grant("euros", 900, currency="EUR"),
    ]
    payables = usage(300), usage(100, period=FEBRUARY), usage(50, currency="EUR")
    balance = balance_of(grants, payables, "USD", at=day(1, 15))
    assert [balance.ledger.minor, balance.pending.minor, balance.available.minor] == [1_500, 400, 700]
    assert balance.currency == "USD"
    euros = balance_of(grants, payables, "EUR", at=day(1, 15))
    assert [euros.ledger.minor, euros.pending.minor, euros.available.minor] == [900, 50, 850]


def test_what_usage_in_time_needs_is_kept_beyond_the_end_of_a_grant():
    monthly = grant("monthly", 1_000, expires_at=day(2))
    kept = [usage(300), usage(400, period=FEBRUARY)]
    assert expires_now(monthly, [monthly], kept, at=day(2)) == Money(700, "USD")
    assert expires_now(monthly, [monthly], [], at=day(2)) == Money(1_000, "USD")


def test_what_another_grant_pays_for_first_keeps_nothing_of_this_one():
    monthly, first = grant("monthly", 1_000, expires_at=day(2)), grant("first", 250, priority=0)
    assert expires_now(monthly, [monthly, first], [usage(300)], at=day(2)) == Money(950, "USD")


def test_no_more_moves_than_there_is():
    one = grant("g", 100)
    assert moved(moved(one, Money(-40, "USD")), Money(40, "USD")) == one
    for minor in (-101, 1):
        with pytest.raises(ValueError, match="would be left"):
            moved(one, Money(minor, "USD"))


LIFE = {
    ("awaiting_payment", "pay"): "granted",
    ("awaiting_payment", "void"): "voided",
    ("granted", "void"): "voided",
    ("granted", "expire"): "expired",
    ("granted", "reinstate"): "granted",
    ("expired", "reinstate"): "granted",
}


@pytest.mark.parametrize("event", ["pay", "void", "expire", "reinstate"])
@pytest.mark.parametrize("status", ["awaiting_payment", "granted", "expired", "voided"])
def test_a_grant_lives_by_its_table(status, event):
    one = grant("g", status=status)
    if (status, event) in LIFE:
        assert one.after(event).status == LIFE[status, event]
        return
    with pytest.raises(CreditGrantEnded) as caught:
        one.after(event)
    assert caught.value.facts["grant_status"] == status


def test_a_grant_is_taken_back_only_while_nothing_of_it_was_used():
    assert grant("g").voided(day(2)).voided_at == day(2)
    with pytest.raises(CreditGrantUsed):
        moved(grant("g"), Money(-1, "USD")).voided(day(2))


REFUSED = [
    (grant("g", 0), InvalidAmount),
    (grant("g", -5), InvalidAmount),
    (grant("g", 10**15 + 1), InvalidAmount),
    (grant("g", effective_at=day(3), expires_at=day(3)), InvalidCreditGrant),
    (grant("g", effective_at=day(3), expires_at=day(2)), InvalidCreditGrant),
    (grant("g", expires_at=day(1, 15)), InvalidCreditGrant),
    (replace(grant("g"), name=" "), InvalidRequest),
    (replace(grant("g"), name="n" * 257), InvalidRequest),
    (grant("g", priority=1_001), InvalidRequest),
    (grant("g", priority=-1), InvalidRequest),
    (grant("g", category="free"), InvalidRequest),
    (grant("g", applies_to=tuple(f"feature_{number}" for number in range(21))), InvalidRequest),
]


@pytest.mark.parametrize(("one", "error"), REFUSED)
def test_a_grant_that_makes_no_sense_is_refused(one, error):
    with pytest.raises(error):
        check_grant(one, at=day(1, 15))


def test_a_customer_has_a_hundred_unused_grants_at_most():
    check_number(99)
    with pytest.raises(TooManyCreditGrants):
        check_number(100)
