"""The promises about credit for usage: it never burns twice, never goes below zero, and nobody is surprised by it."""

from __future__ import annotations

import itertools
from collections import Counter

from billing_sdk.server.api.konnect.credit_transactions import TYPES
from billing_sdk.server.domain.credits import CreditMovement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import applications_of, charge_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.look_up_credit import credit_of
from billing_sdk.server.usecases.next_invoice import as_planned, ends_before_billing, next_invoice
from billing_sdk.server.usecases.rate_dirty import adjustments_to_come
from tests.histories.world import Books, World


def credit_is_spent_once(world: World, books: Books) -> None:
    """Check every promise about the credit of one customer."""
    if not books.grants:
        return
    with world.engine.read() as tx:
        movements = _all_movements(tx, books.customer)
        each_grant_is_what_its_movements_add_up_to(books, movements)
        each_interval_is_granted_once(books)
        invoices_have_spent_what_they_say(books, movements)
        each_adjustment_is_what_it_has_moved(movements, tx)
        the_history_says_what_there_was(books, tx)
        what_is_pending_is_what_the_next_invoice_will_spend(world, books, tx)


def each_grant_is_what_its_movements_add_up_to(books: Books, movements: list[CreditMovement]) -> None:
    left: Counter[str] = Counter()
    for movement in movements:
        left[movement.grant_id] += movement.amount.minor
        assert left[movement.grant_id] >= 0, f"{movement.grant_id} was below zero at {movement.at}"
    for grant in books.grants:
        assert left[grant.id] == grant.left.minor, f"{grant} is not what its movements say"
        assert grant.left.minor <= grant.amount.minor
        if grant.status in ("expired", "voided", "awaiting_payment"):
            assert not grant.left, f"{grant} is {grant.status}, and something is left"


def each_interval_is_granted_once(books: Books) -> None:
    granted = Counter(
        (grant.agreement_id, grant.component, grant.interval_start) for grant in books.grants if grant.component
    )
    assert not [one for one, times in granted.items() if times > 1]


def invoices_have_spent_what_they_say(books: Books, movements: list[CreditMovement]) -> None:
    grants = {grant.id: grant for grant in books.grants}
    spent: Counter[tuple[str, str, int]] = Counter()
    for movement in movements:
        if movement.invoice_id is not None and movement.line is not None:
            spent[movement.invoice_id, movement.grant_id, movement.line] -= movement.amount.minor
    for invoice in books.invoices:
        said = Counter({(one.grant_id, one.line): one.amount.minor for one in applications_of(invoice.lines)})
        its = {(grant_id, line): minor for (one, grant_id, line), minor in spent.items() if one == invoice.id and minor}
        for note in (one for one in books.notes if one.invoice_id == invoice.id):
            for line in note.lines:
                if (back := invoice.lines[line.number - 1]).kind == "credit_grant":
                    said[str(back.component_id), charge_of(invoice, line.number)] += line.amount.minor
        is_used = invoice.is_issued and invoice.status != "void"
        expected = {key: minor for key, minor in said.items() if minor} if is_used else {}
        assert its == expected, f"{invoice.name} has spent {its} and says {expected}"
        for grant_id, number in said:
            grant, period = grants[grant_id], invoice.lines[number - 1].period
            # One that somebody has ended meanwhile had not ended when it was used.
            was_in_time = grant.expires_at is None or period.end <= grant.expires_at or grant.ends_with_agreement
            assert was_in_time, f"{grant} had ended when {period} was over"


def each_adjustment_is_what_it_has_moved(movements: list[CreditMovement], tx: UnitOfWork) -> None:
    moved: Counter[str] = Counter()
    for movement in movements:
        if movement.adjustment_id is not None:
            moved[movement.adjustment_id] += movement.amount.minor
        else:
            assert movement.kind != "adjusted"
    adjustments = tx.credit_history.adjustments(moved.keys())
    assert {one.id: one.amount.minor for one in adjustments.values()} == dict(moved)


def the_history_says_what_there_was(books: Books, tx: UnitOfWork) -> None:
    """What there is after the newest movement is there now, and each begins with what the one before it has left."""
    currencies = {grant.amount.currency for grant in books.grants}
    told = tx.credit_history.transactions_of(books.customer.id, kinds=TYPES.keys(), currencies=currencies, size=1_000)
    for currency in currencies:
        own = [one for one in told if one.after.currency == currency]
        left = sum(grant.left.minor for grant in books.grants if grant.amount.currency == currency)
        assert (own[0].after.minor if own else 0) == left
        assert all(later.before == earlier.after for later, earlier in itertools.pairwise(own))


def what_is_pending_is_what_the_next_invoice_will_spend(world: World, books: Books, tx: UnitOfWork) -> None:
    """Gates go by what is pending, so that has to be what the invoice says in the end."""
    live = [agreement for agreement in books.agreements if agreement.is_live]
    if len(live) != 1 or live[0].status != "active" or ends_before_billing(live[0]):
        return
    agreement = live[0]
    if agreement.pending_change is not None or tx.invoices.unissued_of(books.customer.id):
        return
    if any(adjustments_to_come(tx, books.customer)):
        return  # those are paid with credit first
    lines = next_invoice(tx, books.customer, as_planned(tx, agreement)).lines
    will_spend = sum(one.amount.minor for one in applications_of(lines))
    balances = {one.currency: one for one in credit_of(tx, books.customer, at=world.engine.now_for(tx, books.customer))}
    found = balances.get(agreement.currency)
    assert will_spend == (found.pending.minor if found else 0), "what is pending is not what will be spent"
    for balance in balances.values():
        assert 0 <= balance.available.minor <= balance.ledger.minor - balance.pending.minor


def _all_movements(tx: UnitOfWork, customer: Customer) -> list[CreditMovement]:
    found: list[CreditMovement] = []
    while True:
        after = found[-1].id if found else None
        page = tx.grants.movements_of(customer.id, PageRequest(500, starting_after=after))
        found += page.items
        if not page.has_more:
            return sorted(found, key=lambda one: (one.at, one.amount.minor < 0))
