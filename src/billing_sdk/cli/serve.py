"""`billing-sdk serve` and `billing-sdk demo`."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from billing_sdk.cli.child import Child, environment_for
from billing_sdk.cli.database import Seed, sow_demo
from billing_sdk.cli.options import DEFAULT_PORT, BaseUrlOption, DatabaseOption, database_at, without_password
from billing_sdk.cli.ready import show_ready
from billing_sdk.cli.workspace import GatewayName
from billing_sdk.errors import ConfigurationError
from billing_sdk.server.domain.workspace import GatewayKind
from billing_sdk.server.running import Ready, bind, origin_of, running
from billing_sdk.server.settings import PREFIX, Settings
from billing_sdk.server.usecases.enable_billing import enable_billing
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.ensure_endpoint import ensure_endpoint

DEFAULT_APP_URL = "http://127.0.0.1:5000"
# So many objects may be made before the collector looks through the young ones.
GARBAGE_AT_ONCE = 100_000

HostOption = Annotated[str, typer.Option(help="Where to listen; anything but loopback needs an https --base-url.")]
PortOption = Annotated[int, typer.Option(min=0, max=65_535, help="0 takes a free one.")]
AppUrlOption = Annotated[str, typer.Option(metavar="URL", help="Where your application listens.")]
CommandArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- COMMAND ARGS]", help="Your program, run beside the server with BILLING_* set."),
]


@dataclass(frozen=True, slots=True)
class Plan:
    """What `serve` is to do."""

    host: str
    port: int
    base_url: str | None
    seed: Seed | None
    webhooks: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    ready_file: Path | None
    app_url: str
    command: tuple[str, ...]
    gateway: GatewayKind | None = None
    leaves_billing_off: bool = False


def serve(
    command: CommandArgument = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = DEFAULT_PORT,
    database: DatabaseOption = None,
    base_url: BaseUrlOption = None,
    seed: Annotated[Seed | None, typer.Option(help="Fill the database first.")] = None,
    webhook: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Register an endpoint for all events; repeatable.")
    ] = None,
    redirect_uri: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="With the demo seed: where sign-ins return; repeatable.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write address and credentials here as JSON once it listens.")
    ] = None,
    app_url: AppUrlOption = DEFAULT_APP_URL,
    gateway: Annotated[
        GatewayName | None, typer.Option(help="Enable billing with this; with the demo seed, the test processor.")
    ] = None,
    billing_off: Annotated[
        bool, typer.Option("--billing-off", help="With the demo seed: leave it to you to enable billing.")
    ] = False,
) -> None:
    """Run the billing server, and your program beside it."""
    with database_at(database) as database_url:
        plan = Plan(
            host=host,
            port=port,
            base_url=base_url or os.environ.get(f"{PREFIX}BASE_URL"),
            seed=seed,
            webhooks=tuple(webhook or ()),
            redirect_uris=tuple(redirect_uri or ()),
            ready_file=ready_file,
            app_url=app_url.rstrip("/"),
            command=tuple(command or ()),
            gateway=None if gateway is None else gateway.value,
            leaves_billing_off=billing_off,
        )
        code = _run(plan, database_url)
    raise typer.Exit(code)


def demo(command: CommandArgument = None, port: PortOption = 0, app_url: AppUrlOption = DEFAULT_APP_URL) -> None:
    """Run the billing server with the demo catalogue in a database that is gone afterwards."""
    serve(command, port=port, database="memory", seed=Seed.DEMO, app_url=app_url)


def _run(plan: Plan, database_url: str) -> int:
    """Run the server until a signal or the end of the child, and return the exit code."""
    _log_to_stderr()
    if plan.ready_file is not None:
        plan.ready_file.unlink(missing_ok=True)  # left by a run that was killed
    stop = threading.Event()
    with _signals(stop), bind(plan.host, plan.port) as listener:
        settings = Settings.from_environment(base_url=origin_of(listener, plan.base_url), database_url=database_url)
        with _leaving_no_gaps():
            # Imported here because it brings every door along: a command that does not serve begins in half the time.
            from billing_sdk.server.app import create_app

            app = create_app(settings)
            ready = _prepare(plan, app.state.engine)
        with running(app, listener, on_end=stop.set), announced(plan, ready):
            show_ready(ready, database=without_password(database_url), webhooks=_webhooks(plan))
            if not plan.command:
                stop.wait()
                return 0
            child = Child(plan.command, environment_for(ready, _callback(plan)), on_end=stop.set)
            stop.wait()
            return child.stop()


@contextmanager
def _leaving_no_gaps() -> Iterator[None]:
    """Start the server without collecting garbage, and keep what is there at the end out of the collector's sight.

    What a start leaves behind is little, but it lies all over the memory. Given back, it is taken again by the objects
    that batches of events are made of, a few here and a few there: to record one then takes a fifth longer.
    """
    gc.disable()
    try:
        yield
    finally:
        # What is loaded by now stays for good: the collector need not look through it again and again, nor look for
        # garbage among every few hundred of those objects.
        gc.freeze()
        gc.set_threshold(GARBAGE_AT_ONCE, 20, 100)
        gc.enable()


def _prepare(plan: Plan, engine: Engine) -> Ready:
    """Sow the seed and register the endpoints that were asked for."""
    redirect_uris = tuple(dict.fromkeys((*plan.redirect_uris, *((_callback(plan),) if plan.command else ()))))
    redirect_uris = redirect_uris or (_callback(plan),)
    seeded_with = None if plan.leaves_billing_off else plan.gateway or "managed"
    seed = None if plan.seed is None else sow_demo(engine, redirect_uris, gateway=seeded_with)
    if plan.gateway is not None:
        enable_billing(engine, gateway=plan.gateway, actor="operator")
    for url in _webhooks(plan):
        ensure_endpoint(engine, url=url, name="billing-sdk serve")
    return Ready.of(engine.settings, seed, redirect_uris if seed else ())


def _callback(plan: Plan) -> str:
    return f"{plan.app_url}/billing/callback"


def _webhooks(plan: Plan) -> tuple[str, ...]:
    own = (f"{plan.app_url}/billing/webhooks",) if plan.command else ()
    return tuple(dict.fromkeys((*plan.webhooks, *own)))


@contextmanager
def announced(plan: Plan, ready: Ready) -> Iterator[None]:
    """Keep the ready file in place while the server listens; it appears whole, and only its owner can read it."""
    if plan.ready_file is None:
        yield
        return
    folder = plan.ready_file.absolute().parent
    try:
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{plan.ready_file.name}.")
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(ready.document(), file, indent=2)
        Path(name).replace(plan.ready_file)
    except OSError as error:
        raise ConfigurationError(
            f"can't write the ready file ({error.strerror})", remedy="Choose a writable place with --ready-file."
        ) from None
    try:
        yield
    finally:
        plan.ready_file.unlink(missing_ok=True)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run in order instead of at once."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _log_to_stderr() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
