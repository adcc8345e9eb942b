"""What an invoice means for the books, line by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, strategies as st

from billing_sdk.money import Money
from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.invoicing import (
    BALANCE,
    BookedShare,
    Invoice,
    InvoiceLine,
    Payment,
    agreements_delivered,
    credit_note_entries,
    earned_before,
    expiry_entries,
    grant_entries,
    grant_void_entries,
    issue_entries,
    payment_entry,
    refund_entry,
    reversal_entry,
    void_entries,
    write_off_entry,
)
from billing_sdk.server.domain.ledger import JournalEntry
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.things import at

NOON = at("2025-01-16", "12:00:00")
BEFORE = Period(at("2024-12-16"), at("2025-01-16"))
MONTH = Period(at("2025-01-16"), at("2025-02-16"))
AHEAD = Period(NOON, at("2025-02-16", "12:00:00"))
YEAR = Period(at("2025-01-16"), at("2026-01-16"))


def line(
    kind: str | None, minor: int, period: Period = MONTH, *, component: str = "fee_1", **facts: str
) -> InvoiceLine:
    derivation = facts if kind is None else {"kind": kind, **facts}
    return InvoiceLine("Line", Money(minor, "USD"), period, "version_1", component, None, derivation, "agreement_1")


def invoice(*lines: InvoiceLine) -> Invoice:
    return Invoice("invoice_1", "INV-000001", "customer_1", "agreement_1", "issued", "USD", lines, NOON)


def payment(minor: int) -> Payment:
    return Payment("payment_1", "customer_1", Money(minor, "USD"), "succeeded", NOON, "Visa")


def booked(*lines: InvoiceLine) -> list[tuple[str, str, dict[str, int]]]:
    return [told(entry) for entry in issue_entries(invoice(*lines), at=NOON)]


def told(entry: JournalEntry) -> tuple[str, str, dict[str, int]]:
    return entry.kind, str(entry.on), {posting.account: posting.amount_minor for posting in entry.postings}


CASES = {
    "a fee is deferred, and earned month by month": (
        [line("licence_fee", 3_100)],
        [
            ("issue", "2025-01-16", {"receivable": 3_100, "deferred_revenue": -3_100}),
            ("recognition", "2025-01-31", {"deferred_revenue": 1_600, "revenue": -1_600}),
            ("recognition", "2025-02-15", {"deferred_revenue": 1_500, "revenue": -1_500}),
        ],
    ),
    "a fee for time that has passed is earned": (
        [line("licence_fee", 3_100, BEFORE)],
        [("issue", "2025-01-16", {"receivable": 3_100, "revenue": -3_100})],
    ),
    "usage is earned": (
        [line("usage", 700, BEFORE)],
        [("issue", "2025-01-16", {"receivable": 700, "revenue": -700})],
    ),
    "a discount follows the line that it lowers": (
        [
            line("licence_fee", 3_100),
            line("usage", 700, BEFORE),
            line("discount", -310, of="licence_fee"),
            line("discount", -70, BEFORE, of="usage"),
        ],
        [
            ("issue", "2025-01-16", {"receivable": 3_420, "deferred_revenue": -2_790, "revenue": -630}),
            ("recognition", "2025-01-31", {"deferred_revenue": 1_440, "revenue": -1_440}),
            ("recognition", "2025-02-15", {"deferred_revenue": 1_350, "revenue": -1_350}),
        ],
    ),
    "lines of one day are earned in one entry": (
        [line("licence_fee", 3_100), line("licence_fee", 310)],
        [
            ("issue", "2025-01-16", {"receivable": 3_410, "deferred_revenue": -3_410}),
            ("recognition", "2025-01-31", {"deferred_revenue": 1_760, "revenue": -1_760}),
            ("recognition", "2025-02-15", {"deferred_revenue": 1_650, "revenue": -1_650}),
        ],
    ),
    "time that is given back is not earned": (
        [line("unused_time", -3_100, of="licence_fee"), line("credit_balance", 3_100, component=BALANCE)],
        [
            ("issue", "2025-01-16", {"deferred_revenue": 3_100, "credit_liability": -3_100}),
            ("recognition", "2025-01-31", {"deferred_revenue": -1_600, "revenue": 1_600}),
            ("recognition", "2025-02-15", {"deferred_revenue": -1_500, "revenue": 1_500}),
        ],
    ),
    "the customer balance pays": (
        [line("usage", 700, BEFORE), line("credit_balance", -700, component=BALANCE)],
        [("issue", "2025-01-16", {"revenue": -700, "credit_liability": 700})],
    ),
    "tax is no revenue": (
        [line("usage", 700, BEFORE), line("tax", 133, BEFORE)],
        [("issue", "2025-01-16", {"receivable": 833, "revenue": -700, "tax_payable": -133})],
    ),
    "a charge for no time is earned at once": (
        [line("one_off", 500, Period(NOON, NOON))],
        [("issue", "2025-01-16", {"receivable": 500, "revenue": -500})],
    ),
    "a line from before lines said what they are about": (
        [line(None, 100, BEFORE), line(None, -100, BEFORE, component=BALANCE)],
        [("issue", "2025-01-16", {"revenue": -100, "credit_liability": 100})],
    ),
    "credit pays for usage, the customer's own or what was given": (
        [
            line("usage", 700, BEFORE),
            line("credit_grant", -200, BEFORE, category="paid"),
            line("credit_grant", -100, BEFORE, category="promotional"),
        ],
        [
            (
                "issue",
                "2025-01-16",
                {"receivable": 400, "revenue": -700, "credit_liability": 200, "promotional_credit": 100},
            )
        ],
    ),
    "a top-up is owed to the customer": (
        [line("one_off", 500, Period(NOON, NOON), grant="grant_1")],
        [("issue", "2025-01-16", {"receivable": 500, "credit_liability": -500})],
    ),
    "an invoice of nothing is not booked": ([line("usage", 0)], []),
}


@pytest.mark.parametrize(("lines", "expected"), CASES.values(), ids=[name.replace(" ", "_") for name in CASES])
def test_each_line_is_booked_to_its_account(lines, expected):
    assert booked(*lines) == expected


def test_a_year_is_earned_in_thirteen_calendar_months():
    issued, *earned = issue_entries(invoice(line("licence_fee", 36_500, YEAR)), at=NOON)

    assert issued.amount_of("deferred_revenue") == -36_500
    assert [(str(entry.on), entry.amount_of("revenue")) for entry in earned[:2]] == [
        ("2025-01-31", -1_600),
        ("2025-02-28", -2_800),
    ]
    assert (len(earned), earned[-1].on) == (13, date(2026, 1, 15))


def test_a_payment_settles_what_is_owed_and_one_that_was_given_up_was_no_loss():
    owed = invoice(line("usage", 700, BEFORE))
    lost = replace(owed, status="uncollectible")

    assert told(write_off_entry(owed, at=NOON)) == ("write_off", "2025-01-16", {"bad_debt": 700, "receivable": -700})
    paid = payment_entry(owed, payment(700), at=NOON)
    assert told(paid) == ("payment", "2025-01-16", {"cash": 700, "receivable": -700})
    assert (paid.invoice_id, paid.payment_id) == ("invoice_1", "payment_1")
    assert told(payment_entry(lost, payment(700), at=NOON))[2] == {"cash": 700, "bad_debt": -700}


@pytest.mark.parametrize(
    ("destination", "account"), [("invoice", "receivable"), ("refund", "refunds"), ("balance", "credit_liability")]
)
def test_a_credit_note_takes_back_what_was_earned_and_what_would_be(destination, account):
    note_at = at("2025-02-02")
    corrected = invoice(fee := line("licence_fee", 3_100), usage := line("usage", 700, BEFORE))
    credited = [BookedShare(fee, Money(310, "USD"), added_tax_minor=31), BookedShare(usage, Money(121, "USD"), 21)]
    entries = credit_note_entries(corrected, credited, {destination: Money(462, "USD")}, note_id="note_1", at=note_at)

    assert [told(entry) for entry in entries] == [
        (
            "credit_note",
            "2025-02-02",
            {account: -462, "tax_payable": 52, "revenue": 260, "deferred_revenue": 150},
        ),
        ("recognition", "2025-02-15", {"deferred_revenue": -150, "revenue": 150}),
    ]
    assert {entry.reference_id for entry in entries} == {"note_1"}
    assert told(refund_entry(corrected, Money(462, "USD"), refund_id="refund_1", at=NOON)) == (
        "refund",
        "2025-01-16",
        {"refunds": 462, "cash": -462},
    )


def test_a_void_invoice_leaves_nothing_in_the_books_at_any_time():
    voided = invoice(fee := line("licence_fee", 3_100), line("usage", 700, BEFORE))
    booked = list(issue_entries(voided, at=NOON))
    booked.append(reversal_entry(voided, "agreement_1", Money(650, "USD"), at=NOON))
    booked += credit_note_entries(
        voided, [BookedShare(fee, money := Money(310, "USD"))], {"invoice": money}, note_id="n", at=NOON
    )
    undone = void_entries(booked, at=at("2025-02-02"))

    assert {str(entry.on) for entry in undone} == {"2025-02-02", "2025-02-15"}
    for account in ("receivable", "deferred_revenue"):
        assert sum(entry.amount_of(account) for entry in (*booked, *undone)) == 0
    # What it has taken back of accrual is not accrued again: the invoice had it.
    assert sum(entry.amount_of("revenue") for entry in (*booked, *undone)) == 650


def test_a_price_that_includes_tax_is_not_all_revenue():
    tax = {"behavior": "inclusive", "shares": [{"amount_minor": "21"}]}
    usage = line("usage", 121, BEFORE)
    taxed = replace(usage, derivation={**usage.derivation, "tax": tax})
    on_top = replace(usage, derivation={**usage.derivation, "tax": {**tax, "behavior": "exclusive"}})

    assert booked(taxed) == [("issue", "2025-01-16", {"receivable": 121, "tax_payable": -21, "revenue": -100})]
    paid = replace(taxed, amount=-taxed.amount, derivation={**taxed.derivation, "kind": "credit_grant"})
    shares = {"behavior": "inclusive", "shares": [{"amount_minor": "-21"}]}
    paid = replace(paid, derivation={**paid.derivation, "category": "paid", "tax": shares})
    assert booked(taxed, paid) == [("issue", "2025-01-16", {"revenue": -121, "credit_liability": 121})]
    assert booked(on_top) == [("issue", "2025-01-16", {"receivable": 121, "revenue": -121})]


GRANTS = {
    ("paid", "manual"): ({"cash": 500, "credit_liability": -500}, {"cash": -500, "credit_liability": 500}),
    ("paid", "service_action"): (
        {"promotional_credit": 500, "credit_liability": -500},
        {"promotional_credit": -500, "credit_liability": 500},
    ),
    # The invoice that asks for a top-up has booked it.
    ("paid", "top_up"): (None, {"revenue": -500, "credit_liability": 500}),
    ("promotional", "manual"): (None, None),
}


@pytest.mark.parametrize(("kind", "expected"), GRANTS.items(), ids=["_".join(kind) for kind in GRANTS])
def test_credit_that_was_paid_for_is_owed_to_the_customer(kind, expected):
    category, source = kind
    money = Money(500, "USD")
    grant = CreditGrant("grant_1", "customer_1", "Credit", money, money, category, NOON, NOON, source=source)
    given = [told(entry)[2] for entry in grant_entries(grant, at=NOON)]
    taken = [told(entry)[2] for entry in grant_void_entries(grant, at=NOON)]

    assert (given, taken) == ([expected[0]] if expected[0] else [], [expected[1]] if expected[1] else [])
    ended = [told(entry) for entry in expiry_entries(grant, Money(200, "USD"), at=NOON)]
    earned = ("expiry", "2025-01-16", {"revenue": -200, "credit_liability": 200})
    assert ended == ([earned] if category == "paid" else [])
    assert expiry_entries(grant, Money(0, "USD"), at=NOON) == ()


def test_what_was_accrued_is_reversed_by_the_invoice_that_has_the_usage():
    usage = replace(line("usage", 700, BEFORE), agreement_id="agreement_1")
    billed = invoice(line("licence_fee", 3_100), usage, usage)

    assert agreements_delivered(billed, at=NOON) == ("agreement_1",)
    ahead, behind = (
        replace(line("licence_fee", 3_100, period), agreement_id="agreement_2") for period in (AHEAD, MONTH)
    )
    assert agreements_delivered(invoice(ahead), at=NOON) == ()
    assert agreements_delivered(invoice(ahead, behind), at=NOON) == ("agreement_2",)
    reversal = reversal_entry(billed, "agreement_1", Money(650, "USD"), at=NOON)
    assert told(reversal) == ("reversal", "2025-01-16", {"revenue": 650, "unbilled_receivable": -650})
    assert (reversal.agreement_id, reversal.invoice_id) == ("agreement_1", "invoice_1")


def test_what_was_delivered_by_the_end_of_a_month_is_usage_and_time_that_has_passed():
    lines = [
        line("licence_fee", 3_100),
        line("discount", -310, of="licence_fee"),
        line("usage", 700, BEFORE),
        line("tax", 133, BEFORE),
        line("licence_fee", 9_900, Period(at("2025-02-16"), at("2025-03-16"))),
    ]

    assert earned_before(lines, at("2025-02-01")) == 1_600 - 160 + 700
    assert earned_before(lines, at("2025-01-16")) == 700
    assert earned_before([], at("2025-01-16")) == 0


def any_line() -> st.SearchStrategy[InvoiceLine]:
    periods = st.builds(
        lambda start, days: Period(start, start + days),
        st.datetimes(
            at("2024-01-01").replace(tzinfo=None), at("2026-01-01").replace(tzinfo=None), timezones=st.just(NOON.tzinfo)
        ),
        st.timedeltas(NOON - NOON, YEAR.end - YEAR.start),
    )
    amounts = st.integers(-(10**9), 10**9)
    plain = st.builds(
        line, st.sampled_from(["licence_fee", "usage", "unused_time", "tax", "one_off"]), amounts, periods
    )
    off = st.builds(
        lambda minor, period, of: line("discount", minor, period, of=of),
        amounts,
        periods,
        st.sampled_from(["licence_fee", "usage"]),
    )
    return plain | off


@given(st.lists(any_line(), min_size=1, max_size=8))
def test_whatever_an_invoice_says_its_postings_are_its_lines(lines):
    issued = invoice(*lines)
    entries = issue_entries(issued, at=NOON)

    assert sum(entry.amount_of("receivable") for entry in entries) == issued.amount.minor
    assert all(sum(posting.amount_minor for posting in entry.postings) == 0 for entry in entries)
    assert all(entry.on > NOON.date() for entry in entries[1:] if entry.kind == "recognition")
    # What was deferred is earned in the end, all of it.
    assert sum(entry.amount_of("deferred_revenue") for entry in entries) == 0
    taxes = sum(line.amount.minor for line in lines if line.kind == "tax")
    assert sum(entry.amount_of("revenue") for entry in entries) == taxes - issued.amount.minor
