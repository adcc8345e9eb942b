"""`billing-sdk gateways`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import explaining_errors, show_table, table_of
from billing_sdk.server.usecases.sync_catalogue import sync_catalogue

gateways = typer.Typer(no_args_is_help=True)

PlanArgument = Annotated[str | None, typer.Argument(metavar="[PLAN]", help="One plan; every published one without it.")]


@gateways.command("list")
@explaining_errors
def show_all(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the linked accounts: whether their keys are taken, and what is missing. No key is shown whole."""
    table = table_of("Id", "Gateway", "Status", "Account", "Key", "Connection", "Missing")
    with engine_at(database, base_url) as engine, engine.read() as tx:
        for app in tx.payment_apps.list():
            shown = (app.id, app.gateway, app.status, app.account_id, app.masked_api_key, app.connection)
            table.add_row(*(escape(text or "") for text in shown), escape(", ".join(app.missing)))
    show_table(table)


@gateways.command()
@explaining_errors
def sync(plan: PlanArgument = None, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Bring products and prices at the processor in line with what is published, and show what became of each price."""
    table = table_of("Price", "Status", "At the processor", "Error")
    with engine_at(database, base_url) as engine:
        with engine.read() as tx:
            published = [one.key for one in tx.catalog.list_plans() if one.status == "published"]
        for plan_key in published if plan is None else [plan]:
            for price in sync_catalogue(engine, plan_key=plan_key):
                status = "mended" if price.is_mended else price.status
                error = "" if price.error is None else price.error.code
                table.add_row(*map(escape, (price.id, status, price.reference or "", error)))
    show_table(table)
