"""Runs the server on a socket, in a thread of the calling process."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from billing_sdk.errors import ConfigurationError
from billing_sdk.server.connections import ConnectionLimits, PatientProtocol
from billing_sdk.server.settings import Settings, is_loopback
from billing_sdk.server.usecases.seed_demo import DemoSeed

START_SECONDS = 60
GRACE_SECONDS = 10
# Those of the library: each tenth tick renews the date that answers carry.
TICK_SECONDS = 0.1
TICKS = 864_000
PATIENCE = ConnectionLimits()


@dataclass(frozen=True, slots=True)
class Ready:
    """What a program needs to use a server that listens; the credentials are those of the demo seed, if it was sown."""

    base_url: str
    audience: str
    redirect_uris: tuple[str, ...] = ()
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    m2m_client_id: str | None = None
    m2m_client_secret: str | None = field(default=None, repr=False)
    users: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    api_key: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Settings, seed: DemoSeed | None, redirect_uris: tuple[str, ...]) -> Ready:
        """Put together what the settings and the seed say."""
        base_url, audience = settings.base_url, settings.management_audience[0]
        if seed is None:
            return cls(base_url, audience, redirect_uris)
        return cls(
            base_url,
            audience,
            redirect_uris,
            seed.client_id,
            seed.client_secret,
            seed.m2m_client_id,
            seed.m2m_client_secret,
            seed.users,
            seed.api_key,
        )

    def document(self) -> dict[str, Any]:
        """Return the JSON object that `--ready-file` holds."""
        return {
            "base_url": self.base_url,
            "audience": self.audience,
            "redirect_uris": list(self.redirect_uris),
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "m2m_client_id": self.m2m_client_id,
            "m2m_client_secret": self.m2m_client_secret,
            "users": [{"email": email, "password": password} for email, password in self.users],
            "api_key": self.api_key,
        }


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound and does not listen yet; port 0 takes a free one.

    Raises:
        ConfigurationError: the address is in use, or not one of this machine's.
    """
    # An event loop sends at once only on sockets that name their protocol: without it the second packet of each answer
    # waits for the acknowledgement of the first, which takes 40 ms.
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"can't listen on {host} port {port} ({error.strerror})", remedy="Choose another with --port."
        ) from None
    return listener


def origin_of(listener: socket.socket, base_url: str | None) -> str:
    """Return the address that browsers use: what the operator says, or the loopback address that is bound.

    Raises:
        ConfigurationError: the socket is open to a network, and there is no https address for it.
    """
    host, port = listener.getsockname()[:2]
    if is_loopback(host):
        return base_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if base_url is None or not base_url.startswith("https://"):
        raise ConfigurationError(
            f"{host} is not a loopback address, and there is no https address for it",
            remedy="Give the address under which a TLS proxy serves it: --base-url https://...",
        )
    return base_url


@contextmanager
def running(
    app: ASGIApp,
    listener: socket.socket,
    *,
    on_end: Callable[[], None] | None = None,
    limits: ConnectionLimits = PATIENCE,
) -> Iterator[None]:
    """Serve an application for the length of a `with` block, and end with grace: no request is cut off.

    Args:
        app: what to serve.
        listener: a bound socket; it is closed at the end.
        on_end: called in the server's thread when it ends by itself or by the block's end.
        limits: how patient to be with those who connect.

    Raises:
        ConfigurationError: the application did not start; the log says why.
    """
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="on",
            http=partial(PatientProtocol, limits=limits.within_process()),  # type: ignore[arg-type] # called like a class
            ws="none",
            loop="auto",  # uvloop, where there is one
            log_config=None,
            access_log=False,  # request lines hold codes and one-time keys
            server_header=False,
            proxy_headers=False,  # addresses come from the settings alone
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    thread = threading.Thread(target=_serve, args=(server, listener, on_end), name="billing-server", daemon=True)
    thread.start()
    try:
        _wait_for_start(server, thread)
        yield
    finally:
        server.end()
        thread.join(GRACE_SECONDS + START_SECONDS)
        listener.close()


class _Server(uvicorn.Server):
    """Ends when it is told to, not at its next look around, and waits for nobody where nobody is connected.

    A test that starts a server of its own would otherwise spend most of its time on the end of it.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()

    def end(self) -> None:
        """Ask it to end, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself meanwhile
                self._loop.call_soon_threadsafe(self._ending.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        counter = 0
        while not await self.on_tick(counter):
            counter = (counter + 1) % TICKS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for server in self.servers:
            await server.wait_closed()
        await self.lifespan.shutdown()


def _serve(server: uvicorn.Server, listener: socket.socket, on_end: Callable[[], None] | None) -> None:
    try:
        server.run(sockets=[listener])
    finally:
        if on_end is not None:
            on_end()


def _wait_for_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(START_SECONDS * 100):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.01)
    raise ConfigurationError("the server did not start", remedy="Read its log; `billing-sdk doctor` finds most causes.")
