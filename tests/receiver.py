"""A receiver of webhooks on a real socket, which answers as the test tells it to."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """What has arrived, and what is answered; `behave` may take the handler over altogether."""

    url: str
    received: list[Received] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    behave: Callable[[BaseHTTPRequestHandler], None] | None = None
    released: threading.Event = field(default_factory=threading.Event)

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request and answer it."""
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.received.append(Received(handler.path, headers, body.decode()))
        if self.behave is not None:
            self.behave(handler)
            return
        content = self.text.encode()
        handler.send_response(self.status)
        for name, value in {**self.headers, "content-length": str(len(content))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Does not report connections that the sender closes early, as it should."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent."""


@contextmanager
def receiving(*, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver on a free loopback port for the length of a `with` block, behind TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.handle(self)

        do_GET = do_POST  # noqa: N815 - the name that the base class calls

        def log_message(self, *arguments: object) -> None:
            """Stay silent."""

    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver = Receiver(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/hook")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
            thread.join(timeout=60)
