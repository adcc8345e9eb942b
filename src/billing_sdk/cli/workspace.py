"""`billing-sdk workspace` and `billing-sdk operators`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.errors import NotFound
from billing_sdk.server.domain.workspace import Workspace
from billing_sdk.server.usecases.dashboard_tokens import issue_dashboard_token
from billing_sdk.server.usecases.disable_billing import disable_billing
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.operators import add_operator, remove_operator

workspace = typer.Typer(no_args_is_help=True)
operators = typer.Typer(no_args_is_help=True)

# Who does what is done on the machine itself, as the audit names them.
ACTOR = "operator"


class GatewayName(StrEnum):
    """What collects money."""

    MANAGED = "managed"
    PLATFORM = "stripe_platform"
    CONNECT = "stripe_connect"


GatewayOption = Annotated[GatewayName, typer.Option(help="What collects money; the test processor by default.")]
EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="Of somebody who has an account here.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]


@workspace.command()
@explaining_errors
def status(as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show whether billing is on, since when, and with which gateway."""
    with engine_at(database, base_url) as engine:
        _show(engine.workspace, as_json=as_json)


@workspace.command()
@explaining_errors
def enable(
    gateway: GatewayOption = GatewayName.MANAGED, database: DatabaseOption = None, base_url: BaseUrlOption = None
) -> None:
    """Enable billing, or go on with another gateway."""
    with engine_at(database, base_url) as engine:
        _show(enable_billing(engine, gateway=gateway.value, actor=ACTOR))


@workspace.command()
@explaining_errors
def disable(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Disable billing; refused while anybody has a subscription that costs something."""
    with engine_at(database, base_url) as engine:
        _show(disable_billing(engine, actor=ACTOR))


@workspace.command()
@explaining_errors
def token(email: EmailArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Print a dashboard token of an operator; it says for which --base-url it is good, and ends by itself."""
    with engine_at(database, base_url) as engine:
        issued, _ = issue_dashboard_token(engine, user_id=_id_of(engine, email), actor=ACTOR)
        typer.echo(issued.reveal())


@operators.command("add")
@explaining_errors
def add(email: EmailArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Let somebody into the dashboard."""
    with engine_at(database, base_url) as engine:
        user = add_operator(engine, email=email, actor=ACTOR)
        OUT.print(f"{escape(user.email)} is an operator.")


@operators.command("remove")
@explaining_errors
def remove(email: EmailArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Let somebody into the dashboard no more; their dashboard tokens end at once."""
    with engine_at(database, base_url) as engine:
        remove_operator(engine, user_id=_id_of(engine, email), actor=ACTOR)
        OUT.print(f"{escape(email)} is no operator any more.")


@operators.command("list")
@explaining_errors
def show_all(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the operators."""
    table = table_of("Id", "Name", "E-mail")
    with engine_at(database, base_url) as engine, engine.read() as tx:
        for user in map(tx.users.get, tx.operators.list()):
            table.add_row(user.id, escape(user.name), escape(user.email))
    show_table(table)


def _id_of(engine: Engine, email: str) -> str:
    with engine.read() as tx:
        user = tx.users.find_by_email(email.strip().lower())
    if user is None:
        raise NotFound("nobody has an account with this e-mail address")
    return user.id


def _show(found: Workspace, *, as_json: bool = False) -> None:
    since = found.billing_enabled_at
    if as_json:
        told = {"billingEnabled": found.is_billing_enabled, "billingGateway": found.gateway if since else None}
        typer.echo(json.dumps({**told, "billingEnabledAt": since and since.isoformat()}))
    elif since is None:
        OUT.print("Billing is off.")
    else:
        OUT.print(f"Billing is on with {found.gateway}, since {since:%Y-%m-%d %H:%M:%S} UTC.")
