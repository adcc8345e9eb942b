"""Queue a mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from billing_sdk.server.domain.events import MailKind
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.people import normal_email
from billing_sdk.server.usecases.write_mail import Draft, write_mail
from billing_sdk.server.words import Value


def queue_mail(
    engine: Engine,
    tx: UnitOfWork,
    *,
    kind: MailKind,
    to: str,
    values: Mapping[str, Value],
    customer_id: str | None = None,
    language: str | None = None,
    at: datetime,
    occasion: str | None = None,
) -> None:
    """Have a mail sent when the caller's transaction has committed, by a worker, or put into the mailbox.

    Nothing is written while this kind of mail is switched off, or billing is and the mail has to do with it.

    Args:
        engine: the engine.
        tx: the caller's transaction.
        kind: of mail; it decides which values stand in it (see `billing_sdk.server.mail.kinds`).
        to: one address.
        values: what stands in it; amounts, numbers and times are written as its language writes them.
        customer_id: whom it is about, if it is a customer.
        language: that it is to be in; the customer's by default, then that of the billing profile.
        at: the present in real time.
        occasion: a name for what it is about: of one occasion there is one mail.

    Raises:
        InvalidRequest: the address is none.
    """
    draft = Draft(kind, values, normal_email(to, "to"), customer_id, language, occasion)
    write_mail(tx, (draft,), sends=engine.sends_mail, at=at)
