"""A mail server on this machine that takes mail, refuses it, hangs up, or answers slowly, as a test wants it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class Postbox:
    """What the server has been told, and what it is to answer.

    Attributes:
        answers: in place of "250 OK", by the verb that it answers; the end of a message is answered as `.`.
        hangs_up_at: the verbs that it answers by ending the connection.
        trickles_at: the verbs that it answers with one character after another, without end.
        octets: the messages that it has taken.
        is_stuck: set once it has begun to answer without end.
    """

    answers: dict[str, str] = field(default_factory=dict)
    hangs_up_at: set[str] = field(default_factory=set)
    trickles_at: set[str] = field(default_factory=set)
    extensions: tuple[str, ...] = ("8BITMIME",)
    octets: list[bytes] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    port: int = 0
    is_stuck: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """What the settings name it by."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages that it has taken, read."""
        return [message_from_bytes(one, policy=default) for one in self.octets]  # type: ignore[arg-type,misc] # the policy makes them such


class _Talk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        postbox: Postbox = self.server.postbox  # type: ignore[attr-defined] # set below
        with suppress(OSError):
            self.wfile.write(b"220 postbox\r\n")
            while line := self.rfile.readline():
                verb = line.split(b" ")[0].strip().decode("latin-1").upper()
                postbox.verbs.append(verb)
                if not self._answer(postbox, verb) or verb == "QUIT":
                    return
                if verb == "DATA" and "DATA" not in postbox.answers:
                    content = b"".join(iter(self.rfile.readline, b".\r\n"))
                    if not self._answer(postbox, "."):
                        return
                    if "." not in postbox.answers:
                        postbox.octets.append(content)

    def _answer(self, postbox: Postbox, verb: str) -> bool:
        if verb in postbox.hangs_up_at:
            return False
        if verb in postbox.trickles_at:
            postbox.is_stuck.set()
            while not postbox.is_over.wait(0.01):
                self.wfile.write(b"2")
            return False
        usual = "354 go on" if verb == "DATA" else "250 OK"
        if verb == "EHLO":
            lines = ["postbox", *postbox.extensions]
            usual = "\r\n".join([*(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}"])
        self.wfile.write(f"{postbox.answers.get(verb, usual)}\r\n".encode())
        return True


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def postbox_open() -> Iterator[Postbox]:
    """Run a mail server on a free port of this machine for the length of a `with` block."""
    postbox = Postbox()
    with _Server(("127.0.0.1", 0), _Talk) as server:
        server.postbox = postbox  # type: ignore[attr-defined] # what its handlers share
        postbox.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield postbox
        finally:
            postbox.is_over.set()
            server.shutdown()
            thread.join()
