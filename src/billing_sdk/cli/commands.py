"""The commands, put together."""

from __future__ import annotations

import typer

from billing_sdk._version import __version__
from billing_sdk.cli.on_call import Places, group_of
from billing_sdk.cli.output import OUT

COMMANDS: Places = {
    "serve": ("billing_sdk.cli.serve:serve", "Run the billing server, and your program beside it."),
    "demo": (
        "billing_sdk.cli.serve:demo",
        "Run the billing server with the demo catalogue in a database that is gone afterwards.",
    ),
    "seed": ("billing_sdk.cli.database:seed", "Fill a database with the demo catalogue; safe to repeat."),
    "migrate": ("billing_sdk.cli.database:migrate", "Bring a database's schema up to date."),
    "listen": (
        "billing_sdk.cli.events:listen",
        "Have every event sent to an address of yours, and show each as it happens; stop with Ctrl-C.",
    ),
    "trigger": (
        "billing_sdk.cli.events:trigger",
        "Make a test event; a server that runs on the same database sends it to every endpoint that wants its type.",
    ),
    "doctor": (
        "billing_sdk.cli.doctor:doctor",
        "Check settings, database, keys, clock and endpoints; each line says what to do. Changes nothing.",
    ),
    "simulate": (
        "billing_sdk.cli.simulate:simulate",
        "Show what recorded usage would have cost on another version of a plan; nothing is changed.",
    ),
    "revenue": (
        "billing_sdk.cli.revenue:revenue",
        "Show how each account has changed month by month; months that lie ahead hold what is not earned yet.",
    ),
    "workspace": ("billing_sdk.cli.workspace:workspace", "Whether billing is on, and which gateway collects."),
    "gateways": (
        "billing_sdk.cli.gateways:gateways",
        "Linked accounts at payment processors, and the catalogue there.",
    ),
    "operators": ("billing_sdk.cli.workspace:operators", "Who may use the dashboard."),
    "keys": ("billing_sdk.cli.keys:keys", "The keys that sign tokens and webhooks, and those that seal secrets."),
    "tokens": (
        "billing_sdk.cli.tokens:tokens",
        "API tokens, which open the Konnect door and the Stripe door to programs.",
    ),
    "audit": ("billing_sdk.cli.audit:audit", "Who did what: a record that can be appended to and checked."),
    "applications": (
        "billing_sdk.cli.applications:applications",
        "The programs that people sign in to, and the machines that call the Management API.",
    ),
    "clock": (
        "billing_sdk.cli.clock:clock",
        "Time that you can move, for customers that were made on a test clock; not in a live environment.",
    ),
    "plans": ("billing_sdk.cli.plans:plans", "What is for sale, its versions, and who is on which."),
    "allowances": ("billing_sdk.cli.allowances:allowances", "What customers may use beside their plans."),
    "credits": ("billing_sdk.cli.credits:credit", "Credit that pays for usage."),
    "tax": ("billing_sdk.cli.taxes:taxes", "Tax codes and tax rates."),
    "meters": ("billing_sdk.cli.meters:meters", "Meters: what is measured, and what it comes to."),
    "invoices": ("billing_sdk.cli.billed:invoices", "What was billed, and why."),
    "profiles": (
        "billing_sdk.cli.profiles:profiles",
        "How customers are billed and pay: by card or by invoice, when it is due, what follows a failure.",
    ),
    "customers": (
        "billing_sdk.cli.customers:customers",
        "Where customers are, and what is known of them for invoices.",
    ),
    "collection": ("billing_sdk.cli.collection:collection", "What was tried to collect an invoice, and what follows."),
    "disputes": ("billing_sdk.cli.disputes:disputes", "Payments that are asked back for through the payer's bank."),
    "books": (
        "billing_sdk.cli.revenue:books",
        "What the books say beyond revenue: balances, and what a customer owes.",
    ),
    "usage": (
        "billing_sdk.cli.commands:usage",
        (
            "Record what was used, one event or whole files; the server and the machine credentials are those of "
            "`BILLING_ISSUER`, `BILLING_M2M_CLIENT_ID` and `BILLING_M2M_CLIENT_SECRET`."
        ),
    ),
}
# The first two speak to a server as an application does, the third works on the database.
OF_USAGE: Places = {
    "import": (
        "billing_sdk.cli.usage:import_file",
        "Record the usage in a file; interrupted, it goes on where it was, and nothing counts twice.",
    ),
    "record": ("billing_sdk.cli.usage:record", "Record one event, and print what makes it the same one again."),
    "move": (
        "billing_sdk.cli.usage_move:move",
        "Move the history of usage to another store, and compare the two; the one that is left stays as it is.",
    ),
}

app = typer.Typer(
    cls=group_of(COMMANDS),
    help="The billing server behind your application: start it, fill it, look after it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local variables would show secrets
    rich_markup_mode="rich",
)
usage = typer.Typer(cls=group_of(OF_USAGE), no_args_is_help=True)


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


@usage.callback()
def of_usage() -> None:
    """Make a group of what would have no commands until they are called."""
