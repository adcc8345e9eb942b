"""The books (extensions of the Management API): revenue by month, balances, and a customer's statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class RevenueRow:
    """How an account has changed in each month of its table, in minor units: above zero where it has grown.

    Attributes:
        account: such as `revenue`, `deferred_revenue` or `receivable`.
    """

    account: str
    changes_minor: tuple[int, ...]
    total_minor: int

    @classmethod
    def read(cls, data: Any) -> RevenueRow:
        """Read one row."""
        document = Document(data, "row")
        return cls(document.text("account"), document.whole_items("changes_minor"), document.whole("total_minor"))


@dataclass(frozen=True, slots=True)
class RevenueTable:
    """Months across and accounts down, in one currency; months are written `2025-01`, and are those of UTC."""

    currency: str
    months: tuple[str, ...]
    rows: tuple[RevenueRow, ...]

    @classmethod
    def read(cls, data: Any) -> RevenueTable:
        """Read one table."""
        document = Document(data, "table")
        return cls(document.text("currency"), document.texts("months"), document.objects("rows", RevenueRow.read))


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """What stands on an account, in minor units."""

    account: str
    amount_minor: int

    @classmethod
    def read(cls, data: Any) -> AccountStanding:
        """Read one account."""
        document = Document(data, "account")
        return cls(document.text("account"), document.whole("amount_minor"))


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """What stands on each account of a currency; debits and credits each come to `total_minor`."""

    currency: str
    debits: tuple[AccountStanding, ...]
    credits: tuple[AccountStanding, ...]
    total_minor: int

    @classmethod
    def read(cls, data: Any) -> TrialBalance:
        """Read one balance."""
        document = Document(data, "balance")
        return cls(
            document.text("currency"),
            document.objects("debits", AccountStanding.read),
            document.objects("credits", AccountStanding.read),
            document.whole("total_minor"),
        )


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One change of what a customer owes.

    Attributes:
        kind: what has caused it, such as `issue`, `payment`, `credit_note` or `void`.
        amount_minor: above zero what was charged, below zero what was paid or given.
        balance_minor: what the customer owed from then on; below zero what it had to its credit.
        reference_id: the credit note, refund or grant, where it is about one.
    """

    booked_on: date
    kind: str
    currency: str
    amount_minor: int
    balance_minor: int
    invoice_id: str | None = None
    invoice_number: str | None = None
    payment_id: str | None = None
    reference_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> StatementLine:
        """Read one line."""
        document = Document(data, "line")
        return cls(
            booked_on=document.day("booked_on"),
            kind=document.text("kind"),
            currency=document.text("currency"),
            amount_minor=document.whole("amount_minor"),
            balance_minor=document.whole("balance_minor"),
            invoice_id=document.text_or_none("invoice_id"),
            invoice_number=document.text_or_none("invoice_number"),
            payment_id=document.text_or_none("payment_id"),
            reference_id=document.text_or_none("reference_id"),
        )
