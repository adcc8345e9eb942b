"""`billing-sdk collection`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.pay_now import pay_now
from billing_sdk.server.usecases.settle_by_hand import pay_by_other_means, write_off_invoice

collection = typer.Typer(no_args_is_help=True)


class Means(StrEnum):
    """How an invoice is paid."""

    CARD = "card"
    OTHER = "other"


InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="The number of the invoice, or its id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@collection.command()
@explaining_errors
def show(
    invoice: InvoiceArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show each attempt to collect an invoice, when it is tried again, and until when access stays."""
    with engine_at(database, base_url) as engine:
        _show(engine, _id_of(engine, invoice), as_json=as_json)


@collection.command()
@explaining_errors
def pay(
    invoice: InvoiceArgument,
    by: Annotated[Means, typer.Option(help="Charge the card on file, or record what was paid otherwise.")] = Means.CARD,
    reference: Annotated[str, typer.Option(help="What identifies a payment by other means.")] = "",
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Charge the card on file for an owed invoice, or record that it was paid otherwise."""
    with engine_at(database, base_url) as engine:
        invoice_id = _id_of(engine, invoice)
        if by is Means.CARD:
            pay_now(engine, invoice_id=invoice_id, source="admin", actor="operator")
        else:
            pay_by_other_means(engine, invoice_id, reference=reference, source="admin", actor="operator")
        _show(engine, invoice_id, as_json=as_json)


@collection.command("write-off")
@explaining_errors
def write_off(
    invoice: InvoiceArgument,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Give an owed invoice up; should it be paid all the same, it is paid."""
    with engine_at(database, base_url) as engine:
        invoice_id = _id_of(engine, invoice)
        write_off_invoice(engine, invoice_id, source="admin", actor="operator")
        _show(engine, invoice_id, as_json=as_json)


def _id_of(engine: Engine, name: str) -> str:
    with engine.read() as tx:
        return tx.invoices.id_of(name)


def _show(engine: Engine, invoice_id: str, *, as_json: bool) -> None:
    with engine.read() as tx:
        invoice = tx.invoices.get(invoice_id)
        attempts, dunning = tx.invoices.payments_for(invoice.id), tx.dunnings.find(invoice.id)
        disputed = tx.disputes.held(invoice)
    follows: dict[str, Any] | None = None
    if dunning is not None:
        follows = {
            "failures": dunning.failures,
            "next_attempt_at": dunning.retry_at and dunning.retry_at.isoformat(),
            "grace_ends_at": dunning.grace_ends_at.isoformat(),
            "at_end": dunning.policy.at_end,
            "outcome": dunning.outcome,
        }
    tried = [
        {
            "at": one.attempted_at.isoformat(),
            "status": one.status,
            "amount": str(one.amount),
            "method": one.method.label,
            "decline_code": one.decline_code,
            "disputed": str(disputed) if disputed and one.id == invoice.payment_id else None,
        }
        for one in attempts
    ]
    if as_json:
        stands = {"invoice": invoice.name, "status": invoice.status, "due": str(invoice.amount_due)}
        typer.echo(json.dumps({**stands, "attempts": tried, "dunning": follows}))
        return
    OUT.print(escape(f"{invoice.name} is {invoice.status}, {invoice.amount_due} due"))
    table = table_of("At", "Status", "Amount", "Method", "Declined for", "Disputed")
    for row in tried:
        table.add_row(*(escape(str(cell or "")) for cell in row.values()))
    show_table(table)
    for name, value in (follows or {}).items():
        OUT.print(escape(f"{name.replace('_', ' ')}: {value or '-'}"))
