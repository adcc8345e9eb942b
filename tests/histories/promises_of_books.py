"""The promises of double entry: whatever happens, the books say the same as the invoices, payments and balances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from billing_sdk.server.domain.credits import CreditGrant
from billing_sdk.server.domain.invoicing import CreditedLine, Invoice, InvoiceLine
from billing_sdk.server.domain.invoicing.booking import GRANT_ACCOUNTS, VOIDED, account_of, included_tax_minor
from billing_sdk.server.domain.ledger import Account, JournalEntry, day_of
from tests.histories.world import Books, World

EARNED: tuple[Account, ...] = ("deferred_revenue", "revenue")
ENDS_CREDIT = ("expiry", "grant_void", "adjustment")


def books_hold(world: World, books: Books) -> None:
    """Check every promise about the books of one customer."""
    today = day_of(world.now)
    entries_sum_to_zero(books)
    each_invoice_is_booked_as_its_lines_say(books)
    what_is_accrued_is_known(world, books, today)
    for currency in sorted({entry.currency for entry in books.entries} | {one.currency for one in books.invoices}):
        standing = _sums(entry for entry in books.entries if entry.currency == currency and entry.on <= today)
        what_is_billed_is_earned_or_deferred(books, currency, standing)
        receivable_is_what_is_owed(books, currency, standing)
        cash_is_what_was_paid(books, currency, standing)
        what_is_disputed_is_with_the_bank_or_lost(books, currency, standing)
        refunds_are_what_is_promised(books, currency, standing)
        credit_liability_is_the_customers_money(books, currency, standing)
        what_is_unapplied_has_paid_nothing_yet(world, books, currency, standing)


def entries_sum_to_zero(books: Books) -> None:
    sums: Counter[str] = Counter()
    for entry in books.entries:
        assert not sum(posting.amount_minor for posting in entry.postings), f"{entry} does not balance"
        sums[entry.currency] += sum(posting.amount_minor for posting in entry.postings)
    assert not any(sums.values())


def each_invoice_is_booked_as_its_lines_say(books: Books) -> None:
    for invoice in books.invoices:
        its = [entry for entry in books.entries if entry.invoice_id == invoice.id]
        if invoice.status == "void":
            sums = _sums(entry for entry in its if entry.kind in VOIDED | {"void"})
            assert not any(sums.values()), f"{invoice.name} is void and something of it is left: {sums}"
            continue
        # What a credit note has taken back of it is named by the note.
        sums = _sums(entry for entry in its if entry.kind in ("issue", "recognition") and entry.reference_id is None)
        assert sums["receivable"] == invoice.amount.minor, f"{invoice.name}: {sums}"
        expected = _by_account(invoice)
        expected["revenue"] += expected.pop("deferred_revenue", 0)  # all of it is earned in the end
        assert {account: -minor for account, minor in expected.items() if minor} == {
            account: minor for account, minor in sums.items() if minor and account != "receivable"
        }, f"{invoice.name} is booked otherwise than it says"


def what_is_billed_is_earned_or_deferred(books: Books, currency: str, standing: Counter[Account]) -> None:
    billed = sum(_earned(_by_account(invoice)) for invoice in _counting(books, currency))
    counting = {invoice.id: invoice for invoice in _counting(books, currency)}
    credited = sum(
        _taken_back(counting[note.invoice_id].lines[line.number - 1], line)
        for note in books.notes
        for line in note.lines
        if note.invoice_id in counting
    )
    its = [entry for entry in books.entries if entry.currency == currency and entry.kind in ENDS_CREDIT]
    ended = sum(entry.amount_of("revenue") for entry in its)
    told = -standing["revenue"] - standing["deferred_revenue"] - standing["unbilled_receivable"]
    assert billed - credited - ended == told, f"{currency}: {standing}"


def receivable_is_what_is_owed(books: Books, currency: str, standing: Counter[Account]) -> None:
    owed = sum(invoice.amount_due.minor for invoice in books.invoices if invoice.currency == currency)
    owed += sum(grant.cost.minor for grant in books.grants if _is_collected(grant, currency) and not _is_settled(grant))
    assert standing["receivable"] == owed, f"{currency}: {standing}"


def cash_is_what_was_paid(books: Books, currency: str, standing: Counter[Account]) -> None:
    paid = [one.amount for one in books.payments if one.status == "succeeded"]
    paid += [-one.amount for one in books.refunds if one.status == "succeeded"]
    paid += [-one.amount for one in books.unused_refunds if one.status == "succeeded"]
    paid += [one.cost for one in books.grants if _is_collected(one, currency) and _is_settled(one)]
    paid += [-one.held for one in books.disputes]
    assert standing["cash"] == sum(amount.minor for amount in paid if amount.currency == currency)


def what_is_disputed_is_with_the_bank_or_lost(books: Books, currency: str, standing: Counter[Account]) -> None:
    its = [one for one in books.disputes if one.amount.currency == currency]
    assert standing["disputed"] == sum(one.held.minor for one in its if one.is_open)
    lost = sum(one.held.minor for one in its if not one.is_open)
    given_up = [one for one in books.invoices if one.currency == currency and one.status == "uncollectible"]
    assert standing["bad_debt"] == lost + sum((one.amount - one.credited).minor for one in given_up)


def refunds_are_what_is_promised(books: Books, currency: str, standing: Counter[Account]) -> None:
    pending = [one.amount for one in books.refunds if one.status == "pending"]
    assert -standing["refunds"] == sum(amount.minor for amount in pending if amount.currency == currency)


def credit_liability_is_the_customers_money(books: Books, currency: str, standing: Counter[Account]) -> None:
    kept = [
        entry.amount
        for entry in books.credits
        # What a charge holds whose outcome is not known is the customer's still, and what a declined one has held.
        if (entry.charge_id is None or entry.invoice_id is not None) and entry.reason != "declined"
    ]
    kept += [grant.left for grant in books.grants if grant.category == "paid"]
    issued = {invoice.id for invoice in books.invoices if invoice.status != "void"}
    kept += [
        grant.cost
        for grant in books.grants
        if grant.status == "awaiting_payment" and grant.category == "paid" and grant.invoice_id in issued
    ]
    assert -standing["credit_liability"] == sum(amount.minor for amount in kept if amount.currency == currency)


def what_is_unapplied_has_paid_nothing_yet(
    world: World, books: Books, currency: str, standing: Counter[Account]
) -> None:
    with world.engine.read() as tx:
        unused = tx.payment_intents.unused_of(books.customer.id)
    held = unused[currency].minor if currency in unused else 0
    assert -standing["unapplied_payments"] == held, f"{currency}: {standing}"


def what_is_accrued_is_known(world: World, books: Books, today: date) -> None:
    with world.engine.read() as tx:
        for agreement in books.agreements:
            accrued = tx.ledger.find_accrued(agreement.id)
            its = [entry for entry in books.entries if entry.agreement_id == agreement.id and entry.on <= today]
            assert _sums(its)["unbilled_receivable"] == (accrued.minor if accrued else 0), f"{agreement.plan_key}"


def _counting(books: Books, currency: str) -> list[Invoice]:
    return [one for one in books.invoices if one.currency == currency and one.status != "void"]


def _taken_back(line: InvoiceLine, by: CreditedLine) -> int:
    """Return how much less is earned; of credit that was bought, only the tax within its price was taken off that."""
    included = by.included_tax.minor
    if account_of(line) in EARNED:
        return by.amount.minor - included
    return -included if _is_paid_with_credit(line) else 0


def _is_collected(grant: CreditGrant, currency: str) -> bool:
    """Tell whether somebody else collects what a grant costs."""
    is_bought = grant.category == "paid" and grant.source == "manual" and grant.status != "voided"
    return is_bought and grant.amount.currency == currency


def _is_settled(grant: CreditGrant) -> bool:
    return grant.settlement in (None, "settled")


def _by_account(invoice: Invoice) -> Counter[Account]:
    sums: Counter[Account] = Counter()
    for line in invoice.lines:
        account, included = account_of(line), included_tax_minor(line)
        sums["tax_payable"] += included
        sums["revenue" if _is_paid_with_credit(line) else account] -= included
        sums[account] += line.amount.minor
    return sums


def _is_paid_with_credit(line: InvoiceLine) -> bool:
    return account_of(line) in GRANT_ACCOUNTS.values()


def _earned(sums: Counter[Account]) -> int:
    return sum(sums[account] for account in EARNED)


def _sums(entries: Iterable[JournalEntry]) -> Counter[Account]:
    sums: Counter[Account] = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account] += posting.amount_minor
    return sums
