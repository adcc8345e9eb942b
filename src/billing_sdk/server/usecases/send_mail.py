"""Send mail: what is due goes to the mail server, once or for as long as the server runs.

A mail is claimed for the length of a lease, handed over, and settled. A process that dies in between leaves a lease
that runs out, and the mail is handed over again under the same Message-ID: it arrives at least once, and twice only
where the process died between the server's word and the note of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event

from billing_sdk.server.domain.events import Mail, MailContent
from billing_sdk.server.ids import new_id
from billing_sdk.server.mail.message import Envelope, compose_message
from billing_sdk.server.mail.transport import Handed, MailTransport, SmtpServer, SmtpTransport
from billing_sdk.server.usecases.compose_mail import attachments_of, compose_mail
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.write_mail import FREE_OF_BILLING

logger = logging.getLogger(__name__)

# Beyond the deadline of an attempt: for writing the mail, with its file, and for storing the answer.
LEASE_MARGIN_SECONDS = 60
POLL_SECONDS = 2.0


def send_due_mail(engine: Engine, transport: MailTransport, *, is_stopping: Callable[[], bool] = lambda: False) -> int:
    """Hand over everything that is due by real time, and return how many attempts that were.

    Any number of processes may do so at once.

    Args:
        engine: whose mail.
        transport: where it is handed to.
        is_stopping: asked before each mail.
    """
    count = 0
    try:
        while not is_stopping() and (mail := _claim(engine)) is not None:
            _settle(engine, mail, transport)
            count += 1
    finally:
        transport.close()
    return count


class MailWorker:
    """Belongs to one thread, which calls `look` again and again; anybody may call `stop`."""

    def __init__(self, engine: Engine, transport: MailTransport) -> None:
        self._engine = engine
        self._transport = transport
        self._is_stopping = Event()

    def look(self) -> None:
        """Hand over what is due."""
        send_due_mail(self._engine, self._transport, is_stopping=self._is_stopping.is_set)

    def stop(self) -> None:
        """Have no other mail begun; what is under way ends."""
        self._is_stopping.set()


def transport_of(engine: Engine) -> MailTransport | None:
    """Return the way to the mail server that the settings name; None where they name none."""
    settings = engine.settings
    if settings.smtp_url is None:
        return None
    return SmtpTransport(SmtpServer.of(settings.smtp_url), deadline_seconds=settings.smtp_timeout_seconds)


def _claim(engine: Engine) -> Mail | None:
    at = engine.now()
    with engine.read() as tx:  # most looks find nothing, and should hold up nobody
        if not tx.mails.has_due(at):
            return None
    ends_at = at + timedelta(seconds=engine.settings.smtp_timeout_seconds + LEASE_MARGIN_SECONDS)
    with engine.begin() as tx:
        return tx.mails.claim(at=at, lease=new_id("lease"), lease_ends_at=ends_at)


def _settle(engine: Engine, mail: Mail, transport: MailTransport) -> None:
    """Hand a mail over, and store what came of it."""
    outcome = _attempt(engine, mail, transport)
    with engine.begin() as tx:
        is_ours = tx.mails.settle(outcome, lease=mail.lease or "")
    if is_ours and outcome.state == "failed":
        logger.warning("mail %s has failed after %d attempts", outcome.id, outcome.attempts)


def _attempt(engine: Engine, mail: Mail, transport: MailTransport) -> Mail:
    if mail.kind not in FREE_OF_BILLING and not engine.workspace.is_billing_enabled:
        return mail.dropped("billing was switched off before it was sent")
    try:
        content, envelope = _written(engine, mail)
    except Exception as error:  # noqa: BLE001 - one that can't be written must hold up no other
        logger.error("mail %s can't be written (%s)", mail.id, type(error).__name__)  # noqa: TRY400 - a traceback would show what stands in it
        return mail.not_accepted(f"it can't be written: {type(error).__name__}", engine.now(), is_final=False)
    handed: Handed = transport.send(envelope)
    if handed.is_accepted:
        return mail.accepted(content, handed.answer, engine.now())
    return mail.not_accepted(handed.answer, engine.now(), is_final=handed.is_final)


def _written(engine: Engine, mail: Mail) -> tuple[MailContent, Envelope]:
    letter = compose_mail(engine, mail)
    content = letter.content()
    envelope = compose_message(
        mail,
        content,
        mail_from=engine.settings.mail_from or "",
        language=letter.language.tag,
        at=engine.now(),
        logo=letter.letterhead.logo,
        attachments=attachments_of(letter),
    )
    return content, envelope
