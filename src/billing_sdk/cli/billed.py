"""`billing-sdk invoices list`, `show`, `upcoming` and `charge`: what was billed, and what will be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.invoices import InvoiceArgument, invoices as invoices
from billing_sdk.cli.options import BaseUrlOption, CustomerArgument, DatabaseOption, JsonOption, engine_at, money_of
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.server.domain.invoicing import Invoice, InvoiceLine, tell
from billing_sdk.server.storage.paging import MAX_PAGE_SIZE, PageRequest
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.one_off_charges import OneOff
from billing_sdk.server.usecases.upcoming_invoices import Upcoming, upcoming_invoices


@invoices.command("list")
@explaining_errors
def list_invoices(
    customer: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show a customer's invoices, the oldest first; what gathers and waits as well."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        tx.customers.get(customer)
        found = _all_of(lambda wanted: tx.invoices.page(wanted, customer_id=customer))
    if as_json:
        for invoice in found:
            typer.echo(json.dumps(_document(invoice)))
        return
    table = table_of("Id", "Number", "Status", "Issued", "Due", "Total", "To pay")
    for invoice in found:
        dates = [str(at.date()) if at else "-" for at in (invoice.issued_at, invoice.due_at)]
        amounts = (str(invoice.amount), str(invoice.amount_due))
        table.add_row(invoice.id, invoice.number or "-", invoice.status, *dates, *amounts)
    show_table(table)


@invoices.command("show")
@explaining_errors
def show(
    invoice: InvoiceArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show one invoice with its lines, and how each amount came about."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = tx.invoices.get(tx.invoices.id_of(invoice))
    if as_json:
        typer.echo(json.dumps(_document(found)))
        return
    OUT.print(escape(f"{found.name} ({found.status}), {found.reason}, {found.customer_id}"))
    _show_lines(found.lines)
    OUT.print(f"[bold]In all: {found.amount}[/], of which {found.amount_due} is to be paid.")


@invoices.command("upcoming")
@explaining_errors
def upcoming(
    customer: CustomerArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what waits to be issued to a customer, and what the next billing dates bring."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = upcoming_invoices(tx, engine, tx.customers.get(customer))
    for one in found:
        if as_json:
            typer.echo(json.dumps(_upcoming_document(one)))
            continue
        OUT.print(f"[bold]{one.issues_at:%Y-%m-%d %H:%M} UTC: {one.amount}[/]")
        _show_lines(one.lines)
    if not found and not as_json:
        OUT.print("Nothing is to come.")


@invoices.command("charge")
@explaining_errors
def charge(
    customer: CustomerArgument,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="In the main unit, such as 10 or 9.50.")],
    description: Annotated[str, typer.Argument(metavar="TEXT", help="What for, in a line.")],
    currency: Annotated[str, typer.Option(metavar="CODE", help="Three letters of ISO 4217.")] = "USD",
    now: Annotated[bool, typer.Option("--now", help="Issue an invoice for it at once.")] = False,
    tax_code: Annotated[str | None, typer.Option(metavar="CODE", help="What kind of thing it is.")] = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Charge a customer once: with what is billed next, or at once."""
    with engine_at(database, base_url) as engine:
        one_off = OneOff(description, money_of(amount, currency), tax_code=tax_code)
        invoice = add_charge(engine, customer_id=customer, charge=one_off, bill_now=now, actor="cli")
    OUT.print(escape(f"{invoice.name} ({invoice.status}): {one_off.amount} for {description}."))


def _all_of(page_after: Any) -> Iterable[Invoice]:
    found: list[Invoice] = []
    wanted = PageRequest(MAX_PAGE_SIZE)
    while True:
        page = page_after(wanted)
        found += page.items
        if not page.has_more:
            return found
        wanted = PageRequest(MAX_PAGE_SIZE, starting_after=page.items[-1].id)


def _show_lines(lines: Iterable[InvoiceLine]) -> None:
    table = table_of("Line", "Description", "Period", "Amount")
    for number, line in enumerate(lines, start=1):
        period = f"{line.period.start:%Y-%m-%d} to {line.period.end:%Y-%m-%d}"
        table.add_row(str(number), escape("\n".join((line.description, *tell(line)))), period, str(line.amount))
    show_table(table)


def _document(invoice: Invoice) -> dict[str, Any]:
    return {
        "id": invoice.id,
        "number": invoice.number,
        "customer_id": invoice.customer_id,
        "status": invoice.status,
        "reason": invoice.reason,
        "currency": invoice.currency,
        "total_minor": invoice.amount.minor,
        "due_minor": invoice.amount_due.minor,
        "issued_on": invoice.issued_at.isoformat() if invoice.issued_at else None,
        "due_on": invoice.due_at.isoformat() if invoice.due_at else None,
        "lines": [_line_document(line) for line in invoice.lines],
    }


def _upcoming_document(one: Upcoming) -> dict[str, Any]:
    return {
        "currency": one.currency,
        "total_minor": one.amount.minor,
        "bills_on": one.bills_at.isoformat(),
        "issues_on": one.issues_at.isoformat(),
        "agreement_ids": list(one.agreement_ids),
        "invoice_id": one.invoice_id,
        "lines": [_line_document(line) for line in one.lines],
    }


def _line_document(line: InvoiceLine) -> dict[str, Any]:
    return {"description": line.description, "amount_minor": line.amount.minor, "told": list(tell(line))}
