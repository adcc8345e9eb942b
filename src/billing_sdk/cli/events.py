"""`billing-sdk trigger` and `billing-sdk listen`."""

from __future__ import annotations

import threading
from typing import Annotated

import typer

from billing_sdk.cli.options import BaseUrlOption, DatabaseOption, engine_at
from billing_sdk.cli.output import OUT
from billing_sdk.server.outbox.catalogue import BY_CODE
from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint
from billing_sdk.server.usecases.list_events import latest_event, list_events
from billing_sdk.server.usecases.trigger_event import trigger_event

POLL_SECONDS = 0.5


def trigger(
    event_type: Annotated[str, typer.Argument(metavar="TYPE", help=f"One of {', '.join(BY_CODE)}.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
    customer: Annotated[str | None, typer.Option(help="Id of the customer whose event it is to be.")] = None,
) -> None:
    """Make a test event; a server that runs on the same database sends it to every endpoint that wants its type."""
    with engine_at(database, base_url) as engine:
        event = trigger_event(engine, type=event_type, customer_id=customer)
        OUT.print(f"{event.type} is announced as {event.id}.")


def listen(
    forward: Annotated[str, typer.Option(metavar="URL", help="Where events are to go.")],
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
) -> None:
    """Have every event sent to an address of yours, and show each as it happens; stop with Ctrl-C."""
    with engine_at(database, base_url) as engine:
        ensure_endpoint(engine, url=forward, name="billing-sdk listen")
        OUT.print(f"Events go to {forward}; the server that runs on this database sends them.")
        last = latest_event(engine)
        cursor = last.id if last else None
        pause = threading.Event()
        while True:
            for event in list_events(engine, after=cursor):
                OUT.print(f"{event.occurred_at:%H:%M:%S}  {event.type}  [dim]{event.id}[/]")
                cursor = event.id
            pause.wait(POLL_SECONDS)
