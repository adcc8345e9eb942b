"""The socket of the simulator: one thread for each connection, and no package but the standard library.

The connection is its own to break: that is what some faults do.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from billing_sdk.testing.stripe.world import Request, Response

MAX_BODY_BYTES = 4 << 20
Answering = Callable[[Request], Response]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A test that ends does not wait for clients that keep their connections.
    block_on_close = False
    request_queue_size = 64

    def __init__(self, host: str, port: int, answer: Answering) -> None:
        self.answer = answer
        super().__init__((host, port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about connections that were broken; a fault of ours is answered by 500 before it gets here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def answer(self) -> None:
        """Answer a request, of whatever method."""
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY_BYTES:
            self.send_error(413)
            return
        request = Request(
            method=self.command,
            path=parts.path,
            query=parts.query,
            body=self.rfile.read(length).decode("utf-8", "replace"),
            headers={name.lower(): value for name, value in self.headers.items()},
        )
        self._send(self.server.answer(request))

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Return what answers a method; the library asks for `do_GET` and its like."""
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        """Write no lines to the terminal of a test; the log of the simulator has all of it."""

    def _send(self, response: Response) -> None:
        if response.breaks == "before":
            self.close_connection = True
            return
        head = [f"HTTP/1.1 {response.status} {self.responses.get(response.status, ('Unknown',))[0]}"]
        head += [f"{name}: {value}" for name, value in response.headers]
        head += [f"Content-Length: {len(response.body)}", "", ""]
        data = "\r\n".join(head).encode("latin-1")
        if response.breaks == "within":
            self.wfile.write(data + response.body[: len(response.body) // 2])
            self.wfile.flush()
            # With nothing to linger for, closing sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self.wfile.write(data + response.body)


@contextmanager
def serving(answer: Answering, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Listen for the length of a `with` block, and yield the base URL.

    Args:
        answer: called in the thread of a connection.
        host: a loopback address.
        port: 0 takes a free one.
    """
    server = _Server(host, port, answer)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="stripe-simulator", daemon=True
    )
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
