"""What statuses and kinds are called on the dashboard, and how each is meant: good, of note, bad, or none of these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.pages.dashboard.listing import Cell
from billing_sdk.server.words import Phrase, phrase


class Said(NamedTuple):
    """What one status is called.

    Attributes:
        tone: `good`, `note`, `bad` or `plain`.
    """

    label: Phrase
    tone: str = "plain"


AGREEMENT_STATUSES: Mapping[str, Said] = {
    "trialing": Said(phrase("On trial"), "note"),
    "active": Said(phrase("Active"), "good"),
    "paused": Said(phrase("Paused"), "note"),
    "replaced": Said(phrase("Replaced")),
    "cancelled": Said(phrase("Cancelled")),
}
SUSPENDED = Said(phrase("Suspended"), "bad")
UNPAID = Said(phrase("Unpaid"), "bad")
ENDING = Said(phrase("Ending"), "note")
INVOICE_STATUSES: Mapping[str, Said] = {
    "gathering": Said(phrase("Gathering")),
    "draft": Said(phrase("Draft"), "note"),
    "awaiting_usage": Said(phrase("Awaiting usage"), "note"),
    "awaiting_sending": Said(phrase("Awaiting sending"), "note"),
    "issued": Said(phrase("Issued"), "note"),
    "overdue": Said(phrase("Overdue"), "bad"),
    "paid": Said(phrase("Paid"), "good"),
    "uncollectible": Said(phrase("Uncollectible"), "bad"),
    "void": Said(phrase("Void")),
}
PAYMENT_STATUSES: Mapping[str, Said] = {
    "succeeded": Said(phrase("Succeeded"), "good"),
    "failed": Said(phrase("Failed"), "bad"),
}
DISPUTE_STATUSES: Mapping[str, Said] = {
    "needs_response": Said(phrase("Needs an answer"), "bad"),
    "under_review": Said(phrase("Under review"), "note"),
    "won": Said(phrase("Won"), "good"),
    "lost": Said(phrase("Lost"), "bad"),
    "closed": Said(phrase("Closed")),
}
DISPUTE_KINDS: Mapping[str, Phrase] = {
    "dispute": phrase("Dispute"),
    "inquiry": phrase("Inquiry"),
    "fraud_warning": phrase("Fraud warning"),
}
GRANT_STATUSES: Mapping[str, Said] = {
    "awaiting_payment": Said(phrase("Awaiting payment"), "note"),
    "granted": Said(phrase("Granted"), "good"),
    "expired": Said(phrase("Expired")),
    "voided": Said(phrase("Void")),
}
GRANT_CATEGORIES: Mapping[str, Phrase] = {"paid": phrase("Paid"), "promotional": phrase("Promotional")}
CUSTOMER_KINDS: Mapping[str, Phrase] = {"user": phrase("Person"), "organization": phrase("Organization")}


def status_cell(table: Mapping[str, Said], status: str) -> Cell:
    """Return the cell of a status; one that has no name here stands as it is."""
    said = table.get(status)
    return Cell(status, tone="plain") if said is None else Cell(said.label, tone=said.tone)


def agreement_said(agreement: Agreement) -> Said:
    """Return how an agreement fares: what is wrong with it comes before what it is."""
    if agreement.is_live and agreement.suspended_at is not None:
        return SUSPENDED
    if agreement.is_live and agreement.is_unpaid:
        return UNPAID
    if agreement.is_live and agreement.cancel_at is not None:
        return ENDING
    return AGREEMENT_STATUSES[agreement.status]


def options_of(table: Mapping[str, Said | Phrase | str]) -> tuple[tuple[str, Phrase | str], ...]:
    """Return the choices of a filter; the empty one stands for all."""
    named = ((key, said.label if isinstance(said, Said) else said) for key, said in table.items())
    return (("", phrase("All")), *named)
