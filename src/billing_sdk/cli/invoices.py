"""`billing-sdk invoices`."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.money import Money
from billing_sdk.server.usecases.explain_line import explain_line

invoices = typer.Typer(help="What was billed, and why.", no_args_is_help=True)

InvoiceArgument = Annotated[str, typer.Argument(metavar="INVOICE", help="The id of the invoice.")]
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
        told = explain_line(tx, invoice, line)
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
    for other in told["discounts"]:
        OUT.print(escape(f"{other['description']} (line {other['line']}): {_money(other, amount)}"))
    if policies := told["policies"]:
        OUT.print(escape(", ".join(f"{name.replace('_', ' ')}: {policy}" for name, policy in policies.items())))
    OUT.print(f"[bold]In all: {Money(told['net_minor'], amount.currency)}[/]")


def _money(other: dict[str, Any], like: Money) -> Money:
    return Money(other["amount_minor"], like.currency)
