"""`billing-sdk clock`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer
from rich.markup import escape

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT, explaining_errors
from billing_sdk.errors import InvalidCadence, InvalidRequest
from billing_sdk.server.domain.periods import Cadence
from billing_sdk.server.domain.timers import TestClock, Timer
from billing_sdk.server.storage.paging import PageRequest
from billing_sdk.server.usecases.advance_clock import advance_clock
from billing_sdk.server.usecases.choose_sign_up_clock import choose_sign_up_clock
from billing_sdk.server.usecases.create_clock import create_clock
from billing_sdk.server.usecases.delete_clock import delete_clock

clock = typer.Typer(no_args_is_help=True)

SHORT = re.compile(r"([0-9]{1,9}) (hour|minute|second)s?", re.ASCII)
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
MOST_SHOWN = 500

ClockId = Annotated[str, typer.Argument(metavar="CLOCK_ID", help="As `clock list` shows it.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line, for a program to read.")]


@clock.command()
@explaining_errors
def create(
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Where it stands: 2026-01-31, or 2026-01-31T12:00:00Z; or now.")
    ] = None,
    name: Annotated[str, typer.Option(help="What you call it.")] = "",
    is_for_sign_ups: Annotated[
        bool, typer.Option("--sign-ups", help="Whoever signs up from now on lives by it.")
    ] = False,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Make a clock; customers can then be made on it."""
    with engine_at(database, base_url) as engine:
        made = create_clock(engine, at=None if at is None else read_time(at), name=name)
        if is_for_sign_ups:
            choose_sign_up_clock(engine, made.id)
        with engine.read() as tx:
            _show(tx.clocks.get(made.id), as_json=as_json)


@clock.command()
@explaining_errors
def advance(
    clock_id: ClockId,
    to: Annotated[str | None, typer.Option(metavar="TIME", help="Where to, as for `create --at`.")] = None,
    by: Annotated[str | None, typer.Option(metavar="SPAN", help="How far: '3 months', '1 year', '36 hours'.")] = None,
    as_json: JsonOption = False,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Move a clock forward and do everything that falls due on the way, in order; says what it does.

    With neither option a clock that was stopped on its way goes on to where it was going.
    """

    def tell(timer: Timer) -> None:
        facts = {"ran": timer.kind, "subject": timer.subject_id, "customer": timer.customer_id}
        if as_json:
            typer.echo(json.dumps({**facts, "at": timer.due_at.isoformat()}))
        else:
            OUT.print(escape(f"{timer.due_at:%Y-%m-%d %H:%M:%S}  {timer.kind}  {timer.subject_id}"))

    with engine_at(database, base_url) as engine:
        target = None if to is None else read_time(to)
        span = None if by is None else read_span(by)
        _show(advance_clock(engine, clock_id, to=target, by=span, on_ran=tell), as_json=as_json)


@clock.command("list")
@explaining_errors
def show_all(as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Show the clocks, and the time that each tells."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        for found in tx.clocks.list(PageRequest(MOST_SHOWN)).items:
            _show(found, as_json=as_json)


@clock.command()
@explaining_errors
def show(
    clock_id: ClockId, as_json: JsonOption = False, database: DatabaseOption = None, base_url: BaseUrlOption = None
) -> None:
    """Show a clock, its customers, and what is to happen to them next."""
    with engine_at(database, base_url) as engine, engine.read() as tx:
        _show(tx.clocks.get(clock_id), as_json=as_json)
        for customer_id in tx.clocks.customers_of(clock_id):
            timers = tx.timers.of_customer(customer_id)
            if as_json:
                planned = [{"at": t.due_at.isoformat(), "kind": t.kind, "subject": t.subject_id} for t in timers]
                typer.echo(json.dumps({"customer": customer_id, "timers": planned}))
                continue
            OUT.print(escape(customer_id))
            for timer in timers:
                OUT.print(escape(f"  {timer.due_at:%Y-%m-%d %H:%M:%S}  {timer.kind}  {timer.subject_id}"))


@clock.command()
@explaining_errors
def use(
    clock_id: Annotated[str | None, typer.Argument(metavar="CLOCK_ID", help="Which clock; none for real time.")] = None,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Let whoever signs up on the pages from now on live by a clock, or by real time again."""
    with engine_at(database, base_url) as engine:
        choose_sign_up_clock(engine, clock_id)
        OUT.print(escape(f"Whoever signs up from now on lives by {clock_id or 'real time'}."))


@clock.command()
@explaining_errors
def delete(clock_id: ClockId, database: DatabaseOption = None, base_url: BaseUrlOption = None) -> None:
    """Delete a clock, with its customers and all that they agreed to, used and paid."""
    with engine_at(database, base_url) as engine:
        count = delete_clock(engine, clock_id)
        OUT.print(escape(f"{clock_id} is deleted, and {count} customers with it."))


def read_time(text: str) -> datetime:
    """Read a day, which begins at midnight UTC, or a date and time with an offset.

    Raises:
        InvalidRequest: it is neither.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text[:40]!r} is no time such as 2026-01-31T12:00:00Z", parameter="time") from None
    if DAY.fullmatch(text):
        return at.replace(tzinfo=UTC)
    if at.tzinfo is None:
        raise InvalidRequest(f"{text[:40]!r} has no offset from UTC", parameter="time", remedy="Add Z for UTC.")
    return at


def read_span(text: str) -> timedelta | Cadence:
    """Read a span such as `3 months` or `36 hours`.

    Raises:
        InvalidRequest: it is anything else.
    """
    if short := SHORT.fullmatch(text):
        return timedelta(**{f"{short[2]}s": int(short[1])})
    try:
        return Cadence.from_text(text)
    except InvalidCadence as error:
        raise InvalidRequest(error.detail, parameter="by", remedy="Say '3 months', '1 year' or '36 hours'.") from None


def _show(found: TestClock, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(_document(found)))
        return
    facts = [
        found.id,
        f"{found.frozen_at:%Y-%m-%d %H:%M:%S} UTC",
        found.status if found.target_at is None else f"on its way to {found.target_at:%Y-%m-%d %H:%M:%S} UTC",
        "takes sign-ups" if found.takes_sign_ups else "",
        found.name,
    ]
    OUT.print(escape("  ".join(filter(None, facts))))


def _document(found: TestClock) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "frozen_at": found.frozen_at.isoformat(),
        "status": found.status,
        "target_at": None if found.target_at is None else found.target_at.isoformat(),
        "takes_sign_ups": found.takes_sign_ups,
    }
