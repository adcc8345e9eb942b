"""Options that several commands share, and the engine that they lead to."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from billing_sdk.errors import InvalidAmount, InvalidRequest
from billing_sdk.money import Money, exponent
from billing_sdk.server.opening import create_engine
from billing_sdk.server.settings import PREFIX, Settings
from billing_sdk.server.usecases.engine import Engine

DEFAULT_DATABASE = "sqlite:///billing.db"
DEFAULT_PORT = 9_000
DEFAULT_BASE_URL = f"http://127.0.0.1:{DEFAULT_PORT}"

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///FILE, postgresql://..., or 'memory' for one that is gone afterwards; "
        f"{DEFAULT_DATABASE} by default. Rather than a password here, set {PREFIX}DATABASE_URL.",
    ),
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="The https address under which a TLS proxy serves it."),
]
InstantOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Such as 2027-01-01, in UTC, or 2027-01-01T00:00:00+01:00.")
]
CustomerArgument = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The id of the billing customer.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document a line instead of a table.")]


@contextmanager
def database_at(option: str | None) -> Iterator[str]:
    """Yield the address of the database: the option, the environment, or a file in the present folder."""
    chosen = option or os.environ.get(f"{PREFIX}DATABASE_URL") or DEFAULT_DATABASE
    if chosen != "memory":
        yield chosen
        return
    # A file, not SQLite's memory: the threads of a server each need a connection of their own.
    with tempfile.TemporaryDirectory(prefix="billing-") as folder:
        yield f"sqlite:///{Path(folder) / 'billing.db'}"


@contextmanager
def engine_at(database: str | None, base_url: str | None) -> Iterator[Engine]:
    """Yield an engine for one command, its schema up to date."""
    with database_at(database) as url:
        engine = create_engine(settings_for(url, base_url))
        try:
            yield engine
        finally:
            engine.database.close()


def settings_for(database_url: str, base_url: str | None = None) -> Settings:
    """Return the settings of a command that serves nobody, for which any address will do."""
    base_url = base_url or os.environ.get(f"{PREFIX}BASE_URL") or DEFAULT_BASE_URL
    return Settings.from_environment(base_url=base_url, database_url=database_url)


def without_password(database_url: str) -> str:
    """Return a database's address as it may be shown."""
    scheme, _, rest = database_url.partition("://")
    _, at, place = rest.rpartition("@")
    place = place.partition("?")[0]  # a query may hold a password as well
    return f"{scheme}://***@{place}" if at else f"{scheme}://{place}"


def money_of(text: str, currency: str) -> Money:
    """Read an amount in the main unit of a currency, such as `9.50`.

    Raises:
        InvalidAmount: it is none, or has more digits than the currency has.
    """
    try:
        minor = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        raise InvalidAmount(f"{text[:40]!r} is no amount") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise InvalidAmount(f"{text[:40]!r} has more digits than {currency[:3]} has")
    return Money(int(minor), currency)


def instant_of(text: str | None, parameter: str) -> datetime | None:
    """Read a date, or a date and time; without an offset it is in UTC.

    Raises:
        InvalidRequest: the text is anything else.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text[:40]!r} is no date and time", parameter=parameter) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
