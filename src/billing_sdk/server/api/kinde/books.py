"""The books (extension): revenue by month and account, the trial balance, and a customer's statement."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from fastapi.responses import HTMLResponse, PlainTextResponse
from pydantic import BaseModel
from starlette.requests import Request

from billing_sdk.server.api.kinde.agreements import CustomerId
from billing_sdk.server.api.kinde.envelope import Answer, StrictRoute
from billing_sdk.server.api.kinde.security import EngineOf, scoped
from billing_sdk.server.domain.ledger import RevenueTable, TrialBalance
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.read_books import Statement, revenue, statement, trial_balance
from billing_sdk.server.web import nonce_of
from billing_sdk.server.web.operations import Operations
from billing_sdk.server.web.revenue_csv import month_name, revenue_csv
from billing_sdk.server.web.revenue_page import revenue_page

router = Operations(tags=["Books"], route_class=StrictRoute)
READ = scoped("read:billing_books", extension=True)
MAX_NAME = 64

FirstMonth = Annotated[str | None, Query(max_length=7, description="The first month of the table, such as 2025-01.")]
LastMonth = Annotated[str | None, Query(max_length=7, description="The last month of the table.")]
OneCurrency = Annotated[str | None, Query(max_length=3, description="Only this currency.")]
OneCustomer = Annotated[str | None, Query(max_length=MAX_NAME, description="Only what is about this customer.")]
Until = Annotated[date | None, Query(description="At the end of this day (UTC); after all that is booked by default.")]


class RevenueRowView(BaseModel):
    """How an account has changed in each month: above zero where it has grown."""

    account: str
    changes_minor: list[int]
    total_minor: int


class RevenueTableView(BaseModel):
    """Months across and accounts down, in one currency."""

    currency: str
    months: list[str]
    rows: list[RevenueRowView]

    @classmethod
    def of(cls, table: RevenueTable) -> RevenueTableView:
        """Show a table."""
        return cls(
            currency=table.currency,
            months=[month_name(month) for month in table.months],
            rows=[
                RevenueRowView(account=row.account, changes_minor=list(row.changes_minor), total_minor=row.total_minor)
                for row in table.rows
            ],
        )


class RevenueAnswer(Answer):
    """A table for each currency."""

    tables: list[RevenueTableView]


class StandingView(BaseModel):
    """What stands on an account."""

    account: str
    amount_minor: int


class TrialBalanceView(BaseModel):
    """What stands on each account of a currency; both sides come to `total_minor`."""

    currency: str
    debits: list[StandingView]
    credits: list[StandingView]
    total_minor: int

    @classmethod
    def of(cls, balance: TrialBalance) -> TrialBalanceView:
        """Show a trial balance."""
        return cls(
            currency=balance.currency,
            debits=[StandingView(account=account, amount_minor=minor) for account, minor in balance.debits_minor],
            credits=[StandingView(account=account, amount_minor=minor) for account, minor in balance.credits_minor],
            total_minor=balance.total_minor,
        )


class TrialBalanceAnswer(Answer):
    """A trial balance for each currency."""

    balances: list[TrialBalanceView]


class StatementLineView(BaseModel):
    """One change of what a customer owes: above zero what was charged, below zero what was paid or given."""

    booked_on: date
    kind: str
    currency: str
    amount_minor: int
    balance_minor: int
    invoice_id: str | None
    invoice_number: str | None
    payment_id: str | None
    reference_id: str | None


class StatementAnswer(Answer):
    """A customer's statement, the oldest line first."""

    lines: list[StatementLineView]


@router.get("/billing/revenue", **READ)
def get_revenue(
    engine: EngineOf,
    first_month: FirstMonth = None,
    last_month: LastMonth = None,
    currency: OneCurrency = None,
    customer_id: OneCustomer = None,
) -> RevenueAnswer:
    """Return how each account has changed month by month (extension)."""
    tables = _tables(engine, first_month, last_month, currency, customer_id)
    return RevenueAnswer(tables=[RevenueTableView.of(table) for table in tables])


@router.get("/billing/revenue.csv", response_class=PlainTextResponse, **READ)
def get_revenue_csv(
    engine: EngineOf,
    first_month: FirstMonth = None,
    last_month: LastMonth = None,
    currency: OneCurrency = None,
    customer_id: OneCustomer = None,
) -> PlainTextResponse:
    """Return the same as comma-separated values, in main units (extension)."""
    tables = _tables(engine, first_month, last_month, currency, customer_id)
    headers = {"Content-Disposition": 'attachment; filename="revenue.csv"'}
    return PlainTextResponse(revenue_csv(tables), headers=headers, media_type="text/csv")


@router.get("/billing/revenue.html", response_class=HTMLResponse, **READ)
def get_revenue_page(
    request: Request,
    engine: EngineOf,
    first_month: FirstMonth = None,
    last_month: LastMonth = None,
    currency: OneCurrency = None,
    customer_id: OneCustomer = None,
) -> HTMLResponse:
    """Return the same as a page with a plot for each currency (extension)."""
    tables = _tables(engine, first_month, last_month, currency, customer_id)
    return HTMLResponse(revenue_page(tables, nonce=nonce_of(request)))


@router.get("/billing/trial_balance", **READ)
def get_trial_balance(engine: EngineOf, until: Until = None) -> TrialBalanceAnswer:
    """Return what stands on each account at the end of a day (extension)."""
    with engine.read() as tx:
        found = trial_balance(tx, until=until)
    return TrialBalanceAnswer(balances=[TrialBalanceView.of(balance) for balance in found])


@router.get("/billing/statement", **READ)
def get_statement(engine: EngineOf, customer_id: CustomerId) -> StatementAnswer:
    """Return what a customer was charged and has paid, and what is owed after each (extension)."""
    with engine.read() as tx:
        found = statement(tx, customer_id)
    return StatementAnswer(lines=_lines(found))


def _tables(
    engine: Engine, first_month: str | None, last_month: str | None, currency: str | None, customer_id: str | None
) -> tuple[RevenueTable, ...]:
    with engine.read() as tx:
        return revenue(tx, first_month=first_month, last_month=last_month, currency=currency, customer_id=customer_id)


def _lines(found: Statement) -> list[StatementLineView]:
    return [
        StatementLineView(
            booked_on=line.on,
            kind=line.kind,
            currency=line.currency,
            amount_minor=line.amount_minor,
            balance_minor=line.balance_minor,
            invoice_id=line.invoice_id,
            invoice_number=found.invoice_numbers.get(line.invoice_id or ""),
            payment_id=line.payment_id,
            reference_id=line.reference_id,
        )
        for line in found.lines
    ]
