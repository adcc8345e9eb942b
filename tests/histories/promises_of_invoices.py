"""The promises about invoices that wait and are issued: numbers, statuses, and what comes last on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from billing_sdk.server.domain.invoicing import OPEN_TO_LINES, Invoice
from tests.histories.world import Books, World

# What comes last on an invoice, in this order; all that is charged and given back comes before.
LAST = {"credit_grant": 1, "tax": 2, "credit_balance": 3}


def invoices_hold(world: World, books: Books) -> None:
    """Check every promise about one customer's invoices, those included that are not issued yet."""
    with world.engine.read() as tx:
        timers = {timer.subject_id for timer in tx.timers.of_customer(books.customer.id) if timer.kind == "invoice"}
    for invoice in books.billed:
        lines_belong_to_the_customer(books, invoice)
    for invoice in books.invoices:
        assert invoice.is_issued, f"{invoice.name} is {invoice.status}"
        assert invoice.number, f"{invoice.id} is issued and has no number"
        dates = [at for at in (invoice.created_at, invoice.issued_at, invoice.due_at) if at is not None]
        assert len(dates) == 3, f"{invoice.number} has no dates"
        assert dates == sorted(dates), f"{invoice.number}: dates are out of order"
        assert not invoice.basis, f"{invoice.number} still knows what it waited for"
        what_comes_last_is_last(invoice)
    for invoice in books.waiting:
        assert invoice.number is None, f"{invoice.id} has a number and is not issued"
        assert not {line.kind for line in invoice.lines} & LAST.keys(), f"{invoice.id} is complete before it is issued"
        assert invoice.id in timers or invoice.status in OPEN_TO_LINES, f"{invoice.id} waits for ever"
    gathering = [(one.currency, one.billing_cadence_id) for one in books.waiting if one.status == "gathering"]
    assert len(gathering) == len(set(gathering)), "what is billed next gathers in two places"


def numbers_have_no_gap(all_books: Sequence[Books]) -> None:
    """Check that of each series every number was given once."""
    given: defaultdict[str, list[int]] = defaultdict(list)
    for books in all_books:
        for invoice in books.invoices:
            series, _, count = invoice.name.rpartition("-")
            given[series].append(int(count))
    for series, counts in given.items():
        assert sorted(counts) == list(range(1, len(counts) + 1)), f"the series {series} has a gap"


def lines_belong_to_the_customer(books: Books, invoice: Invoice) -> None:
    known = {agreement.id for agreement in books.agreements}
    assert set(invoice.agreement_ids) <= known, f"{invoice.name} charges under somebody else's agreement"


def what_comes_last_is_last(invoice: Invoice) -> None:
    places = [LAST.get(line.kind or "", 0) for line in invoice.lines]
    assert places == sorted(places), f"{invoice.number}: {[line.kind for line in invoice.lines]}"
