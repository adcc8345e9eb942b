"""The lists of the billing tab: plans, features, invoices, disputes and customers, the latest or the first of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response

from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.dashboard.tab import open_tab
from billing_sdk.server.pages.pricing import card_of
from billing_sdk.server.paper import ENGLISH
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.words import Phrase
from billing_sdk.server.words.templates import day

Row = tuple[str | Phrase, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """One list.

    Attributes:
        section: the last part of its address.
        columns: what stands above each column.
        empty: what stands in the place of an empty list.
        rows: reads it.
    """

    section: str
    title: str
    columns: tuple[str, ...]
    empty: str
    rows: Callable[[UnitOfWork], list[Row]]

    def show(self, seat: Seat) -> Response:
        """Return the page; while billing is off, there is only the empty state of the tab."""
        tab = open_tab(seat)
        if not tab.workspace.is_billing_enabled:
            return RedirectResponse(tab.url, 303)
        with seat.engine.read() as tx:
            rows = self.rows(tx)
        return tab.show("listing", self.section, listing=self, rows=rows)


def _plans(tx: UnitOfWork) -> list[Row]:
    cards = [(plan, card_of(tx, plan)) for plan in tx.catalog.list_plans()]
    return [(plan.name, plan.key, plan.status, card.price_words) for plan, card in cards]


def _features(tx: UnitOfWork) -> list[Row]:
    return [(found.name, found.key, "metered" if found.is_metered else "on or off") for found in tx.features.list()]


def _invoices(tx: UnitOfWork) -> list[Row]:
    found = tx.invoices.newest()
    names = tx.customers.names_of(tx.customers.list_of({invoice.customer_id for invoice in found}).values())
    return [
        (
            invoice.number or "",
            names.get(invoice.customer_id, invoice.customer_id),
            day(invoice.issued_at) if invoice.issued_at else "",
            ENGLISH.statuses[invoice.status],
            str(invoice.amount),
        )
        for invoice in found
    ]


def _customers(tx: UnitOfWork) -> list[Row]:
    found = tx.customers.list(PageRequest(MAX_PAGE_SIZE)).items
    names = tx.customers.names_of(found)
    plans = {one.id: ", ".join(agreement.plan_key for agreement in tx.agreements.live_of(one.id)) for one in found}
    return [(names.get(one.id, one.id), one.billing_email, one.kind, plans[one.id] or "none") for one in found]


def _disputes(tx: UnitOfWork) -> list[Row]:
    found = tx.disputes.newest()
    names = tx.customers.names_of(tx.customers.list_of({dispute.customer_id for dispute in found}).values())
    numbers = tx.invoices.numbers({dispute.invoice_id for dispute in found if dispute.invoice_id is not None})
    return [
        (
            day(dispute.opened_at),
            names.get(dispute.customer_id, dispute.customer_id),
            numbers.get(dispute.invoice_id or "", ""),
            f"{dispute.kind}: {dispute.reason}".replace("_", " ").capitalize(),
            dispute.status.replace("_", " ").capitalize(),
            str(dispute.amount),
        )
        for dispute in found
    ]


LISTINGS = (
    Listing("plans", "Plans", ("Name", "Key", "State", "Price"), "There are no plans yet.", _plans),
    Listing("features", "Features", ("Name", "Key", "Kind"), "There are no features yet.", _features),
    Listing(
        "invoices",
        "Invoices",
        ("Number", "Customer", "Date", "State", "Amount"),
        "There are no invoices yet.",
        _invoices,
    ),
    Listing(
        "disputes",
        "Disputes",
        ("Date", "Customer", "Invoice", "Why", "State", "Amount"),
        "No payment is disputed.",
        _disputes,
    ),
    Listing("customers", "Customers", ("Name", "E-mail", "Kind", "Plan"), "Nobody is a customer yet.", _customers),
)
