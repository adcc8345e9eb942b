"""What the commands print, and how a refusal is worded."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ParamSpec, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from billing_sdk.errors import BillingError

P = ParamSpec("P")
R = TypeVar("R")

# A line stays one line however wide the terminal is: programs read it, and a terminal folds it by itself.
OUT = Console(highlight=False, soft_wrap=True)
# As wide as any table: a program that reads one is not to find a key cut off.
PIPE = Console(highlight=False, soft_wrap=True, width=10_000)
ERR = Console(stderr=True, highlight=False, soft_wrap=True)


def explaining_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Let a command end with what is wrong and what to do instead of with a traceback."""

    @functools.wraps(command)
    def explained(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BillingError as error:
            ERR.print(f"[bold red]{escape(error.title)}:[/] {escape(error.detail)}\n{escape(error.remedy)}")
            raise typer.Exit(1) from None

    return explained


def table_of(*headers: str) -> Table:
    """Return an empty table, whose cells a narrow terminal folds and never cuts off."""
    table = Table()
    for header in headers:
        table.add_column(header, overflow="fold")
    return table


def show_table(table: Table) -> None:
    """Show a table: one row a line where a program reads it."""
    (OUT if OUT.is_terminal else PIPE).print(table)


def show_rows(headers: tuple[str, ...], rows: Iterable[Mapping[str, Any]], *, as_json: bool) -> None:
    """Show a table, or one JSON document a line; what is not there, and what is not so, is a dash in a table."""
    if as_json:
        for row in rows:
            typer.echo(json.dumps(row))
        return
    table = table_of(*headers)
    for row in rows:
        table.add_row(*(escape(_cell(value)) for value in row.values()))
    show_table(table)


def _cell(value: Any) -> str:
    if value is True:
        return "yes"
    return "-" if value is None or value is False or value == "" else str(value)
