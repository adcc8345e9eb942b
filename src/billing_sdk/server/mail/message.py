"""The message that carries a mail over the net.

Source: RFC 5322 (messages), RFC 2046 (parts of several kinds), RFC 2392 (pictures within a message), RFC 3834 (what is
written by a program), RFC 6532 (addresses that are not ASCII).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import parseaddr

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.events import Mail, MailContent
from billing_sdk.server.mail.letter import LOGO_ID, Picture


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a mail."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail server is given.

    Attributes:
        is_international: an address is not ASCII, so the server has to know how to pass that on.
        octets: the message.
    """

    sender: str
    recipient: str
    is_international: bool
    octets: bytes = field(repr=False)


def mail_address(text: str) -> Address:
    """Read `Example <billing@example.com>`, or an address alone.

    Raises:
        InvalidRequest: it is neither.
    """
    name, plain_address = parseaddr(text)
    local, _, domain = plain_address.rpartition("@")
    if not local or not domain or not text.isprintable():
        raise InvalidRequest("this is no address that mail can be from or to", parameter="address")
    try:
        return Address(name, local, domain.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError, IndexError):
        raise InvalidRequest("this is no address that mail can be from or to", parameter="address") from None


def compose_message(
    mail: Mail,
    content: MailContent,
    *,
    mail_from: str,
    language: str,
    at: datetime,
    logo: Picture | None = None,
    attachments: tuple[Attachment, ...] = (),
) -> Envelope:
    """Return a mail as it is handed to a server; it has the same Message-ID however often that is done.

    Args:
        mail: which one.
        content: what it says.
        mail_from: the address that it is from.
        language: the tag of its language.
        at: when it is sent.
        logo: the picture that its page refers to.
        attachments: files, of the type PDF.

    Raises:
        InvalidRequest: an address is none.
    """
    sender, recipient = mail_address(mail_from), mail_address(mail.recipient)
    is_international = not (sender.addr_spec.isascii() and recipient.addr_spec.isascii())
    # The policy refuses a header with a line break in it, whatever it was made of.
    message = EmailMessage(policy=SMTPUTF8 if is_international else SMTP)
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = content.subject
    message["Date"] = at.astimezone(UTC)
    message["Message-ID"] = f"<{mail.id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(content.text)
    message.add_alternative(content.html, subtype="html")
    if logo is not None:
        (_, page) = message.iter_parts()
        kind, _, subtype = logo.media_type.partition("/")
        page.add_related(logo.content, maintype=kind, subtype=subtype, cid=f"<{LOGO_ID}>", disposition="inline")
    for one in attachments:
        message.add_attachment(one.content, maintype="application", subtype="pdf", filename=one.name)
    message["Content-Language"] = language  # at last: what is said of content before goes to a part
    return Envelope(sender.addr_spec, recipient.addr_spec, is_international, message.as_bytes())
