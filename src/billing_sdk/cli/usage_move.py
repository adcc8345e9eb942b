"""`billing-sdk usage move`: the history of usage, from one store to another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress as Bar, TextColumn, TimeRemainingColumn

from billing_sdk.cli.options import DatabaseOption, engine_at, without_password
from billing_sdk.cli.output import ERR, OUT, show_table, table_of
from billing_sdk.errors import InvalidRequest
from billing_sdk.server.storage.usage_stores import UsageStore, store_number
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.move_usage import Comparison, Progress, compare_usage, move_usage

DEFAULT_CURSOR: Final = Path("usage-move.cursor")
MOST_SHOWN: Final = 20
# Where nobody watches a bar, a line each time that so many were moved: whole batches.
TOLD_EVERY: Final = 100_000


@dataclass(slots=True)
class Cursor:
    """How far a move between two stores has come, in a file.

    Attributes:
        between: the two addresses, as a digest: they may carry passwords.
    """

    path: Path
    between: str
    progress: Progress

    def keep(self) -> None:
        """Write it down; whoever is interrupted in here has the last place or the new one."""
        content: dict[str, Any] = {
            "between": self.between,
            "after": self.progress.after,
            "moved": self.progress.moved,
            "days": sorted(day.isoformat() for day in self.progress.days),
        }
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_text(json.dumps(content))
        beside.replace(self.path)


def move(
    to: Annotated[str, typer.Option("--to", metavar="URL", help="sqlite:///FILE, postgresql://..., clickhouse://...")],
    origin: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="The store to leave; the one that the server uses by default."),
    ] = None,
    database: DatabaseOption = None,
    cursor_file: Annotated[
        Path, typer.Option("--cursor", metavar="FILE", help="Where to keep how far it got.")
    ] = DEFAULT_CURSOR,
) -> None:
    """Move the history of usage to another store, and compare the two; the one that is left stays as it is.

    Interrupted, it goes on where it was; asked again, it brings what has arrived since. Ends with 1 where the stores
    differ.
    """
    with engine_at(database, None) as engine, _stores(engine, origin, to) as (source, target):
        cursor = _recalled(cursor_file, f"{origin or 'the present one'} {to}", target)
        with engine.read() as tx:
            meters = tx.meters.all()
        with _bars() as bars:
            _move(bars, source, target, meters, cursor)
            found = _compared(bars, source, target, meters, cursor)
        if found.is_equal:
            _hand_over(engine, source, target, origin, to)
    _show(found, cursor, without_password(to))


def _hand_over(engine: Engine, source: UsageStore, target: UsageStore, origin: str | None, to: str) -> None:
    """Let the server begin with the other store where it is with this one; else it looks at all usage once more."""
    present = engine.settings.database_url
    left, taken = (store_number(None if url == present else url) for url in (origin or engine.settings.usage_url, to))
    with source.begin(read_only=True) as log:
        newest = log.newest()
    with target.begin(read_only=True) as log:
        place = log.newest()
    with engine.begin() as tx:
        if tx.usage_changes.place(left) >= newest:
            tx.usage_changes.move_place(place, store_number=taken)


def _move(bars: Bar, source: UsageStore, target: UsageStore, meters: Any, cursor: Cursor) -> None:
    with source.begin(read_only=True) as log:
        bar = bars.add_task("moved", total=log.count(), completed=cursor.progress.moved)

    def tell() -> None:
        cursor.keep()
        bars.update(bar, completed=cursor.progress.moved)
        if bars.disable and cursor.progress.moved % TOLD_EVERY == 0:
            ERR.print(f"{cursor.progress.moved:,} events moved")

    cursor.keep()  # whose events the other store gets, from the first one on
    move_usage(source, target, meters, cursor.progress, tell)
    cursor.keep()


def _compared(bars: Bar, source: UsageStore, target: UsageStore, meters: Any, cursor: Cursor) -> Comparison:
    bar = bars.add_task("days compared", total=None)
    return compare_usage(
        source, target, meters, cursor.progress, lambda done, days: bars.update(bar, completed=done, total=days)
    )


def _show(found: Comparison, cursor: Cursor, to: str) -> None:
    OUT.print(f"{found.events[0]:,} events there, {found.events[1]:,} here; {cursor.progress.moved:,} were moved")
    OUT.print(f"{len(found.compared):,} months of meters and subjects compared, {len(found.differing):,} differ")
    if found.is_equal:
        OUT.print(f"Both stores say the same. Set BILLING_SERVER_USAGE_URL to use {escape(to)}.")
        return
    if found.differing:
        table = table_of("Meter", "Subject", "Month")
        for meter, subject, month in sorted(found.differing)[:MOST_SHOWN]:
            table.add_row(escape(meter), escape(subject), f"{month:%Y-%m}")
        show_table(table)
    ERR.print("The stores differ: if usage is still arriving, stop the server and run this again.")
    raise typer.Exit(1)


@contextmanager
def _stores(engine: Engine, origin: str | None, to: str) -> Iterator[tuple[UsageStore, UsageStore]]:
    """Yield the store to leave, and the other."""
    target = engine.database.open_usage(to)
    try:
        if origin is None:
            yield engine.database.usage, target
            return
        source = engine.database.open_usage(origin)
        try:
            yield source, target
        finally:
            source.close()
    finally:
        target.close()


def _recalled(path: Path, between: str, target: UsageStore) -> Cursor:
    """Return how far the move has come.

    Raises:
        InvalidRequest: there is usage in the other store that this move has not brought, or the file is another move's.
    """
    digest = hashlib.blake2b(between.encode(), digest_size=16).hexdigest()
    with target.begin(read_only=True) as log:
        count = log.count()
    if not path.exists():
        if count:
            raise InvalidRequest(
                f"the store to move to has {count:,} events already, of which {path} knows nothing",
                remedy="Name an empty store, or with --cursor the file of the move that has begun.",
            )
        return Cursor(path, digest, Progress())
    try:
        content = json.loads(path.read_text())
        days = {date.fromisoformat(day) for day in content["days"]}
        progress = Progress(int(content["after"]), int(content["moved"]), days)
        is_same = content["between"] == digest
    except (ValueError, TypeError, KeyError):
        is_same = False
    if not is_same or count < progress.moved:
        raise InvalidRequest(f"{path} belongs to another move", remedy="Remove it, or name another file with --cursor.")
    return Cursor(path, digest, progress)


def _bars() -> Bar:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Bar(*columns, console=ERR, disable=not ERR.is_terminal)
