"""Send mail by hand: a sample of a kind to whoever wants to see it, or once more what has not arrived."""

from __future__ import annotations

from billing_sdk.server.domain.events import Mail, MailKind
from billing_sdk.server.ids import new_id
from billing_sdk.server.mail import to_json
from billing_sdk.server.mail.kinds import SAMPLE_CUSTOMER, WORDS
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_email


def send_test_mail(engine: Engine, *, kind: MailKind, language: str, to: str, actor: str = "operator") -> Mail:
    """Queue a mail with invented values, in the words that there are, whether or not its kind is switched on.

    Args:
        engine: the engine.
        kind: of mail.
        language: the tag of the one that it is to be in.
        to: an address.
        actor: who wants to see it.

    Raises:
        InvalidRequest: the address is none.
    """
    at = engine.now()
    mail = Mail(
        id=new_id("mail"),
        kind=kind,
        recipient=normal_email(to, "to"),
        state="queued" if engine.sends_mail else "kept",
        created_at=at,
        next_attempt_at=at,
        language=language,
        values=to_json({"customer": SAMPLE_CUSTOMER, **WORDS[kind].sample}),
    )
    with engine.begin() as tx:
        tx.mails.add([mail])
        tx.audit.record(actor, "mail.test", mail.id, at, after={"kind": kind, "language": language})
    return mail


def send_mail_again(engine: Engine, *, mail_id: str, actor: str = "operator") -> Mail:
    """Put a mail into the queue that has failed, was dropped, or was only kept.

    Raises:
        NotFound: there is no such mail.
        Conflict: it is in the queue, or was sent; or there is no server to send it by.
    """
    at = engine.now()
    with engine.begin() as tx:
        before = tx.mails.lock(mail_id)
        after = before.queued_again(at, has_server=engine.sends_mail)
        tx.mails.save(after)
        states = {"before": {"state": before.state}, "after": {"state": after.state}}
        tx.audit.record(actor, "mail.send_again", mail_id, at, **states)
    return after
