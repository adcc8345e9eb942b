"""Files of usage: CSV with a line of headings, or a JSON object a line, read one event at a time.

What makes an event the same one again is its id. A line without one gets it from the whole file and its own number, so
a file that is read twice counts once, and two files that happen to have a line in common count twice.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO, Final, Literal, NamedTuple

from billing_sdk._strict_json import parse_object
from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.models import UsageEvent

Format = Literal["csv", "jsonl"]

LONGEST_LINE: Final = 1_000_000
COLUMNS: Final = ("type", "subject", "value", "time", "id", "source")
# What JSON lines may have besides; the last two are of CloudEvents, and say nothing of their own.
MEMBERS: Final = ("dimensions", "data", "specversion", "datacontenttype")
# The heading of a column says which dimension it is, or which other member of the event's data.
DIMENSION: Final = "dimensions."
DATA: Final = "data."


class Line(NamedTuple):
    """A line, or the lines of one CSV record, and what it says.

    Attributes:
        number: of its last line, from 1.
        ends_at: where the next one begins, in bytes.
        event: what it says; None where it says nothing that can be recorded.
        error: why it does not.
    """

    number: int
    ends_at: int
    event: UsageEvent | None = None
    error: BillingError | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What the lines of a file mean.

    Attributes:
        columns: the heading or member that stands for a part of an event, where it is not its own name.
        type: of events that do not say theirs.
        source: of events that do not say theirs.
        file_digest: begins the ids of lines without one; None where each has to have one.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    type: str | None = None
    source: str | None = None
    file_digest: str | None = None

    def __post_init__(self) -> None:
        for part in self.columns:
            if part not in COLUMNS and not part.startswith((DIMENSION, DATA)):
                raise InvalidRequest(
                    f"{part[:40]!r} is no part of an event",
                    remedy=f"Map one of {', '.join(COLUMNS)}, or dimensions.NAME or data.NAME.",
                )

    def event(self, said: Mapping[str, Any], line: Line) -> UsageEvent:
        """Return the event that a flat line says.

        Raises:
            BillingError: it can't be recorded.
        """
        headings = {self.columns.get(part, part): part for part in (*COLUMNS, *self.columns)}
        parts = {headings.get(name, name): value for name, value in said.items() if name in self.known(said)}
        found = {name: parts[name] for name in COLUMNS if parts.get(name) not in (None, "")}
        dimensions = _members(parts, DIMENSION) | _object(parts, "dimensions")
        data = _members(parts, DATA) | _object(parts, "data")
        if "value" in found:
            data["value"] = found["value"]
        if dimensions:
            data["dimensions"] = dimensions
        event_type, subject = found.get("type", self.type), found.get("subject")
        if not isinstance(event_type, str) or not isinstance(subject, str):
            missing = "subject" if isinstance(event_type, str) else "type"
            raise InvalidRequest(f"the line has no {missing}", parameter=missing)
        return UsageEvent(
            event_type,
            subject,
            data,
            str(found["id"]) if "id" in found else self._id_of(line),
            found.get("source", self.source),
            _time(found["time"]) if "time" in found else None,
        )

    def known(self, said: Iterable[str]) -> frozenset[str]:
        """Return the headings, or members, that mean something; a part that has another name is not known by its own.

        Raises:
            InvalidRequest: one means nothing.
        """
        others = {part for part, heading in self.columns.items() if part != heading}
        meant = frozenset({*COLUMNS, *MEMBERS, *self.columns.values()})
        for name in said:
            if name not in meant and not name.startswith((DIMENSION, DATA)):
                raise InvalidRequest(
                    f"{name[:40]!r} is no part of an event",
                    remedy="Say what it is with --column, such as value=HEADING or data.NAME=HEADING.",
                    parameter=name[:40],
                )
        return frozenset(name for name in said if name not in others - set(self.columns.values()))

    def _id_of(self, line: Line) -> str:
        if self.file_digest is None:
            raise InvalidRequest("the line has no id, and standard input none of its own", parameter="id")
        return f"{self.file_digest}-{line.number}"


def read_lines(file: BinaryIO, form: Format, wording: Wording, *, after: int = 0, number: int = 0) -> Iterator[Line]:
    """Yield what the lines of a file say, those that can't be recorded with the reason.

    Args:
        file: at its beginning.
        form: of its lines.
        wording: what they mean.
        after: where to go on, in bytes; for CSV the headings are read all the same.
        number: how many lines there are before that.

    Raises:
        InvalidRequest: it has no headings, or a line is not UTF-8, too long or no CSV: nothing after it can be told.
    """
    if form == "jsonl":
        file.seek(after) if after else None
        yield from _json_lines(file, wording, after, number)
    else:
        yield from _csv_lines(file, wording, after, number)


def _json_lines(file: BinaryIO, wording: Wording, place: int, number: int) -> Iterator[Line]:
    for raw in iter(lambda: file.readline(LONGEST_LINE + 1), b""):
        number += 1
        place += len(raw)
        _require_short(len(raw), number)
        if raw.strip():
            line = Line(number, place)
            text = raw.removeprefix(codecs.BOM_UTF8) if number == 1 else raw
            yield _said(line, wording, lambda text=text: _flat(text))


def _csv_lines(file: BinaryIO, wording: Wording, after: int, number: int) -> Iterator[Line]:
    source = _Lines(file)
    reader = csv.reader(source, strict=True)
    headings = _record(reader, source)
    if not headings or len(set(headings)) != len(headings):
        raise InvalidRequest("the first line does not name the columns, each once", parameter="headings")
    wording.known(headings)
    source.begin_record()
    if after:
        file.seek(after)
        source.place, source.number = after, number
    while (cells := _record(reader, source)) is not None:
        line = Line(source.number, source.place)
        source.begin_record()
        if not cells:
            continue
        yield _said(line, wording, lambda cells=cells: _row(headings, cells))


class _Lines:
    """Lines of text for the reader of CSV, and how far it has come in bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._record_bytes = 0
        self.place = 0
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LONGEST_LINE + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        self.place += len(raw)
        self._record_bytes += len(raw)
        _require_short(self._record_bytes, self.number)
        try:
            return raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InvalidRequest(f"line {self.number} is not UTF-8") from None

    def begin_record(self) -> None:
        """Take what follows for another record."""
        self._record_bytes = 0


def _record(reader: Any, source: _Lines) -> list[str] | None:
    try:
        found: list[str] | None = next(reader, None)
    except csv.Error as error:
        raise InvalidRequest(f"line {source.number} is no CSV: {error}") from None
    return found


def _said(line: Line, wording: Wording, read: Any) -> Line:
    try:
        said = read()
        event = wording.event(said, line)
        event.document("")  # whether it can be sent as it is
        return line._replace(event=event)
    except BillingError as error:
        return line._replace(error=error)


def _flat(raw: bytes) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = parse_object(raw)
        if b"." in raw or b"e" in raw.lower():
            found = json.loads(raw, parse_float=Decimal)  # which means one thing, as is known by now
    except (ValueError, RecursionError):
        raise InvalidRequest("the line is no JSON object that means one thing") from None
    return found


def _row(headings: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    if len(cells) != len(headings):
        raise InvalidRequest(f"the line has {len(cells)} cells under {len(headings)} headings")
    return dict(zip(headings, cells, strict=True))


def _members(parts: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): value
        for name, value in parts.items()
        if name.startswith(prefix) and value not in (None, "")
    }


def _object(parts: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = parts.get(name)
    if found is None or found == "":
        return {}
    if not isinstance(found, Mapping):
        raise InvalidRequest(f"{name} is no JSON object", parameter=name)
    return dict(found)


def _time(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) and len(text) <= 40 else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidRequest(f"{str(text)[:40]!r} is no time with an offset", parameter="time")
    return found


def digest_of(file: BinaryIO) -> str:
    """Return what tells a file from others, and go back to its beginning."""
    file.seek(0)
    digest = hashlib.sha256()
    for part in iter(lambda: file.read(1_048_576), b""):
        digest.update(part)
    file.seek(0)
    return digest.hexdigest()[:32]


def _require_short(length: int, number: int) -> None:
    if length > LONGEST_LINE:
        raise InvalidRequest(f"line {number} is longer than {LONGEST_LINE:,} bytes")
