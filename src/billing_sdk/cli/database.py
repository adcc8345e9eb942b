"""`billing-sdk migrate` and `billing-sdk seed`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at, without_password
from billing_sdk.cli.output import OUT
from billing_sdk.cli.ready import show_ready
from billing_sdk.errors import ConfigurationError
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.running import Ready
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.seed_demo import DemoSeed, seed_demo

DEFAULT_CALLBACK = "http://127.0.0.1:5000/billing/callback"


class Seed(StrEnum):
    """What a database can be filled with."""

    DEMO = "demo"


RedirectUris = Annotated[
    list[str] | None,
    typer.Option("--redirect-uri", metavar="URL", help="Where an application receives sign-ins; repeatable."),
]


def migrate(database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Bring a database's schema up to date."""
    with engine_at(database, base_url) as engine:
        OUT.print(f"{without_password(engine.settings.database_url)} is up to date.")


def seed(
    what: Annotated[Seed, typer.Argument(help="The demo: a catalogue, two applications and test logins.")] = Seed.DEMO,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
    redirect_uri: RedirectUris = None,
) -> None:
    """Fill a database with the demo catalogue; safe to repeat."""
    redirect_uris = tuple(redirect_uri or (DEFAULT_CALLBACK,))
    with engine_at(database, base_url) as engine:
        ready = Ready.of(engine.settings, sow_demo(engine, redirect_uris), redirect_uris)
        show_ready(ready, database=without_password(engine.settings.database_url), webhooks=())
        OUT.print(f"The {what} seed is in place.")


def sow_demo(engine: Engine, redirect_uris: tuple[str, ...], *, gateway: GatewayKind | None = "managed") -> DemoSeed:
    """Fill a database with the demo catalogue, and enable billing with a gateway.

    Raises:
        ConfigurationError: the server is not for this machine alone; the passwords of the demo are published.
    """
    if engine.settings.environment == "live" or not engine.settings.is_local:
        raise ConfigurationError(
            "the demo has published passwords, and others can reach this server", remedy="Seed a local one."
        )
    return seed_demo(engine, redirect_uris=redirect_uris, gateway=gateway)
