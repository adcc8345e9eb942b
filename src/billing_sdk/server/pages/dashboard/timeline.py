"""A customer's timeline: every change, event, invoice, payment and mail in order, by kind, each with a link."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from starlette.responses import Response

from billing_sdk.server.domain.customers import MethodName
from billing_sdk.server.pages.dashboard.customer_page import load_account
from billing_sdk.server.pages.dashboard.listing import AFTER, PAGE_SIZE, asked, listing, one_of
from billing_sdk.server.pages.dashboard.places import CREDITS, CUSTOMERS, DISPUTES, INVOICES, SUBSCRIPTIONS
from billing_sdk.server.pages.dashboard.seat import Seat
from billing_sdk.server.pages.dashboard.statuses import (
    CUSTOMER_KINDS,
    INVOICE_STATUSES,
    PAYMENT_STATUSES,
    options_of,
)
from billing_sdk.server.pages.dashboard.timeline_words import ACTIONS, EVENTS, KINDS, MAILS
from billing_sdk.server.pages.forms import Form
from billing_sdk.server.storage.timeline import Entry, EntryKind
from billing_sdk.server.words import Phrase, Value, method_words, phrase

# Where the things are that entries are about, by the beginnings of their ids.
PLACES: Mapping[str, str] = {
    "agreement": SUBSCRIPTIONS,
    "customer": CUSTOMERS,
    "dispute": DISPUTES,
    "grant": CREDITS,
    "invoice": INVOICES,
}
INVOICE_WORDS = phrase("Invoice %(number)s over %(amount)s")
DRAFT_WORDS = phrase("Draft of an invoice over %(amount)s")
PAID_WORDS = phrase("Payment of %(amount)s made")
FAILED_WORDS = phrase("Payment of %(amount)s failed")
SEPARATOR = "~"


def show_timeline(seat: Seat) -> Response:
    """Show what has happened about a customer, the latest first."""
    request = seat.request
    account = load_account(seat)
    kind = one_of(request, "kind", KINDS)
    kinds = (cast("EntryKind", kind),) if kind else tuple(cast("EntryKind", one) for one in KINDS)
    with seat.engine.read() as tx:
        found = tx.timeline.page(account.customer, kinds, before=_place(asked(request, AFTER)), limit=PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        emails = tx.users.emails_of({entry.actor for entry in shown})
    last = f"{shown[-1].at.isoformat()}{SEPARATOR}{shown[-1].id}" if len(found) > PAGE_SIZE else ""
    return seat.show(
        "customers/timeline",
        Form({"kind": kind}),
        account=account,
        tab="timeline",
        kind=CUSTOMER_KINDS[account.customer.kind],
        kinds=options_of(KINDS),
        emails=emails,
        entries=[(entry, words_of(entry), note_of(entry), url_of(entry), status_of(entry)) for entry in shown],
        listing=listing(request, (), (), last=last),
    )


def words_of(entry: Entry) -> Value:
    """Return what an entry says; an action that has no words here by its code."""
    amount: Value = "" if entry.amount is None else entry.amount
    match entry.kind:
        case "change":
            return ACTIONS.get(entry.code, entry.code)
        case "event":
            return EVENTS.get(entry.code, entry.code)
        case "invoice" if entry.note:
            return Phrase(INVOICE_WORDS.message, {"number": note_of(entry), "amount": amount})
        case "invoice":
            return Phrase(DRAFT_WORDS.message, {"amount": amount})
        case "payment":
            said = PAID_WORDS if entry.code == "succeeded" else FAILED_WORDS
            return Phrase(said.message, {"amount": amount})
        case "mail":
            return MAILS.get(entry.code, entry.code)


def note_of(entry: Entry) -> Value:
    """Return what else there is to say."""
    return method_words(entry.note) if isinstance(entry.note, MethodName) else entry.note


def url_of(entry: Entry) -> str:
    """Return where the thing is that an entry is about; empty where it has no page."""
    if entry.kind == "mail":
        return f"/dashboard/mail/sent/{entry.id}"
    place = PLACES.get(entry.subject.partition("_")[0])
    return f"{place}/{entry.subject}" if place else ""


def status_of(entry: Entry) -> tuple[Phrase, str] | None:
    """Return the status that an invoice or a payment has."""
    table = {"invoice": INVOICE_STATUSES, "payment": PAYMENT_STATUSES}.get(entry.kind, {})
    said = table.get(entry.code)
    return None if said is None else (said.label, said.tone)


def _place(cursor: str) -> tuple[datetime, str] | None:
    """Return the place that a cursor names; the beginning where it is none of ours."""
    at, separator, entry_id = cursor.partition(SEPARATOR)
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (found, entry_id) if separator and found.tzinfo is not None else None
