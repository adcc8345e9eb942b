"""Files of usage: CSV with a line of headings, or a JSON object a line, read one event at a time.

What makes an event the same one again is its id. A line without one gets it from its own text and its number, so a
file that is read twice counts once, also where lines were added at its end meanwhile.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Final, Literal, NamedTuple

from billing_sdk._strict_json import parse_object
from billing_sdk.errors import BillingError, InvalidRequest
from billing_sdk.models import UsageEvent

Format = Literal["csv", "jsonl"]

LONGEST_LINE: Final = 1_000_000
COLUMNS: Final = ("type", "subject", "value", "time", "id", "source")
# The heading of a column says which dimension it is, or which other member of the event's data.
DIMENSION: Final = "dimensions."
DATA: Final = "data."


class Line(NamedTuple):
    """A line, or the lines of one CSV record, and what it says.

    Attributes:
        number: of its last line, from 1.
        ends_at: where the next one begins, in bytes.
        digest: of its text.
        event: what it says; None where it says nothing that can be recorded.
        error: why it does not.
    """

    number: int
    ends_at: int
    digest: str
    event: UsageEvent | None = None
    error: BillingError | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What the lines of a file mean.

    Attributes:
        columns: the heading or member that stands for a part of an event, where it is not its own name.
        type: of events that do not say theirs.
        source: of events that do not say theirs.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    type: str | None = None
    source: str | None = None

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
        parts = {
            headings.get(name, name): value for name, value in said.items() if self.columns.get(name, name) == name
        }
        found = {name: parts[name] for name in COLUMNS if parts.get(name) not in (None, "")}
        dimensions = _members(parts, DIMENSION) | _object(parts, "dimensions")
        data = _members(parts, DATA) | _object(parts, "data")
        event_type, subject = found.get("type", self.type), found.get("subject")
        if not isinstance(event_type, str) or not isinstance(subject, str):
            missing = "subject" if isinstance(event_type, str) else "type"
            raise InvalidRequest(f"the line has no {missing}", parameter=missing)
        return UsageEvent.of(
            event_type,
            found.get("value", data.get("value", 1)),
            subject=subject,
            dimensions=dimensions,
            data=data,
            id=str(found["id"]) if "id" in found else f"{line.digest}-{line.number}",
            source=found.get("source", self.source),
            time=_time(found["time"]) if "time" in found else None,
        )


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
        _require_short(raw, number)
        if raw.strip():
            line = Line(number, place, _digest(raw))
            yield _said(line, wording, lambda raw=raw: _flat(raw))


def _csv_lines(file: BinaryIO, wording: Wording, after: int, number: int) -> Iterator[Line]:
    source = _Lines(file)
    reader = csv.reader(source, strict=True)
    headings = _record(reader, source)
    if not headings or len(set(headings)) != len(headings):
        raise InvalidRequest("the first line does not name the columns, each once", parameter="headings")
    source.taken()
    if after:
        file.seek(after)
        source.place, source.number = after, number
    while (cells := _record(reader, source)) is not None:
        line = Line(source.number, source.place, _digest(source.taken()))
        if not cells:
            continue
        yield _said(line, wording, lambda cells=cells: _row(headings, cells))


class _Lines:
    """Lines of text for the reader of CSV, and how far it has come in bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._taken = bytearray()
        self.place = 0
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._file.readline(LONGEST_LINE + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        _require_short(raw, self.number)
        self.place += len(raw)
        self._taken += raw
        _require_short(bytes(self._taken), self.number)
        try:
            return raw.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise InvalidRequest(f"line {self.number} is not UTF-8") from None

    def taken(self) -> bytes:
        """Return the bytes since the last time."""
        found = bytes(self._taken)
        self._taken.clear()
        return found


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


def _digest(raw: bytes) -> str:
    return hashlib.blake2b(raw.rstrip(b"\r\n"), digest_size=12).hexdigest()


def _require_short(raw: bytes, number: int) -> None:
    if len(raw) > LONGEST_LINE:
        raise InvalidRequest(f"line {number} is longer than {LONGEST_LINE:,} bytes")
