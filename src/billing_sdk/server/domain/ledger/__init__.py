"""The books: double entry.

It owns the accounts, the journal entry whose postings sum to zero, how revenue is spread over the months that a fee is
for, and the tables that are read from postings. It does not own what an invoice, a payment or a grant of credit means
for the books (invoicing/booking), nor when usage is accrued (usecases). An entry has the day to whose month it counts,
in UTC, which may lie ahead, and the instant of the customer's time when it was written.
"""

from billing_sdk.server.domain.ledger.accounts import ACCOUNTS as ACCOUNTS, Account as Account, natural as natural
from billing_sdk.server.domain.ledger.entry import (
    EntryKind as EntryKind,
    JournalEntry as JournalEntry,
    Posting as Posting,
    UnbalancedEntry as UnbalancedEntry,
    day_of as day_of,
    mirrored as mirrored,
    postings_of as postings_of,
)
from billing_sdk.server.domain.ledger.recognition import (
    last_day_before as last_day_before,
    month_begin as month_begin,
    month_begin_before as month_begin_before,
    next_month as next_month,
    straight_line as straight_line,
)
from billing_sdk.server.domain.ledger.report import (
    AccountMonth as AccountMonth,
    RevenueRow as RevenueRow,
    RevenueTable as RevenueTable,
    TrialBalance as TrialBalance,
    revenue_tables as revenue_tables,
    trial_balances as trial_balances,
)
from billing_sdk.server.domain.ledger.statement import (
    StatementLine as StatementLine,
    statement_of as statement_of,
)
