"""`billing-sdk applications`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors
from billing_sdk.server.usecases.register_application import Registration, register_application, rotate_client_secret

applications = typer.Typer(no_args_is_help=True)


class Kind(StrEnum):
    """What an application is for."""

    WEB = "web"
    MACHINE = "machine"


@applications.command()
@explaining_errors
def add(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    kind: Annotated[Kind, typer.Option(help="People sign in to web; a machine calls the Management API.")] = Kind.WEB,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Where sign-ins come back to; repeatable.")
    ] = None,
    logout_uri: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Where people may go after a sign-out; repeatable.")
    ] = None,
    scope: Annotated[list[str] | None, typer.Option(metavar="SCOPE", help="What a machine may do; repeatable.")] = None,
    is_public: Annotated[
        bool, typer.Option("--public", help="It runs where it can keep no secret, and has none.")
    ] = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Register an application; its secret is printed once and kept nowhere."""
    with engine_at(database, base_url) as engine:
        _show(
            register_application(
                engine,
                name=name,
                kind=kind.value,
                redirect_uris=redirect_uri or (),
                logout_redirect_uris=logout_uri or (),
                scopes=scope or (),
                is_confidential=not is_public,
            )
        )


@applications.command("list")
@explaining_errors
def show_all(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the applications, without their secrets."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        for application in tx.applications.list():
            places = " ".join((*application.redirect_uris, *application.scopes))
            OUT.print(escape(f"{application.client_id}  {application.kind}  {application.name}  {places}"))


@applications.command("rotate-secret")
@explaining_errors
def rotate_secret(
    client_id: Annotated[str, typer.Argument(metavar="CLIENT_ID", help="As `applications list` shows it.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Give an application a new secret; the old one ends at once."""
    with engine_at(database, base_url) as engine:
        _show(rotate_client_secret(engine, client_id=client_id))


def _show(made: Registration) -> None:
    typer.echo(f"client_id {made.application.client_id}")
    if made.secret is not None:
        typer.echo(f"client_secret {made.secret.reveal()}")
