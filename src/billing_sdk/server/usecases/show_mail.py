"""Show a mail as its reader sees it: what was sent, or what would be sent now."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from typing import Final

from billing_sdk.server.domain.events import Mail
from billing_sdk.server.mail.letter import LOGO_ID, Letter, Picture
from billing_sdk.server.mail.message import compose_message
from billing_sdk.server.usecases.compose_mail import compose_mail
from billing_sdk.server.usecases.engine import Engine

STYLED: Final = re.compile(r' style="[^"]*"')
# What stands as the sender where nobody has named one, since nothing is sent there.
NO_SENDER: Final = "Billing <billing@localhost>"


@dataclass(frozen=True, slots=True)
class MailShown:
    """A mail, ready to be looked at.

    Attributes:
        page: its page, whose style sheet carries the nonce that it was asked for with.
        headers: of the message.
        source: the message as it goes over the net, without attached files.
        files: the names of those.
    """

    mail: Mail
    subject: str
    text: str = field(repr=False)
    page: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    source: str = field(repr=False)
    files: tuple[str, ...] = ()


def show_mail(engine: Engine, *, mail_id: str, nonce: str) -> MailShown:
    """Return a mail to be looked at.

    Args:
        engine: the engine.
        mail_id: which one.
        nonce: of the answer that its page is shown in.

    Raises:
        NotFound: there is no such mail.
    """
    with engine.read() as tx:
        mail = tx.mails.get(mail_id)
    letter = compose_mail(engine, mail)
    content = mail.content or letter.content()
    envelope = compose_message(
        mail,
        content,
        mail_from=engine.settings.mail_from or NO_SENDER,
        language=letter.language.tag,
        at=mail.sent_at or mail.created_at,
        logo=letter.letterhead.logo,
    )
    message = message_from_bytes(envelope.octets, policy=default)
    return MailShown(
        mail=mail,
        subject=content.subject,
        text=content.text,
        page=_page(letter, mail, nonce),
        headers=tuple((name, str(value)) for name, value in message.items()),
        source=envelope.octets.decode("utf-8", errors="replace").replace("\r\n", "\n"),
        files=() if letter.paper is None else (letter.paper.file_name,),
    )


def page_of(letter: Letter, nonce: str) -> str:
    """Return the page of a mail as it can be shown within a page of ours, its logo in it."""
    return letter.page(logo_url=_data_url(letter.letterhead.logo), nonce=nonce)


def _page(letter: Letter, mail: Mail, nonce: str) -> str:
    if mail.content is None:
        return page_of(letter, nonce)
    # What was sent is shown as it was, by its sheet alone, which the nonce allows. Quotes and angle brackets of data
    # were escaped when the page was made, so these are its own.
    shown = STYLED.sub("", mail.content.html).replace("<style>", f'<style nonce="{html.escape(nonce)}">', 1)
    return shown.replace(f'src="cid:{LOGO_ID}"', f'src="{_data_url(letter.letterhead.logo)}"', 1)


def _data_url(logo: Picture | None) -> str:
    if logo is None:
        return ""
    return f"data:{logo.media_type};base64,{base64.b64encode(logo.content).decode('ascii')}"
