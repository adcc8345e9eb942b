"""The promises of double entry: whatever happens, the books say the same as the invoices, payments and balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.invoicing.booking import VOIDED, account_of
from billing_sdk.server.domain.ledger import Account, JournalEntry, day_of
from tests.histories.world import Books, World

EARNED: tuple[Account, ...] = ("deferred_revenue", "revenue")


def books_hold(world: World, books: Books) -> None:
    """Check every promise about the books of one customer."""
    today = day_of(world.now)
    entries_sum_to_zero(books)
    each_invoice_is_booked_as_its_lines_say(books)
    what_is_billed_is_earned_or_deferred(books, today)
    receivable_is_what_is_owed(books, today)
    cash_is_what_was_paid(books, today)
    credit_liability_is_the_customers_money(books, today)
    what_is_accrued_is_known(world, books, today)


def entries_sum_to_zero(books: Books) -> None:
    sums: Counter[str] = Counter()
    for entry in books.entries:
        assert not sum(posting.amount_minor for posting in entry.postings), f"{entry} does not balance"
        sums[entry.currency] += sum(posting.amount_minor for posting in entry.postings)
    assert not any(sums.values())


def each_invoice_is_booked_as_its_lines_say(books: Books) -> None:
    for invoice in books.invoices:
        # What a credit note has taken back is named by it; a void undoes that as well.
        kinds = ("issue", "recognition", "void") if invoice.status != "void" else VOIDED | {"void"}
        its = [entry for entry in books.entries if entry.invoice_id == invoice.id and entry.kind in kinds]
        sums = _sums(entry for entry in its if invoice.status == "void" or entry.reference_id is None)
        if invoice.status == "void":
            assert not any(sums.values()), f"{invoice.number} is void and something of it is left: {sums}"
            continue
        assert sums["receivable"] == invoice.amount.minor, f"{invoice.number}: {sums}"
        assert not sums["deferred_revenue"], f"{invoice.number} is not earned in the end: {sums}"
        expected = _by_account(invoice)
        expected["revenue"] += expected.pop("deferred_revenue", 0)
        assert {account: -minor for account, minor in expected.items() if minor} == {
            account: minor for account, minor in sums.items() if minor and account != "receivable"
        }, f"{invoice.number} is booked otherwise than it says"


def what_is_billed_is_earned_or_deferred(books: Books, today: date) -> None:
    for currency in _currencies(books):
        sums = _standing(books, currency, today)
        billed = sum(
            _by_account(invoice)[account]
            for invoice in books.invoices
            for account in EARNED
            if invoice.currency == currency and invoice.status != "void"
        )
        assert billed == -sums["revenue"] - sums["deferred_revenue"] - sums["unbilled_receivable"], (
            f"{currency}: {sums}"
        )


def receivable_is_what_is_owed(books: Books, today: date) -> None:
    for currency in _currencies(books):
        owed = sum(invoice.amount_due.minor for invoice in books.invoices if invoice.currency == currency)
        assert _standing(books, currency, today)["receivable"] == owed


def cash_is_what_was_paid(books: Books, today: date) -> None:
    for currency in _currencies(books):
        paid = sum(
            invoice.amount.minor
            for invoice in books.invoices
            if invoice.currency == currency and invoice.payment_id is not None
        )
        assert _standing(books, currency, today)["cash"] == paid


def credit_liability_is_the_customers_money(books: Books, today: date) -> None:
    for currency in _currencies(books):
        kept = sum(
            entry.amount.minor
            for entry in books.credits
            # What a charge holds whose outcome is not known is the customer's still.
            if entry.amount.currency == currency and (entry.charge_id is None or entry.invoice_id is not None)
        )
        assert -_standing(books, currency, today)["credit_liability"] == kept


def what_is_accrued_is_known(world: World, books: Books, today: date) -> None:
    with world.engine.read() as tx:
        for agreement in books.agreements:
            accrued = tx.ledger.find_accrued(agreement.id)
            its = [entry for entry in books.entries if entry.agreement_id == agreement.id and entry.on <= today]
            assert _sums(its)["unbilled_receivable"] == (accrued.minor if accrued else 0), f"{agreement.plan_key}"


def _by_account(invoice: Invoice) -> Counter[Account]:
    sums: Counter[Account] = Counter()
    for line in invoice.lines:
        sums[account_of(line)] += line.amount.minor
    return sums


def _standing(books: Books, currency: str, today: date) -> Counter[Account]:
    return _sums(entry for entry in books.entries if entry.currency == currency and entry.on <= today)


def _sums(entries: Iterable[JournalEntry]) -> Counter[Account]:
    sums: Counter[Account] = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account] += posting.amount_minor
    return sums


def _currencies(books: Books) -> list[str]:
    return sorted({entry.currency for entry in books.entries} | {invoice.currency for invoice in books.invoices})
