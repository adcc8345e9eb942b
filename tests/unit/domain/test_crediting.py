"""What can be credited of an invoice: parts come to the whole, with all of its taxes, and never to more."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings, strategies as st

from billing_sdk.errors import (
    CreditNoteTooLarge,
    InvoiceNotIssued,
    InvoiceNotOwed,
    InvoiceNotPaid,
    InvoicePaid,
    InvoiceVoid,
    RefundTooLarge,
)
from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import (
    BALANCE,
    CreditDestination,
    CreditedLine,
    CreditNote,
    Invoice,
    InvoiceLine,
    OverBilled,
    billed_line,
    check_destination,
    credit_used,
    credited_lines,
    left_of,
    lines_again,
    taken_back,
    usual_destination,
)
from billing_sdk.server.domain.invoicing.derivation import of_period
from billing_sdk.server.domain.periods import Period
from tests.unit.domain.things import at

ISSUED_AT: datetime = at("2027-01-15")
MONTH = Period(ISSUED_AT, at("2027-02-15"))


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def line(minor: int, kind: str = "licence_fee", component: str = "fee_1", **facts: object) -> InvoiceLine:
    derivation = {"kind": kind, **facts}
    return InvoiceLine("A line", usd(minor), MONTH, "version_1", component, None, derivation, "agreement_1")


def taxed(minor: int, tax_minor: int, *, behavior: str, component: str) -> InvoiceLine:
    share = {"rate": "rate_de", "name": "VAT", "percent": "19", "base_minor": "0", "amount_minor": str(tax_minor)}
    return line(minor, component=component, tax={"behavior": behavior, "shares": [share]})


def discount(of: InvoiceLine, minor: int) -> InvoiceLine:
    return replace(
        of, amount=usd(-minor), derivation={"kind": "discount", "of": of.kind, "of_minor": str(of.amount.minor)}
    )


def invoice(*lines: InvoiceLine, **changes: object) -> Invoice:
    values = {
        "id": "invoice_1",
        "number": "INV-000001",
        "customer_id": "customer_1",
        "agreement_id": "agreement_1",
        "status": "paid",
        "currency": "USD",
        "lines": lines,
        "created_at": ISSUED_AT,
        "payment_id": "payment_1",
        **changes,
    }
    return Invoice(**values)  # type: ignore[arg-type]  # each test names only what it is about


def note(*lines: CreditedLine, destination: CreditDestination = "refund") -> CreditNote:
    return CreditNote("note_1", "CN-1", "invoice_1", "customer_1", "USD", destination, "why", ISSUED_AT, lines)


AMOUNTS = st.tuples(st.integers(1, 5_000), st.integers(0, 950), st.sampled_from(["exclusive", "inclusive"]))


@given(
    amounts=st.lists(AMOUNTS, min_size=1, max_size=4),
    parts=st.lists(st.tuples(st.integers(0, 4), st.integers(1, 100)), max_size=6),
)
@settings(max_examples=80)
def test_parts_of_an_invoice_come_to_the_whole_of_it_with_all_of_its_taxes(amounts, parts):
    lines = [
        taxed(minor, min(tax, minor), behavior=behavior, component=f"fee_{number}")
        for number, (minor, tax, behavior) in enumerate(amounts)
    ]
    added = sum(min(tax, minor) for minor, tax, behavior in amounts if behavior == "exclusive")
    billed = invoice(*lines, *([line(added, "tax", "rate_de")] if added else []))
    notes: list[CreditNote] = []
    for number, percent in parts:
        left = left_of(billed, notes)
        share = usd(left.whole.minor * percent // 100)
        if number and number in left.lines:
            share = usd(left.lines[number].amount.minor * percent // 100)
        if not share:
            continue
        wanted = {number: share} if number in left.lines else share
        notes.append(note(*credited_lines(billed, notes, wanted)))
        if not isinstance(wanted, dict):
            assert notes[-1].amount == share
    if left_of(billed, notes).whole:
        notes.append(note(*credited_lines(billed, notes, None)))

    assert sum(one.amount.minor for one in notes) == billed.amount.minor
    assert left_of(billed, notes).lines == {}
    assert sum(part.tax.minor for one in notes for part in one.lines) == added
    included = sum(min(tax, minor) for minor, tax, behavior in amounts if behavior == "inclusive")
    assert sum(part.included_tax.minor for one in notes for part in one.lines) == included
    with pytest.raises(CreditNoteTooLarge):
        credited_lines(billed, notes, usd(1))


def test_what_a_coupon_took_off_a_line_is_not_credited():
    fee = line(1_000)
    billed = invoice(fee, discount(fee, 400))
    assert left_of(billed, ()).lines == {1: CreditedLine(1, usd(600), usd(0), usd(0))}
    with pytest.raises(CreditNoteTooLarge):
        credited_lines(billed, (), {1: usd(601)})
    with pytest.raises(CreditNoteTooLarge):
        credited_lines(billed, (), {2: usd(1)})


def test_what_was_given_back_on_the_invoice_itself_is_not_credited():
    billed = invoice(line(5_000), line(-1_000, "unused_time", "fee_0"))
    assert left_of(billed, ()).whole == usd(4_000)
    with pytest.raises(CreditNoteTooLarge):
        credited_lines(billed, (), {1: usd(4_001)})


def test_nothing_is_left_of_an_invoice_that_has_given_back_more_than_it_came_to():
    billed = invoice(line(5_000), line(-4_000, "unused_time", "fee_0"))
    facts = {"of": "licence_fee", "of_minor": "5000", "period": of_period(MONTH)}
    back = replace(billed.lines[0], amount=usd(-4_900), derivation={"kind": "unused_time", **facts})
    assert left_of(billed, (), (back,)).whole == usd(0)
    with pytest.raises(CreditNoteTooLarge, match=re.escape("more than the 0.00 USD")):
        credited_lines(billed, (), usd(1), (back,))


PAID_IN_BOTH = invoice(line(3_000), line(-1_000, "credit_balance", BALANCE))
OWED = invoice(line(3_000), line(-1_000, "credit_balance", BALANCE), status="issued", payment_id=None)
WHERE: dict[str, tuple[Invoice, CreditDestination, int, type[Exception] | None]] = {
    "all that was paid in money": (PAID_IN_BOTH, "refund", 2_000, None),
    "more than was paid in money": (PAID_IN_BOTH, "refund", 2_001, RefundTooLarge),
    "money and balance to the balance": (PAID_IN_BOTH, "balance", 3_000, None),
    "more than that": (PAID_IN_BOTH, "balance", 3_001, CreditNoteTooLarge),
    "off what is paid": (PAID_IN_BOTH, "invoice", 1, InvoicePaid),
    "off what is owed": (OWED, "invoice", 2_000, None),
    "off more than is owed": (OWED, "invoice", 2_001, CreditNoteTooLarge),
    "what the balance has paid of what is owed": (OWED, "balance", 1_000, None),
    "more than the balance has paid": (OWED, "balance", 1_001, CreditNoteTooLarge),
    "a refund of what is owed": (OWED, "refund", 1, InvoiceNotPaid),
    "of what is lost": (replace(OWED, status="uncollectible"), "invoice", 1, InvoiceNotOwed),
    "of what is void": (replace(OWED, status="void"), "invoice", 1, InvoiceVoid),
    "of a draft": (replace(OWED, status="draft", number=None), "invoice", 1, InvoiceNotIssued),
    "of what waits": (replace(OWED, status="awaiting_usage", number=None), "balance", 1, InvoiceNotIssued),
}


@pytest.mark.parametrize("name", WHERE)
def test_a_note_goes_where_there_is_something_to_go_to(name):
    billed, destination, minor, refused = WHERE[name]
    if refused is not None:
        with pytest.raises(refused):
            check_destination(billed, (), destination, usd(minor), usd(0), disputed=usd(0))
        return
    check_destination(billed, (), destination, usd(minor), usd(0), disputed=usd(0))
    before = note(CreditedLine(1, usd(1), usd(0), usd(0)), destination=destination)
    credited = billed.credited_by(usd(1)) if destination == "invoice" else billed
    with pytest.raises((CreditNoteTooLarge, RefundTooLarge)):
        check_destination(credited, (before,), destination, usd(minor), usd(0), disputed=usd(0))


def goes_to(billed, minor, *notes, is_by_card=True):
    destination, beside = usual_destination(billed, notes, usd(minor), is_by_card=is_by_card, disputed=usd(0))
    check_destination(billed, notes, destination, usd(minor), beside, disputed=usd(0))
    return destination, beside.minor


def test_a_note_goes_off_what_is_owed_else_to_where_the_money_came_from():
    assert goes_to(OWED, 2_000) == ("invoice", 0)
    assert goes_to(OWED, 3_000) == ("invoice", 1_000)
    assert goes_to(PAID_IN_BOTH, 2_000) == ("refund", 0)
    assert goes_to(PAID_IN_BOTH, 3_000) == ("refund", 1_000)
    assert goes_to(PAID_IN_BOTH, 3_000, is_by_card=False) == ("balance", 0)
    refunded = note(CreditedLine(1, usd(1_900), usd(0), usd(0)))
    assert goes_to(PAID_IN_BOTH, 1_100, refunded) == ("refund", 1_000)
    both = replace(note(CreditedLine(1, usd(2_500), usd(0), usd(0))), beside_minor=500)
    assert goes_to(PAID_IN_BOTH, 500, both) == ("balance", 0)
    kept = note(CreditedLine(1, usd(2_500), usd(0), usd(0)), destination="balance")
    assert goes_to(PAID_IN_BOTH, 500, kept) == ("refund", 0)


def test_what_credit_has_paid_of_usage_that_was_not_there_goes_back_once():
    usage = line(800, "usage", "rate_1")
    billed = invoice(
        usage, line(-500, "credit_grant", "grant_1", line="1"), line(-200, "credit_grant", "grant_2", line="1")
    )
    assert credit_used(billed, (), 1) == {3: usd(200), 2: usd(500)}
    [back] = taken_back([billed_line(billed, (), 1)], usd(400))
    assert (back.gross, back.money, back.credit) == (usd(400), usd(100), {3: usd(200), 2: usd(100)})

    lines = credited_lines(billed, (), OverBilled({1: back.money}, back.credit))
    first = note(*lines)
    assert [(one.number, one.amount.minor) for one in lines] == [(1, 400), (2, -100), (3, -200)]
    assert first.amount == usd(100)
    assert left_of(billed, (first,)).lines == {}
    [rest] = taken_back([billed_line(billed, (first,), 1)], usd(1_000))
    assert (rest.gross, rest.money, rest.credit) == (usd(400), usd(0), {2: usd(400)})


def test_another_invoice_has_the_lines_that_were_right_and_nothing_that_completes_one():
    fee = line(1_000)
    other = line(2_000, component="fee_2")
    wrong = invoice(
        fee,
        discount(fee, 100),
        other,
        discount(other, 200),
        line(190, "tax", "rate_de"),
        line(-50, "credit_balance", BALANCE),
        status="issued",
    )
    again = lines_again(wrong, {1: usd(700)})
    assert [(one.amount.minor, one.kind) for one in again] == [
        (700, "licence_fee"),
        (2_000, "licence_fee"),
        (-200, "discount"),
    ]
    assert [one.amount.minor for one in lines_again(wrong, {1: usd(0)})] == [2_000, -200]
