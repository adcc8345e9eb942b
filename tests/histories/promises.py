"""The promises that no history may break, each checked against what is written down and nothing else."""

from __future__ import annotations

import itertools
from collections import defaultdict

from billing_sdk.money import total
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.invoicing import InvoiceLine
from billing_sdk.server.usecases.load_entitlements import load_entitlements
from tests.histories.promises_explained import every_amount_follows_from_its_explanation
from tests.histories.promises_of_allowances import allowances_hold
from tests.histories.promises_of_books import books_hold
from tests.histories.promises_of_cadences import cadences_hold
from tests.histories.promises_of_charges import charges_hold
from tests.histories.promises_of_collection import collection_holds
from tests.histories.promises_of_corrections import corrections_hold
from tests.histories.promises_of_credit import credit_is_spent_once
from tests.histories.promises_of_invoices import invoices_hold, numbers_have_no_gap
from tests.histories.promises_of_paper import papers_add_up
from tests.histories.promises_of_standing import standings_hold
from tests.histories.promises_of_tax import taxes_hold
from tests.histories.promises_of_totals import totals_hold
from tests.histories.promises_of_usage import adjustments_are_planned, usage_holds
from tests.histories.reckoning import fees_come_to_what_was_in_force
from tests.histories.world import CUSTOMERS, Books, World

CHARGES = ("licence_fee", "usage")
PARTS = {"instead_of", "so_far", "billed_before"}


def check(world: World) -> None:
    """Fail where a promise is broken."""
    all_books = [world.books(customer) for customer in CUSTOMERS]
    numbers_have_no_gap(all_books)
    for books in all_books:
        one_agreement_is_live_at_most(books)
        events_are_counted_without_a_gap(books)
        invoices_add_up(world, books)
        nothing_is_charged_twice(books)
        fees_come_to_what_was_in_force(world, books)
        usage_holds(world, books)
        charges_hold(world, books)
        allowances_hold(world, books)
        adjustments_are_planned(world, books)
        only_what_grants_is_granted(world, books)
        invoices_hold(world, books)
        cadences_hold(world, books)
        standings_hold(world, books)
        taxes_hold(world, books)
        books_hold(world, books)
        collection_holds(world, books)
        papers_add_up(world, books)
        totals_hold(books)
        credit_is_spent_once(world, books)
        corrections_hold(world, books)
        every_amount_follows_from_its_explanation(world, books)


def one_agreement_is_live_at_most(books: Books) -> None:
    groups = [agreement.group_id for agreement in books.agreements if agreement.is_live]
    assert len(groups) == len(set(groups)), "two live agreements of one group"
    for before, after in zip(books.agreements, books.agreements[1:], strict=False):
        assert before.ended_at is not None, "an agreement was followed by another and has no end"
        assert before.started_at <= before.ended_at <= after.started_at, "agreements overlap"


def events_are_counted_without_a_gap(books: Books) -> None:
    assert [event.sequence for event in books.events] == list(range(1, len(books.events) + 1))
    times = [event.occurred_at for event in books.events]
    assert times == sorted(times), "an event was told before one that happened earlier"
    created = [event for event in books.events if event.type == "customer.agreement_created"]
    assert len(created) == len(books.agreements), "an agreement that no event tells of"


def invoices_add_up(world: World, books: Books) -> None:
    paid = []
    for invoice in books.invoices:
        assert {line.amount.currency for line in invoice.lines} == {invoice.currency}
        assert invoice.amount == total([line.amount for line in invoice.lines], invoice.currency)
        assert invoice.amount.minor >= 0, f"{invoice.number} is below zero"
        if invoice.payment_id is not None:
            paid.append(invoice.amount)
    announced = [event for event in books.events if event.type == "customer.payment_succeeded"]
    assert len(announced) == len(paid), "payments and paid invoices differ in number"
    balance: defaultdict[str, int] = defaultdict(int)
    for entry in books.credits:
        balance[entry.amount.currency] += entry.amount.minor
    with world.engine.read() as tx:
        for currency, minor in balance.items():
            assert minor >= 0, "more was taken off the credit balance than was on it"
            assert tx.credits.balance(books.customer.id, currency).minor == minor


def nothing_is_charged_twice(books: Books) -> None:
    for agreement in books.agreements:
        # Other numbers of seats or of an add-on are charged as a difference, beside what they are instead of.
        # So is usage of an interval of which a part was billed before it was over.
        whole = [line for line in _charges_of(books, agreement) if not PARTS & line.derivation.keys()]
        for lines in _by_component(whole).values():
            periods = sorted((line.period for line in lines), key=lambda period: period.start)
            for before, after in itertools.pairwise(periods):
                assert before.end <= after.start, f"{agreement.plan_key}: {before} and {after} overlap"


def only_what_grants_is_granted(world: World, books: Books) -> None:
    view = load_entitlements(world.engine, user_id=books.customer.user_id, org_code=None)
    granting = [agreement.plan_key for agreement in books.agreements if agreement.grants]
    assert bool(view.entitlements) == bool(granting), "entitlements and agreements disagree"


def _charges_of(books: Books, agreement: Agreement) -> list[InvoiceLine]:
    return [
        line
        for invoice in books.charged
        for line in invoice.lines
        if line.kind in CHARGES and line.agreement_id == agreement.id
    ]


def _by_component(lines: list[InvoiceLine]) -> dict[str, list[InvoiceLine]]:
    found = defaultdict(list)
    for line in lines:
        found[line.component_id].append(line)
    return found
