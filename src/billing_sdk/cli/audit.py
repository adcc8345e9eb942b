"""`billing-sdk audit`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from billing_sdk.cli.options import DatabaseOption, database_at, settings_for
from billing_sdk.cli.output import ERR, OUT, explaining_errors
from billing_sdk.errors import ConfigurationError
from billing_sdk.server.sealing_keys import sealer_for
from billing_sdk.server.storage import Database, UnitOfWork
from billing_sdk.server.storage.audit import Head
from billing_sdk.server.usecases.verify_audit import examine_audit

audit = typer.Typer(no_args_is_help=True)

HEAD = re.compile(r"(0|[1-9][0-9]{0,17}):([0-9a-f]{64})")


@audit.command()
@explaining_errors
def verify(
    database: DatabaseOption = None,
    head: Annotated[
        str | None,
        typer.Option(metavar="NUMBER:LINK", help="What an earlier check has printed; it has to be there still."),
    ] = None,
) -> None:
    """Check that no record was changed, removed, added from outside or put elsewhere. Changes nothing."""
    known = None if head is None else _read_head(head)
    with _reading(database) as tx:
        report = examine_audit(tx, known=known)
    for problem in report.problems:
        ERR.print(f"[bold red]wrong[/]  {problem}")
    if report.problems:
        raise typer.Exit(1)
    OUT.print(f"{report.records} records hold. The last link is {report.head.number}:{report.head.link}")


@audit.command()
@explaining_errors
def export(
    database: DatabaseOption = None,
    after: Annotated[int, typer.Option(min=0, help="Leave out the links up to this number.")] = 0,
) -> None:
    """Print the linked records as JSON lines, for a place where whoever has the database can't change them."""
    with _reading(database) as tx:
        for row in tx.audit.linked():
            if row.number > after:
                typer.echo(json.dumps({name: _plain(value) for name, value in row._mapping.items()}))


@contextmanager
def _reading(database: str | None) -> Iterator[UnitOfWork]:
    """Yield a transaction of a user who needs no more than to read."""
    with database_at(database) as url:
        opened = Database.open(url, sealer=sealer_for(settings_for(url), may_make=False))
        try:
            with opened.begin(read_only=True) as tx:
                yield tx
        finally:
            opened.close()


def _read_head(text: str) -> Head:
    match = HEAD.fullmatch(text)
    if match is None:
        raise ConfigurationError("--head is not NUMBER:LINK", remedy="Give it as `audit verify` has printed it.")
    return Head(int(match[1]), match[2])


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
