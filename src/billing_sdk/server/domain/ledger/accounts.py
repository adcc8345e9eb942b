"""The chart of accounts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Account = Literal[
    "receivable",
    "unbilled_receivable",
    "cash",
    "deferred_revenue",
    "revenue",
    "credit_liability",
    "unapplied_payments",
    "tax_payable",
    "refunds",
    "promotional_credit",
    "disputed",
    "bad_debt",
]
Side = Literal["debit", "credit"]

# The side on which each account grows: assets and what lowers a profit by debits, liabilities and revenue by credits.
# In this order they stand in tables.
ACCOUNTS: Mapping[Account, Side] = MappingProxyType(
    {
        "revenue": "credit",
        "unbilled_receivable": "debit",
        "receivable": "debit",
        "cash": "debit",
        "deferred_revenue": "credit",
        "credit_liability": "credit",
        "unapplied_payments": "credit",
        "tax_payable": "credit",
        "refunds": "credit",
        "promotional_credit": "debit",
        "disputed": "debit",
        "bad_debt": "debit",
    }
)


def natural(account: Account, amount_minor: int) -> int:
    """Return a sum of postings as it is shown: above zero where the account has grown."""
    return amount_minor if ACCOUNTS[account] == "debit" else -amount_minor
