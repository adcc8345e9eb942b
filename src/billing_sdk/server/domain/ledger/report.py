"""Tables that are read from postings: revenue by month and account, and the trial balance."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billing_sdk.server.domain.ledger.accounts import ACCOUNTS, Account, natural

Month = tuple[int, int]  # year and month

# Twenty years: a table of more is a mistake.
MOST_MONTHS = 240


@dataclass(frozen=True, slots=True)
class AccountMonth:
    """The sum of the postings of one account, currency and month; debits above zero."""

    month: Month
    account: Account
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RevenueRow:
    """How an account has changed in each month of a table: above zero where it has grown on its own side."""

    account: Account
    changes_minor: tuple[int, ...]

    @property
    def total_minor(self) -> int:
        """Its change over all months of the table."""
        return sum(self.changes_minor)


@dataclass(frozen=True, slots=True)
class RevenueTable:
    """Months across, accounts down, in one currency; an account that nothing has happened to is left out."""

    currency: str
    months: tuple[Month, ...]
    rows: tuple[RevenueRow, ...]

    def row(self, account: Account) -> RevenueRow:
        """Return the row of an account; zeros where it is not in the table."""
        found = (row for row in self.rows if row.account == account)
        return next(found, RevenueRow(account, (0,) * len(self.months)))


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """What stands on each account of a currency; debits and credits come to the same."""

    currency: str
    debits_minor: tuple[tuple[Account, int], ...]
    credits_minor: tuple[tuple[Account, int], ...]

    @property
    def total_minor(self) -> int:
        """The sum of either side."""
        return sum(amount for _, amount in self.debits_minor)


def revenue_tables(
    found: Iterable[AccountMonth], *, first: Month | None = None, last: Month | None = None
) -> tuple[RevenueTable, ...]:
    """Return a table for each currency in which something has changed, in the order of their codes.

    Args:
        found: sums of postings.
        first: the first month of the tables; the first that anything was posted to, if it is not given.
        last: the last one, likewise.
    """
    sums = [one for one in found if (first or one.month) <= one.month <= (last or one.month)]
    by_currency: defaultdict[str, list[AccountMonth]] = defaultdict(list)
    for one in sums:
        by_currency[one.currency].append(one)
    tables = (_table(currency, by_currency[currency], first, last) for currency in sorted(by_currency))
    return tuple(table for table in tables if table.rows)


def trial_balances(sums: Iterable[AccountMonth]) -> tuple[TrialBalance, ...]:
    """Return what stands on each account, for each currency in the order of their codes."""
    standing: defaultdict[str, dict[Account, int]] = defaultdict(lambda: dict.fromkeys(ACCOUNTS, 0))
    for one in sums:
        standing[one.currency][one.account] += one.amount_minor
    return tuple(
        TrialBalance(
            currency,
            tuple((account, amount) for account, amount in standing[currency].items() if amount > 0),
            tuple((account, -amount) for account, amount in standing[currency].items() if amount < 0),
        )
        for currency in sorted(standing)
    )


def _table(currency: str, sums: Sequence[AccountMonth], first: Month | None, last: Month | None) -> RevenueTable:
    months = _months(first or min(one.month for one in sums), last or max(one.month for one in sums))
    place = {month: index for index, month in enumerate(months)}
    changes: defaultdict[Account, list[int]] = defaultdict(lambda: [0] * len(months))
    for one in sums:
        changes[one.account][place[one.month]] += natural(one.account, one.amount_minor)
    rows = tuple(RevenueRow(account, tuple(changes[account])) for account in ACCOUNTS if any(changes[account]))
    return RevenueTable(currency, months, rows)


def months_between(first: Month, last: Month) -> int:
    """Return how many months later one month is than another."""
    return (last[0] - first[0]) * 12 + last[1] - first[1]


def later(month: Month, months: int) -> Month:
    """Return the month that is so many months later than another."""
    return month[0] + (month[1] - 1 + months) // 12, (month[1] - 1 + months) % 12 + 1


def _months(first: Month, last: Month) -> tuple[Month, ...]:
    return tuple(later(first, months) for months in range(months_between(first, last) + 1))
