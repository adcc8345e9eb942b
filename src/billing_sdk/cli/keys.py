"""`billing-sdk keys`."""

from __future__ import annotations

import typer

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors
from billing_sdk.server.usecases.signing_keys import published_keys, rotate_key

keys = typer.Typer(help="The keys that tokens and webhooks are signed with.", no_args_is_help=True)


@keys.command()
@explaining_errors
def rotate(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Make a new signing key; the old one stays published until nothing signed with it is valid any more."""
    with engine_at(database, base_url) as engine:
        key = rotate_key(engine)
        OUT.print(f"The new key is {key.kid}; it signs from {key.activates_at:%Y-%m-%d %H:%M:%S} UTC.")
        OUT.print(f"Published keys: {len(published_keys(engine))}.")
