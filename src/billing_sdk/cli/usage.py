"""`billing-sdk usage`: what was used, sent to a running server as an application sends it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TextIO

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from billing_sdk.cli.output import ERR, OUT
from billing_sdk.cli.usage_file import Format, Line, Wording, digest_of, read_lines
from billing_sdk.client import Client
from billing_sdk.errors import BillingError, InvalidRequest

BATCH: Final = 1_000
KNOWN_BY_BYTES: Final = 1_024
# Where nobody watches a bar, a line each time that so many were sent.
TOLD_EVERY: Final = 100_000
FORMATS: Final[dict[str, Format]] = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}


@dataclass(slots=True)
class Cursor:
    """How far a file has been sent; whatever comes before was answered for.

    Attributes:
        offset: where the next line begins, in bytes.
        line: the number of the last line that was answered for.
        known_by: digest of the bytes just before the offset, by which the file is known again.
        file_digest: of the file as it was when the import began; lines that were added since go by it, too.
    """

    offset: int = 0
    line: int = 0
    known_by: str = ""
    file_digest: str | None = None
    recorded: int = 0
    refused: int = 0


def import_file(
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV or JSON lines; - reads standard input.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="Told by the file's name where it is not given.")
    ] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Of events that do not say theirs.")] = None,
    source: Annotated[str | None, typer.Option("--source", help="Of events that do not say theirs.")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="PART=HEADING",
            help="Which column holds a part of the event, such as subject=user_id or dimensions.model=model; "
            "repeatable.",
        ),
    ] = None,
    cursor_file: Annotated[
        Path | None, typer.Option("--cursor", metavar="FILE", help="Where to keep how far it got; FILE.cursor.")
    ] = None,
    rejected_file: Annotated[
        Path | None, typer.Option("--rejected", metavar="FILE", help="Where to write what was refused; FILE.rejected.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read everything and send nothing.")] = False,
) -> None:
    """Record the usage in a file; interrupted, it goes on where it was, and nothing counts twice.

    Columns or members are type, subject, value, time, id, source, dimensions.NAME and data.NAME; a line without an id
    gets one from the file and its number. Ends with 1 where a line was refused.
    """
    is_stream = file == "-"
    chosen = form or FORMATS.get(Path(file).suffix.lower())
    if chosen is None:
        raise InvalidRequest("the file's name does not tell its format", remedy="Say --format csv or --format jsonl.")
    cursor_path = None if is_stream or dry_run else cursor_file or Path(f"{file}.cursor")
    rejected_path = None if dry_run else rejected_file or Path("usage.rejected" if is_stream else f"{file}.rejected")
    with _opened(file) as stream, nullcontext() if dry_run else Client() as client:
        cursor = _recalled(cursor_path, stream)
        if not is_stream and cursor.file_digest is None:
            cursor.file_digest = digest_of(stream)
        wording = Wording(dict(map(_pair, column or ())), event_type, source, cursor.file_digest)
        lines = read_lines(stream, chosen, wording, after=cursor.offset, number=cursor.line)
        with _Report(file, cursor, rejected_path) as report:
            for batch in iter(lambda: tuple(islice(lines, BATCH)), ()):
                _send(client, batch, cursor, report)
                _keep(cursor, cursor_path, file)
                report.tell(cursor)
    verb = "can be recorded" if dry_run else "recorded"
    OUT.print(f"{cursor.recorded:,} events {verb}, {cursor.refused:,} refused")
    if cursor.refused and rejected_path:
        OUT.print(f"What was refused, and why: {escape(str(rejected_path))}")
    if cursor.refused:
        raise typer.Exit(1)


def record(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help="Of a metered feature, the feature's key.")],
    value: Annotated[str, typer.Argument(help="How much, in plain digits.")] = "1",
    subject: Annotated[str, typer.Option(help="Who used it: a customer, an agreement, a user, an organization.")] = "",
    dimension: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="What it is marked with; repeatable.")
    ] = None,
    event_id: Annotated[str | None, typer.Option("--id", help="Sent again with its id it counts once.")] = None,
) -> None:
    """Record one event, and print what makes it the same one again."""
    if not subject:
        raise InvalidRequest("nobody is named who has used it", remedy="Give --subject.", parameter="subject")
    with Client() as client:
        found = client.usage.record(
            event_type, value, subject=subject, dimensions=dict(map(_pair, dimension or ())), id=event_id
        )
    OUT.print(escape(json.dumps({"source": found.source, "id": found.id, "recorded_at": f"{found.recorded_at}"})))


def _send(client: Client | None, batch: tuple[Line, ...], cursor: Cursor, report: _Report) -> None:
    """Send the events of some lines, and note what became of each in the cursor."""
    readable = [line for line in batch if line.event is not None]
    answers = client.usage.record_many([line.event for line in readable if line.event]) if client else ()
    errors: dict[int, BillingError] = {line.number: line.error for line in batch if line.error is not None}
    errors |= {line.number: found.error for line, found in zip(readable, answers, strict=bool(client)) if found.error}
    for line in batch:
        if line.number in errors:
            report.reject(line, errors[line.number])
    last = batch[-1]
    cursor.offset, cursor.line = last.ends_at, last.number
    cursor.refused += len(errors)
    cursor.recorded += len(batch) - len(errors)


class _Report:
    """Shows how far it is, and writes down what was refused."""

    def __init__(self, file: str, cursor: Cursor, rejected: Path | None) -> None:
        size = None if file == "-" else Path(file).stat().st_size
        self._rejected_path = rejected
        self._rejected: TextIO | None = None
        self._told = cursor.recorded
        columns = (
            TextColumn("Usage"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rate]}"),
        )
        self._progress = Progress(*columns, console=ERR, transient=True)
        self._task = self._progress.add_task("usage", total=size, completed=cursor.offset, rate="")

    def __enter__(self) -> _Report:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        if self._rejected is not None:
            self._rejected.close()

    def reject(self, line: Line, error: BillingError) -> None:
        """Write down that a line was refused, and why."""
        if self._rejected_path is None:
            ERR.print(f"line {line.number}: {escape(error.detail)}")
            return
        if self._rejected is None:
            self._rejected = self._rejected_path.open("a", encoding="utf-8")
        said = {"line": line.number, "code": error.code, "detail": error.detail, "remedy": error.remedy}
        if line.event is not None:
            said |= {"id": line.event.id, "type": line.event.type, "subject": line.event.subject}
        self._rejected.write(json.dumps(said) + "\n")
        self._rejected.flush()

    def tell(self, cursor: Cursor) -> None:
        """Show how far it is."""
        speed = self._progress.tasks[0].finished_speed or self._progress.tasks[0].speed
        done = cursor.recorded + cursor.refused
        rate = f"{done:,} events" if not speed or not cursor.offset else f"{speed * done / cursor.offset:,.0f} events/s"
        self._progress.update(self._task, completed=cursor.offset, rate=rate)
        if not ERR.is_terminal and cursor.recorded - self._told >= TOLD_EVERY:
            self._told = cursor.recorded
            ERR.print(f"{cursor.recorded:,} events recorded, up to line {cursor.line:,}")


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        raise InvalidRequest(f"{file} can't be read ({error.strerror})", parameter="file") from None


def _recalled(path: Path | None, stream: BinaryIO) -> Cursor:
    """Return how far the file was sent before, if the last line of then is still where it was."""
    if path is None or not path.exists():
        return Cursor()
    try:
        cursor = Cursor(**json.loads(path.read_text()))
        is_known = _is_before(stream, cursor)
    except (ValueError, TypeError):
        is_known = False
    if not is_known:
        raise InvalidRequest(
            f"{path} belongs to another file, or the file has changed before the line that it had come to",
            remedy="Remove it to begin anew: what was recorded is not recorded twice.",
        )
    return cursor


def _is_before(stream: BinaryIO, cursor: Cursor) -> bool:
    is_known = _known_by(stream, cursor.offset) == cursor.known_by
    stream.seek(0)
    return is_known


def _known_by(stream: BinaryIO, offset: int) -> str:
    start = max(0, offset - KNOWN_BY_BYTES)
    stream.seek(start)
    return hashlib.blake2b(stream.read(offset - start), digest_size=16).hexdigest()


def _keep(cursor: Cursor, path: Path | None, file: str) -> None:
    """Write down how far it is; whoever is interrupted in here has the last place or the new one."""
    if path is None:
        return
    with Path(file).open("rb") as stream:  # the reader's own place stays where it is
        cursor.known_by = _known_by(stream, cursor.offset)
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(json.dumps(asdict(cursor)))
    beside.replace(path)


def _pair(text: str) -> tuple[str, str]:
    name, is_there, value = text.partition("=")
    if not is_there or not name or not value:
        raise InvalidRequest(f"{text[:40]!r} is not NAME=VALUE")
    return name, value
