"""The commands, put together."""

from __future__ import annotations

import typer

from billing_sdk._version import __version__
from billing_sdk.cli.allowances import allowances
from billing_sdk.cli.applications import applications
from billing_sdk.cli.audit import audit
from billing_sdk.cli.billed import invoices
from billing_sdk.cli.clock import clock
from billing_sdk.cli.collection import collection
from billing_sdk.cli.credits import credit
from billing_sdk.cli.customers import customers
from billing_sdk.cli.database import migrate, seed
from billing_sdk.cli.disputes import disputes
from billing_sdk.cli.doctor import doctor
from billing_sdk.cli.events import listen, trigger
from billing_sdk.cli.gateways import gateways
from billing_sdk.cli.keys import keys
from billing_sdk.cli.meters import meters
from billing_sdk.cli.output import OUT, explaining_errors
from billing_sdk.cli.plans import plans
from billing_sdk.cli.profiles import profiles
from billing_sdk.cli.revenue import books, revenue
from billing_sdk.cli.serve import demo, serve
from billing_sdk.cli.simulate import simulate
from billing_sdk.cli.taxes import taxes
from billing_sdk.cli.tokens import tokens
from billing_sdk.cli.usage import usage
from billing_sdk.cli.usage_move import move
from billing_sdk.cli.workspace import operators, workspace

app = typer.Typer(
    help="The billing server behind your application: start it, fill it, look after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show secrets
    rich_markup_mode="rich",
)


def _show_version(is_asked_for: bool) -> None:
    if is_asked_for:
        OUT.print(f"billing-sdk {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
    ),
) -> None:
    """The billing server behind your application: start it, fill it, look after it."""


for command in (serve, demo, seed, migrate, listen, trigger, doctor, simulate, revenue):
    app.command()(explaining_errors(command))
app.add_typer(workspace, name="workspace")
app.add_typer(gateways, name="gateways")
app.add_typer(operators, name="operators")
app.add_typer(keys, name="keys")
app.add_typer(tokens, name="tokens")
app.add_typer(audit, name="audit")
app.add_typer(applications, name="applications")
app.add_typer(clock, name="clock")
app.add_typer(plans, name="plans")
app.add_typer(allowances, name="allowances")
app.add_typer(credit, name="credits")
app.add_typer(taxes, name="tax")
app.add_typer(meters, name="meters")
app.add_typer(invoices, name="invoices")
app.add_typer(profiles, name="profiles")
app.add_typer(customers, name="customers")
app.add_typer(collection, name="collection")
app.add_typer(disputes, name="disputes")
app.add_typer(books, name="books")
usage.command()(explaining_errors(move))
app.add_typer(usage, name="usage")
