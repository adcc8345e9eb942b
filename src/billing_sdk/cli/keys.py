"""`billing-sdk keys`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors
from billing_sdk.server.sealing import SealingKey, read_keys
from billing_sdk.server.signing import SigningKey
from billing_sdk.server.usecases.signing_keys import (
    KEY_SET_MAX_AGE_SECONDS,
    published_keys,
    purge_key,
    reseal,
    rotate_key,
)

keys = typer.Typer(no_args_is_help=True)

KidArgument = Annotated[str, typer.Argument(metavar="KID", help="Id of the key, as `keys list` shows it.")]


@keys.command("list")
@explaining_errors
def show(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the published signing keys; the one that signs comes first, after one that is to sign next."""
    with engine_at(database, base_url) as engine:
        at = engine.now()
        for key in published_keys(engine):
            OUT.print(f"{key.kid}  {_times(key, at)}")


@keys.command()
@explaining_errors
def rotate(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Make a new signing key; the old one stays published until nothing signed with it is valid any more."""
    with engine_at(database, base_url) as engine:
        key = rotate_key(engine)
        OUT.print(f"The new key is {key.kid}; it signs from {key.activates_at:%Y-%m-%d %H:%M:%S} UTC.")
        OUT.print(f"Published keys: {len(published_keys(engine))}.")


@keys.command()
@explaining_errors
def purge(kid: KidArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Withdraw a signing key at once, because somebody else may have it; everybody has to sign in again."""
    with engine_at(database, base_url) as engine:
        key = purge_key(engine, kid=kid)
        OUT.print(f"{kid} is withdrawn; {key.kid} signs from now on.")
        OUT.print(
            f"Applications that keep the published keys may accept it for {KEY_SET_MAX_AGE_SECONDS // 60} minutes."
        )


@keys.command("reseal")
@explaining_errors
def seal_anew(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Seal every secret in the database with the first of the sealing keys; the others can go afterwards."""
    with engine_at(database, base_url) as engine:
        OUT.print(f"Sealed anew: {reseal(engine)}.")


@keys.command("new-sealing-key")
def new_sealing_key(
    name: Annotated[str, typer.Option(help="What it is called; each needs a name of its own.")] = "",
) -> None:
    """Print a new sealing key, for BILLING_SERVER_SEALING_KEYS or its file; it is kept nowhere else."""
    key = SealingKey.generate(name or f"{datetime.now(UTC):%Y-%m-%d}")
    try:
        read_keys(key.write())
    except ValueError:
        raise typer.BadParameter("a name has 1 to 32 small letters, digits and dashes") from None
    typer.echo(key.write())


def _times(key: SigningKey, at: datetime) -> str:
    if key.activates_at > at:
        return f"signs from {key.activates_at:%Y-%m-%d %H:%M:%S} UTC"
    if key.retires_at is None:
        return f"signs since {key.activates_at:%Y-%m-%d %H:%M:%S} UTC"
    return f"accepted until {key.retires_at:%Y-%m-%d %H:%M:%S} UTC"
