"""`billing-sdk invoices`."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at, money_of
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.errors import InvalidRequest
from billing_sdk.money import Money
from billing_sdk.server.paper import LANGUAGES, to_pdf
from billing_sdk.server.usecases.credit_invoice import credit_invoice
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.explain_line import explain_line
from billing_sdk.server.usecases.reissue_invoice import reissue_invoice
from billing_sdk.server.usecases.show_invoice import show_invoice
from billing_sdk.server.usecases.void_invoice import void_invoice

SAYS = {
    "invoice": "which lowers what is owed",
    "refund": "which is paid back",
    "balance": "which is on the customer's balance",
    "credit": "which the customer has in credit again",
}


class Destination(Enum):
    """Where a credit note goes."""

    INVOICE = "invoice"
    REFUND = "refund"
    BALANCE = "balance"


invoices = typer.Typer(no_args_is_help=True)

InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="The number of the invoice, or its id.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@invoices.command("explain")
@explaining_errors
def explain(
    invoice: InvoiceArgument,
    line: Annotated[int, typer.Option("--line", metavar="NUMBER", help="Which line; the first one is 1.")] = 1,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show everything that the amount of an invoice line was made of."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        told = explain_line(tx, tx.invoices.id_of(invoice), line)
    if as_json:
        typer.echo(json.dumps(told))
        return
    _show(told)


def _show(told: dict[str, Any]) -> None:
    amount = Money(told["amount_minor"], told["currency"])
    OUT.print(f"[bold]{escape(told['description'])}[/]: {amount}")
    OUT.print(escape(f"{told['invoice_number'] or told['invoice_id']}, line {told['line']} ({told['kind']})"))
    if plan := told["plan"]:
        OUT.print(escape(f"{plan['name']} ({plan['code']}), version {plan['version']}"))
    if (component := told["component"]) and component.get("name"):
        OUT.print(escape(f"{component['name']} ({component['code']})"))
    OUT.print(escape(f"{told['period']['start']} to {told['period']['end']}, days of {told['zone']}"))
    if share := told["proration"]:
        OUT.print(escape(f"{share['counted']} of {share['of']} {share['by']}s of the interval"))
    for sentence in told["told"]:
        OUT.print(escape(f"  {sentence}"))
    if usage := told["usage"]:
        OUT.print(escape(f"{usage['readings']} readings, {usage['first_on'] or '-'} to {usage['last_on'] or '-'}"))
        table = table_of("Day", "Readings", "Quantity")
        for day in usage["by_day"]:
            table.add_row(day["day"], str(day["readings"]), day["quantity"])
        show_table(table)
    for other in (*told["discounts"], *told["credits"]):
        OUT.print(escape(f"{other['description']} (line {other['line']}): {_money(other, amount)}"))
    if policies := told["policies"]:
        OUT.print(escape(", ".join(f"{name.replace('_', ' ')}: {policy}" for name, policy in policies.items())))
    for tax in told["taxes"]:
        where = "included" if tax["is_inclusive"] else "added"
        OUT.print(
            escape(f"{tax['name']} {tax['percent']} %, {where}: {Money(int(tax['amount_minor']), amount.currency)}")
        )
    OUT.print(f"[bold]In all: {Money(told['net_minor'], amount.currency)}[/]")
    for note in told["credit_notes"]:
        OUT.print(escape(f"{note['number']} has taken back {-_money(note, amount)}"))


def _id_of(engine: Engine, name: str) -> str:
    with engine.read() as tx:
        return tx.invoices.id_of(name)


def _money(other: dict[str, Any], like: Money) -> Money:
    return Money(other["amount_minor"], like.currency)


@invoices.command("credit")
@explaining_errors
def credit(
    invoice: InvoiceArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, in words that the customer may read.")],
    amount: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="How much, with taxes, such as 9.50; all that is left if none."),
    ] = None,
    line: Annotated[int | None, typer.Option("--line", metavar="NUMBER", help="Of this line, before taxes.")] = None,
    to: Annotated[
        Destination | None, typer.Option("--to", help="Off what is owed, paid back, or to the customer's balance.")
    ] = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Take back some or all of an invoice that was issued; a credit note says so, and the invoice stays as it is."""
    with engine_at(database, base_url) as engine:
        with engine.read() as tx:
            found = tx.invoices.get(tx.invoices.id_of(invoice))
        money = None if amount is None else money_of(amount, found.currency)
        if line is not None and money is None:
            raise InvalidRequest("--line needs an amount", remedy="Add --amount.")
        wanted = {line: money} if line is not None and money is not None else money
        destination: Literal["invoice", "refund", "balance"] | None = None if to is None else to.value
        done = credit_invoice(
            engine,
            invoice_id=found.id,
            wanted=wanted,
            reason=reason,
            destination=destination,
            source="admin",
            actor="cli",
        )
    for goes_to, part in done.note.parts.items():
        OUT.print(f"{done.note.number}: {part}, {SAYS[goes_to]}")
    if done.refund is not None:
        OUT.print(f"The refund has {done.refund.status}." if done.refund.status != "pending" else "It is pending.")


@invoices.command("void")
@explaining_errors
def make_void(invoice: InvoiceArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Make an issued invoice void that nobody has paid; what credit has paid of it is there again."""
    with engine_at(database, base_url) as engine:
        voided = void_invoice(engine, invoice_id=_id_of(engine, invoice), source="admin", actor="cli")
    OUT.print(f"{voided.name} is void.")


@invoices.command("reissue")
@explaining_errors
def reissue(
    invoice: InvoiceArgument,
    line: Annotated[int, typer.Option("--line", metavar="NUMBER", help="Which line was wrong.")],
    amount: Annotated[
        str,
        typer.Option(metavar="AMOUNT", help="What it comes to, such as 9.50, discounts taken off; 0 leaves it out."),
    ],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Make an invoice void that nobody has paid, and issue another one in its place in which a line is right."""
    with engine_at(database, base_url) as engine:
        with engine.read() as tx:
            found = tx.invoices.get(tx.invoices.id_of(invoice))
        corrected = {line: money_of(amount, found.currency)}
        issued = reissue_invoice(engine, invoice_id=found.id, corrected=corrected, source="admin", actor="cli")
    OUT.print(f"{found.name} is void; {issued.name} asks for {issued.amount}.")


@invoices.command("pdf")
@explaining_errors
def pdf(
    invoice: InvoiceArgument,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="Where to.")] = None,
    language: Annotated[
        str | None, typer.Option("--lang", metavar="TAG", help="Such as de; the customer's by default.")
    ] = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Write an invoice as a PDF file."""
    if language is not None and language.partition("-")[0].lower() not in LANGUAGES:
        raise InvalidRequest(
            f"there are no words for the language {language[:40]!r}",
            remedy=f"Name one of {', '.join(LANGUAGES)}.",
            parameter="lang",
        )
    with engine_at(database, base_url) as engine:
        paper = show_invoice(engine, invoice_id=_id_of(engine, invoice), languages=(language,))
    place = file or Path(paper.file_name)
    try:
        place.write_bytes(to_pdf(paper))
    except OSError as error:
        raise InvalidRequest(f"can't write {place.name[:80]} ({error.strerror})", parameter="file") from None
    OUT.print(escape(f"Written: {place}"))
