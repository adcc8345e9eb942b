"""The words of an invoice in one language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Every word that is not data; `{name}` stands where data goes.

    Attributes:
        statuses: by the name of the status.
        sections: the heading over the lines of a kind, by the name of the kind.
        tax: `{name}` of the tax, its `{percent}` and the `{base}` that it is charged on.
        instead_of: a number of licences that has changed within its interval.
        top_up: credit that was bought, where it has no name of its own.
        payment: money that was taken without a word of what it is for.
        pay_by: what to do where nothing is charged to a card.
    """

    invoice: str
    draft: str
    supplier: str
    bill_to: str
    number: str
    date: str
    due_date: str
    status: str
    currency: str
    replaces: str
    tax_id: str
    description: str
    quantity: str
    amount: str
    subtotal: str
    discounts: str
    prepaid_credit: str
    tax: str
    tax_included: str
    total: str
    balance_used: str
    balance_kept: str
    credited: str
    paid: str
    amount_due: str
    instead_of: str
    top_up: str
    payment: str
    page: str
    pay_by: str
    charged_to_card: str
    reverse_charge: str
    credit_note: str
    for_invoice: str
    taxes: str
    credited_total: str
    off_invoice: str
    refunded: str
    to_balance: str
    to_credit: str
    reason: str
    download: str
    statuses: Mapping[str, str]
    sections: Mapping[str, str]
