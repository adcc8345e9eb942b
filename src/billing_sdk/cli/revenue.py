"""`billing-sdk revenue` and `billing-sdk books`."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, JsonOption, engine_at
from billing_sdk.cli.output import explaining_errors, show_table, table_of
from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.domain.ledger import RevenueTable
from billing_sdk.server.usecases.read_books import revenue as read_revenue, statement as read_statement, trial_balance
from billing_sdk.server.web.revenue_csv import figure, month_name, revenue_csv
from billing_sdk.server.web.revenue_page import revenue_page

books = typer.Typer(no_args_is_help=True)


def revenue(
    first_month: Annotated[
        str | None, typer.Option("--from", metavar="MONTH", help="The first month, such as 2025-01.")
    ] = None,
    last_month: Annotated[str | None, typer.Option("--to", metavar="MONTH", help="The last month.")] = None,
    currency: Annotated[str | None, typer.Option(help="Only this currency.")] = None,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="Only what is about this customer.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with a plot for each currency here.")
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show how each account has changed month by month; months that lie ahead hold what is not earned yet."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        tables = read_revenue(
            tx, first_month=first_month, last_month=last_month, currency=currency, customer_id=customer
        )
    if html is not None:
        try:
            html.write_text(revenue_page(tables), encoding="utf-8")
        except OSError as error:
            raise InvalidRequest(f"{html} can't be written: {error.strerror}", remedy="Name another file.") from None
    if as_csv:
        typer.echo(revenue_csv(tables), nl=False)
    for table in () if as_csv else tables:
        _show(table, as_json=as_json)


@books.command("trial-balance")
@explaining_errors
def show_trial_balance(
    until: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="At the end of this day, such as 2025-03-31; all by default."),
    ] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what stands on each account; debits and credits come to the same."""
    day = None if until is None else _day(until)
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = trial_balance(tx, until=day)
    table = table_of("Currency", "Account", "Debit", "Credit")
    for balance in found:
        sides = {"debit": balance.debits_minor, "credit": balance.credits_minor}
        for side, standing in sides.items():
            for account, minor in standing:
                row = {"currency": balance.currency, "account": account, "side": side, "amount_minor": minor}
                if as_json:
                    typer.echo(json.dumps(row))
                shown = figure(minor, balance.currency)
                table.add_row(balance.currency, account, *((shown, "") if side == "debit" else ("", shown)))
        total = figure(balance.total_minor, balance.currency)
        table.add_row(balance.currency, "total", total, total, end_section=True)
    if not as_json:
        show_table(table)


@books.command("statement")
@explaining_errors
def show_statement(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="The id of the customer.")],
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what a customer was charged and has paid, and what was owed after each."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = read_statement(tx, customer)
    table = table_of("Day", "What", "Invoice", "Amount", "Owed then")
    for line in found.lines:
        number = found.invoice_numbers.get(line.invoice_id or "")
        row = {
            "booked_on": line.on.isoformat(),
            "kind": line.kind,
            "invoice_number": number,
            "currency": line.currency,
            "amount_minor": line.amount_minor,
            "balance_minor": line.balance_minor,
        }
        if as_json:
            typer.echo(json.dumps(row))
        amounts = (Money(minor, line.currency) for minor in (line.amount_minor, line.balance_minor))
        table.add_row(line.on.isoformat(), line.kind.replace("_", " "), escape(number or "-"), *map(str, amounts))
    if not as_json:
        show_table(table)


def _show(found: RevenueTable, *, as_json: bool) -> None:
    months = [month_name(month) for month in found.months]
    if as_json:
        rows = {row.account: {"changes_minor": row.changes_minor, "total_minor": row.total_minor} for row in found.rows}
        typer.echo(json.dumps({"currency": found.currency, "months": months, "accounts": rows}))
        return
    table = table_of(found.currency, *months, "Total")
    for row in found.rows:
        amounts = (*row.changes_minor, row.total_minor)
        table.add_row(row.account, *(figure(minor, found.currency) for minor in amounts))
    show_table(table)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text[:32]!r} is not a day such as 2025-03-31", parameter="until") from None
