"""`billing-sdk tokens`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.usecases.api_tokens import PREFIXES, create_api_token, revoke_api_token

tokens = typer.Typer(no_args_is_help=True)


@tokens.command()
@explaining_errors
def create(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    scope: Annotated[list[str] | None, typer.Option(help="What it allows; everything without one.")] = None,
    prefix: Annotated[str, typer.Option(help="What it begins with: kpat, spat, om or sk.")] = "kpat",
    days: Annotated[int, typer.Option(min=0, help="For how long it is good; 0 until it is revoked.")] = 0,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Make a token, and show it this once."""
    found = next((one for one in PREFIXES if one == prefix), None)
    if found is None:
        raise InvalidRequest(f"a token begins with one of {', '.join(PREFIXES)}", parameter="prefix")
    with engine_at(database, base_url) as engine:
        ends = engine.now() + timedelta(days=days) if days else None
        made = create_api_token(engine, name=name, scopes=scope or (), prefix=found, expires_at=ends)
        OUT.print(f"{made.token.id}  {made.secret.reveal()}", soft_wrap=True)


@tokens.command("list")
@explaining_errors
def show(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the tokens that there are, without what they are."""
    with engine_at(database, base_url) as engine:
        with engine.read() as tx:
            known = tx.api_tokens.list()
        for token in known:
            state = "good" if token.is_good(engine.now()) else "revoked or expired"
            OUT.print(f"{token.id}  {token.created_at:%Y-%m-%d}  {state}  {token.name}", soft_wrap=True)


@tokens.command()
@explaining_errors
def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as `tokens list` shows it.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Let a token open nothing any more."""
    with engine_at(database, base_url) as engine:
        revoke_api_token(engine, id_)
        OUT.print(f"{id_} is revoked; within a second it opens nothing.")
