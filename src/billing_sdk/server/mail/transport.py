"""Hands mail to a server over SMTP, within bounds that the server can't stretch.

Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (TLS from the first octet on).
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from billing_sdk._secret import Secret
from billing_sdk.server.mail.message import Envelope
from billing_sdk.server.settings import is_loopback

PORTS: Final = {"smtp": 587, "smtps": 465}
LONGEST_ANSWER: Final = 500
# They tell of how this server is set up, not of one mail: the next mail would fare no better, and this one may later.
ABOUT_US: Final = frozenset({530, 534, 535, 538})


@dataclass(frozen=True, slots=True)
class Handed:
    """What a mail server said of one mail.

    Attributes:
        is_accepted: it has taken the mail over.
        is_final: to ask again would be in vain.
        answer: its words, or why it could not be asked.
    """

    is_accepted: bool
    is_final: bool
    answer: str


class MailTransport(Protocol):
    """Where mail is handed to; it belongs to one thread."""

    def send(self, envelope: Envelope) -> Handed:
        """Hand one mail over; whatever happens is an answer, not an error."""
        ...

    def close(self) -> None:
        """Let the server go, if it is still there."""
        ...


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server, as the settings name it.

    Attributes:
        is_tls: everything is encrypted from the first octet on.
        is_here: it is on this machine, so nothing has to be.
    """

    host: str
    port: int
    is_tls: bool
    user: str = ""
    password: Secret | None = None

    @classmethod
    def of(cls, url: Secret) -> SmtpServer:
        """Read an address such as `smtp://user:password@host:587`, which the settings have checked."""
        parts = urlsplit(url.reveal())
        return cls(
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            parts.scheme == "smtps",
            unquote(parts.username or ""),
            Secret.of(unquote(parts.password or "")),
        )

    @property
    def is_here(self) -> bool:
        """Whether it is this machine by definition."""
        return is_loopback(self.host)


class NoEncryption(Exception):
    """Raised when a server that is not on this machine does not offer STARTTLS."""


class SmtpTransport:
    """Hands mail to a server, over one connection for as long as that holds.

    Args:
        server: which one.
        deadline_seconds: for one mail, from the connection to the last word of the server.
        trust: how its certificate is checked; against the public authorities by default.
    """

    def __init__(self, server: SmtpServer, *, deadline_seconds: float, trust: ssl.SSLContext | None = None) -> None:
        self._server = server
        self._deadline_seconds = deadline_seconds
        self._trust = trust
        self._smtp: smtplib.SMTP | None = None
        self._is_late = False

    def send(self, envelope: Envelope) -> Handed:
        """Hand one mail over; whatever happens is an answer, not an error."""
        try:
            with self._deadline():
                return Handed(True, True, self._send(envelope))
        except (OSError, smtplib.SMTPException, NoEncryption, ValueError) as error:
            if not isinstance(error, smtplib.SMTPRecipientsRefused) or self._is_late:
                self._drop()
            return self._failure(error, is_international=envelope.is_international)

    def probe(self) -> Handed:
        """Greet the server and sign in, as before a mail, and send none."""
        try:
            with self._deadline():
                self._smtp = self._connected()
        except (OSError, smtplib.SMTPException, NoEncryption, ValueError) as error:
            return self._failure(error)
        finally:
            self.close()
        return Handed(True, True, "ready")

    def _failure(self, error: Exception, *, is_international: bool = False) -> Handed:
        # First of all: what was read when the connection was cut is half an answer, which says nothing.
        if self._is_late or isinstance(error, TimeoutError):
            return Handed(False, False, f"no full answer within {self._deadline_seconds:g} seconds")
        match error:
            case smtplib.SMTPRecipientsRefused():
                ((code, text),) = error.recipients.values()
                return _refused(code, text)
            case smtplib.SMTPResponseException():
                return _refused(error.smtp_code, error.smtp_error)
            case smtplib.SMTPNotSupportedError():
                return Handed(False, is_international, f"the mail server can't do this: {error}"[:LONGEST_ANSWER])
            case NoEncryption():
                return Handed(False, False, "the mail server does not offer STARTTLS, and is not on this machine")
        return Handed(False, False, f"the mail server can't be reached ({type(error).__name__})")

    def close(self) -> None:
        """Let the server go, if it is still there."""
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException), self._deadline():
                self._smtp.quit()
        self._drop()

    def _send(self, envelope: Envelope) -> str:
        smtp = self._smtp = self._smtp or self._connected()
        options = ["SMTPUTF8"] if envelope.is_international else []
        if envelope.is_international and not smtp.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("addresses that are not ASCII")
        smtp.sendmail(envelope.sender, [envelope.recipient], envelope.octets, mail_options=options)
        return "accepted"

    def _connected(self) -> smtplib.SMTP:
        server, trust = self._server, self._trust or ssl.create_default_context()
        timeout = self._deadline_seconds
        smtp: smtplib.SMTP
        if server.is_tls:
            smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=timeout, context=trust)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=timeout)
        self._smtp = smtp  # so that the deadline can reach it
        smtp.ehlo_or_helo_if_needed()
        if not server.is_tls and not server.is_here:
            if not smtp.has_extn("starttls"):
                raise NoEncryption
            smtp.starttls(context=trust)
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password.reveal() if server.password else "")
        return smtp

    def _drop(self) -> None:
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(OSError):
                smtp.close()

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """End the connection when the time is over: the server may send a little again and again."""
        self._is_late = False
        timer = threading.Timer(self._deadline_seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self._is_late = True
        connection = self._smtp.sock if self._smtp is not None else None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _refused(code: int, text: bytes | str) -> Handed:
    return Handed(False, 500 <= code < 600 and code not in ABOUT_US, _words(code, text))


def _words(code: int, text: bytes | str) -> str:
    """Return what a server said, in one line without control characters; it may say anything."""
    said = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else text
    return "".join(one if one.isprintable() else " " for one in f"{code} {said}")[:LONGEST_ANSWER].strip()
