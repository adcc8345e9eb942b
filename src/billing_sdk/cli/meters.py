"""`billing-sdk meters`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, get_args

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, JsonOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors, show_table, table_of
from billing_sdk.errors import InvalidRequest
from billing_sdk.money import digits_of
from billing_sdk.server.domain.metering import (
    Aggregation,
    Condition,
    DimensionFilter,
    Granularity,
    Meter,
    UnknownSubjects,
    UsageQuery,
    UsageRow,
)
from billing_sdk.server.domain.metering.meter import EARLY_SECONDS
from billing_sdk.server.domain.periods import Period, instant_of, zone_of
from billing_sdk.server.usecases.create_meter import create_meter
from billing_sdk.server.usecases.query_usage import query_usage
from billing_sdk.server.usecases.update_meter import update_meter
from billing_sdk.server.web.usage_csv import usage_csv

meters = typer.Typer(no_args_is_help=True)

KeyArgument = Annotated[str, typer.Argument(metavar="METER", help="The key of the meter.")]
TYPES: dict[str, Any] = {"aggregation": Aggregation, "granularity": Granularity, "unknown_subjects": UnknownSubjects}


@meters.command("list")
@explaining_errors
def show_meters(as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the meters, archived ones too."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        found = tx.meters.all()
    table = table_of("Meter", "Name", "Events", "Aggregation", "Value", "Archived")
    for meter in found:
        if as_json:
            typer.echo(json.dumps(_document(meter)))
        archived = "-" if meter.archived_at is None else f"{meter.archived_at:%Y-%m-%d}"
        cells = (meter.key, meter.name, meter.event_type, meter.aggregation, meter.value_path or "-", archived)
        table.add_row(*map(escape, cells))
    if not as_json:
        show_table(table)


@meters.command("show")
@explaining_errors
def show_meter(key: KeyArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show all that a meter is, as JSON."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        typer.echo(json.dumps(_document(tx.meters.get(key)), indent=2))


@meters.command("create")
@explaining_errors
def create(
    key: KeyArgument,
    event_type: Annotated[str, typer.Option("--events", metavar="TYPE", help="Events of this type count.")],
    aggregation: Annotated[
        str, typer.Option("--as", metavar="AGGREGATION", help=f"One of {', '.join(get_args(Aggregation))}.")
    ] = "sum",
    value_path: Annotated[
        str | None, typer.Option("--value", metavar="PATH", help="To the value, such as $.tokens; none for a count.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="For people; the key by default.")] = None,
    dimensions: Annotated[
        list[str] | None, typer.Option("--dimension", metavar="NAME=PATH", help="What usage is marked with; repeat it.")
    ] = None,
    conditions: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="PATH=VALUE", help="Count only events with this value there; repeat it."),
    ] = None,
    late_seconds: Annotated[
        int | None, typer.Option(min=0, help="How old a use may be when it is reported; without limit by default.")
    ] = None,
    early_seconds: Annotated[int, typer.Option(min=0, help="How far ahead its time may lie.")] = EARLY_SECONDS,
    unknown_subjects: Annotated[
        str, typer.Option(help="'refuse' events of a subject that nobody goes by, or 'keep' them for who comes later.")
    ] = "refuse",
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Measure something, from the first event on that there is; what a meter measures never changes."""
    with engine_at(database, base_url) as engine:
        meter = create_meter(
            engine,
            key=key,
            name=name or key,
            event_type=event_type,
            aggregation=_one_of("aggregation", aggregation),
            value_path=value_path,
            dimensions=dict(_pair(text, "dimension") for text in dimensions or ()),
            conditions=[
                Condition(path, "eq", (value,)) for path, value in (_pair(one, "only") for one in conditions or ())
            ],
            late_seconds=late_seconds,
            early_seconds=early_seconds,
            unknown_subjects=_one_of("unknown_subjects", unknown_subjects),
            actor="cli",
        )
    OUT.print(escape(f"The meter {meter.key} counts events of the type {meter.event_type}."))


@meters.command("archive")
@explaining_errors
def archive(key: KeyArgument, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Let a meter count nothing more; what it has counted stays."""
    with engine_at(database, base_url) as engine:
        update_meter(engine, key=key, is_archived=True, actor="cli")
    OUT.print(escape(f"The meter {key} is archived."))


@meters.command("query")
@explaining_errors
def query(
    key: KeyArgument,
    since: Annotated[
        str, typer.Option("--from", metavar="TIME", help="Such as 2026-01-31, or with a time and offset.")
    ],
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Not included; now by default.")] = None,
    granularity: Annotated[
        str | None, typer.Option("--by", metavar="WINDOW", help=f"One of {', '.join(get_args(Granularity))}.")
    ] = None,
    zone: Annotated[str, typer.Option(help="Where days and months begin, such as Europe/Berlin.")] = "UTC",
    group_by: Annotated[
        list[str] | None,
        typer.Option("--group-by", metavar="NAME", help="A dimension, subject or customer_id; repeat it."),
    ] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME=VALUE", help="Only usage with this mark; repeat it.")
    ] = None,
    subjects: Annotated[list[str] | None, typer.Option("--subject", metavar="ID", help="Only whose usage.")] = None,
    customers: Annotated[list[str] | None, typer.Option("--customer", metavar="ID", help="Only whose usage.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Show what a meter has counted, by windows and groups in which there was usage."""
    with engine_at(database, base_url) as engine:
        end = engine.now() if until is None else _instant(until, "to", zone)
        asked = UsageQuery(
            Period(_instant(since, "from", zone), end),
            None if granularity is None else _one_of("granularity", granularity),
            zone,
            tuple(group_by or ()),
            tuple(
                DimensionFilter(name, "eq", (value,)) for name, value in (_pair(one, "only") for one in filters or ())
            ),
        )
        rows = query_usage(engine, meter_key=key, query=asked, subjects=subjects or (), customer_ids=customers or ())
    if as_csv:
        typer.echo(usage_csv(asked.group_by, rows), nl=False)
        return
    _show(asked, rows, as_json=as_json)


def _show(asked: UsageQuery, rows: Sequence[UsageRow], *, as_json: bool) -> None:
    table = table_of("From", "To", *asked.group_by, "Value")
    for row in rows:
        start, end = (at.astimezone(zone_of(asked.zone)) for at in (row.window.start, row.window.end))
        if as_json:
            dimensions = dict(zip(asked.group_by, row.group, strict=True))
            shown = {"from": start.isoformat(), "to": end.isoformat(), "value": digits_of(row.value)}
            typer.echo(json.dumps({**shown, "dimensions": dimensions}))
        times = (f"{at:%Y-%m-%d %H:%M}" for at in (start, end))
        table.add_row(*times, *(escape(part or "-") for part in row.group), digits_of(row.value))
    if not as_json:
        show_table(table)


def _document(meter: Meter) -> dict[str, Any]:
    return {
        "id": meter.id,
        "key": meter.key,
        "name": meter.name,
        "event_type": meter.event_type,
        "aggregation": meter.aggregation,
        "value_path": meter.value_path,
        "dimensions": dict(meter.dimensions),
        "conditions": [
            {"path": one.path, "operator": one.operator, "values": list(one.values)} for one in meter.conditions
        ],
        "late_seconds": meter.late_seconds,
        "early_seconds": meter.early_seconds,
        "unknown_subjects": meter.unknown_subjects,
        "created_on": meter.created_at.isoformat(),
        "archived_on": meter.archived_at and meter.archived_at.isoformat(),
    }


def _one_of(name: str, text: str) -> Any:
    """Return a text that is one of the values of its type."""
    if text not in get_args(TYPES[name]):
        raise InvalidRequest(f"{name} is one of {', '.join(get_args(TYPES[name]))}", parameter=name)
    return text


def _pair(text: str, parameter: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest(f"{text[:64]!r} is not made of a name, = and a value", parameter=parameter)
    return name, value


def _instant(text: str, name: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text[:40]!r} is no time", parameter=name) from None
    return instant_of(found, zone) if found.tzinfo is None else found.astimezone(UTC)
