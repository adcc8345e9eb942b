"""Write mail: what is to be told to people goes to the queue of mail, in the transaction that brings it about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from billing_sdk.server.domain.events import Mail, MailKind
from billing_sdk.server.ids import new_id
from billing_sdk.server.mail import to_json
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.words import Value

# What has to do with people rather than with money is sent while billing is off as well.
FREE_OF_BILLING: frozenset[MailKind] = frozenset({"invitation", "confirm_email", "email_changed", "set_password"})
# Addresses of people who were erased: no mail ever arrives there (RFC 2606, section 2).
NOWHERE = ".invalid"


@dataclass(frozen=True, slots=True)
class Draft:
    """One mail to be.

    Attributes:
        values: what stands in it.
        to: the address; the customer's, where it is empty.
        customer_id: whom it is about, if it is a customer.
        language: that somebody has chosen for it; the customer's otherwise.
        occasion: of one occasion there is one mail, however often it is written.
    """

    kind: MailKind
    values: Mapping[str, Value] = field(repr=False)
    to: str = ""
    customer_id: str | None = None
    language: str | None = None
    occasion: str | None = None


def write_mail(tx: UnitOfWork, drafts: Sequence[Draft], *, sends: bool, at: datetime) -> None:
    """Put mail into the queue, or where there is no server to send it by, into the mailbox.

    Nothing is written of what people owe while billing is off, of a kind that is switched off, or to somebody without
    an address.

    Args:
        tx: the transaction.
        drafts: what is to be written.
        sends: whether there is a server to send it by.
        at: the present in real time.
    """
    off = tx.mail_templates.switched_off() if drafts else frozenset()
    wanted = [draft for draft in drafts if draft.kind not in off]
    if any(one.kind not in FREE_OF_BILLING for one in wanted) and not tx.workspace.get().is_billing_enabled:
        wanted = [one for one in wanted if one.kind in FREE_OF_BILLING]
    if not wanted:
        return
    customers = tx.customers.list_of({one.customer_id for one in wanted if one.customer_id is not None})
    found = []
    for draft in wanted:
        customer = customers.get(draft.customer_id or "")
        to = draft.to or (customer.billing_email if customer is not None else "")
        if "@" not in to or to.endswith(NOWHERE):
            continue
        mail = Mail(
            id=new_id("mail"),
            kind=draft.kind,
            recipient=to,
            state="queued" if sends else "kept",
            created_at=at,
            next_attempt_at=at,
            language=draft.language,
            customer_id=draft.customer_id,
            occasion=draft.occasion,
            values=to_json(draft.values),
        )
        found.append(mail)
    tx.mails.add(found)
