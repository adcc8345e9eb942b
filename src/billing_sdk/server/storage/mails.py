"""Mail: the queue, and the mailbox of what was sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Executable, RowMapping, and_, delete, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from billing_sdk._secret import Secret
from billing_sdk.errors import NotFound
from billing_sdk.server.domain.events import Mail, MailContent, MailKind, MailState
from billing_sdk.server.sealing import Sealer
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.sealed import reseal_column
from billing_sdk.server.storage.tables.mail import mails

IN_QUEUE = ("queued", "sending")
SEALED = {"values": mails.c.sealed_values, "content": mails.c.sealed_content}


class MailRepository:
    """Keeps mail, in the transaction of its connection; what stands in it is sealed."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def add(self, wanted: Sequence[Mail]) -> None:
        """Store new mail; what there is of the same occasion already stays as it is."""
        if wanted:
            self._connection.execute(_insertion(self._connection.dialect.name), [self._to_row(one) for one in wanted])

    def get(self, mail_id: str) -> Mail:
        """Return a mail.

        Raises:
            NotFound: there is no such mail.
        """
        row = self._connection.execute(select(mails).where(mails.c.id == mail_id)).mappings().first()
        if row is None:
            raise NotFound(f"there is no mail {mail_id[:64]!r}")
        return self._from_row(row)

    def lock(self, mail_id: str) -> Mail:
        """Return a mail, which nobody else changes before the transaction ends.

        Raises:
            NotFound: there is no such mail.
        """
        query = select(mails).where(mails.c.id == mail_id).with_for_update()
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no mail {mail_id[:64]!r}")
        return self._from_row(row)

    def list(
        self,
        wanted: PageRequest = FIRST_PAGE,
        *,
        kind: MailKind | None = None,
        state: MailState | None = None,
        recipient: str | None = None,
    ) -> Page[Mail]:
        """Return a page of mail in the order of the ids: all, or that of a kind, in a state, to an address."""
        query = select(mails)
        for column, value in ((mails.c.kind, kind), (mails.c.state, state), (mails.c.recipient, recipient)):
            query = query if value is None else query.where(column == value)
        return read_page(self._connection, query, mails.c.id, wanted, self._from_row)

    def has_due(self, at: datetime) -> bool:
        """Tell whether a claim might find something."""
        return bool(self._connection.execute(select(exists().where(_is_due(at)))).scalar())

    def claim(self, *, at: datetime, lease: str, lease_ends_at: datetime) -> Mail | None:
        """Take the mail that has been due for longest, for as long as the lease runs; None where nothing is due.

        Two processes never hold the same mail.
        """
        due = select(mails).where(_is_due(at)).order_by(mails.c.next_attempt_at, mails.c.id).limit(1)
        row = self._connection.execute(due.with_for_update(skip_locked=True)).mappings().first()
        if row is None:
            return None
        taken = self._from_row(row).after("take")
        values = {"state": taken.state, "lease": lease, "lease_ends_at": lease_ends_at}
        self._connection.execute(update(mails).where(mails.c.id == taken.id).values(values))
        return self._from_row({**row, **values})

    def settle(self, outcome: Mail, *, lease: str) -> bool:
        """Store what came of an attempt; False where the lease has passed to another claim, which then decides."""
        held = and_(mails.c.id == outcome.id, mails.c.lease == lease)
        return bool(self._connection.execute(update(mails).where(held).values(self._to_row(outcome))).rowcount)

    def has_older(self, at: datetime) -> bool:
        """Tell whether the oldest mail was written before an instant."""
        oldest = self._connection.execute(select(mails.c.created_at).order_by(mails.c.id).limit(1)).scalar()
        return oldest is not None and oldest < at

    def forget_older(self, at: datetime, *, limit: int) -> int:
        """Forget mail that was written before an instant and is not in the queue, the oldest first; return how many."""
        oldest = select(mails.c.id).order_by(mails.c.id).limit(limit)
        over = (mails.c.id.in_(oldest.scalar_subquery()), mails.c.created_at < at, mails.c.state.not_in(IN_QUEUE))
        return self._connection.execute(delete(mails).where(*over)).rowcount

    def save(self, mail: Mail) -> None:
        """Store what has become of a mail that nobody is sending."""
        self._connection.execute(update(mails).where(mails.c.id == mail.id).values(self._to_row(mail)))

    def reseal(self) -> int:
        """Seal anew what an older key has sealed, and return how many values there were."""
        return sum(
            reseal_column(self._connection, self._sealer, column, lambda id_, name=name: _place(id_, name))
            for name, column in SEALED.items()
        )

    def _to_row(self, mail: Mail) -> dict[str, Any]:
        """Return what is stored of a mail that nobody is sending: its lease is over."""
        content = mail.content
        said = None if content is None else {"subject": content.subject, "text": content.text, "html": content.html}
        return {
            "id": mail.id,
            "kind": mail.kind,
            "recipient": mail.recipient,
            "language": mail.language,
            "state": mail.state,
            "attempts": mail.attempts,
            "next_attempt_at": mail.next_attempt_at,
            "created_at": mail.created_at,
            "sent_at": mail.sent_at,
            "customer_id": mail.customer_id,
            "occasion": mail.occasion,
            "sealed_values": self._seal(mail.id, "values", mail.values),
            "sealed_content": None if said is None else self._seal(mail.id, "content", said),
            "lease": None,
            "lease_ends_at": None,
            "last_answer": mail.last_answer,
        }

    def _from_row(self, row: RowMapping | dict[str, Any]) -> Mail:
        said = None if row["sealed_content"] is None else self._open(row["id"], "content", row["sealed_content"])
        return Mail(
            id=row["id"],
            kind=row["kind"],
            recipient=row["recipient"],
            state=row["state"],
            created_at=row["created_at"],
            next_attempt_at=row["next_attempt_at"],
            language=row["language"],
            customer_id=row["customer_id"],
            occasion=row["occasion"],
            values=self._open(row["id"], "values", row["sealed_values"]),
            content=None if said is None else MailContent(**said),
            attempts=row["attempts"],
            sent_at=row["sent_at"],
            lease=row["lease"],
            last_answer=row["last_answer"],
        )

    def _seal(self, mail_id: str, name: str, document: Any) -> str:
        return self._sealer.seal(Secret(json.dumps(dict(document))), place=_place(mail_id, name))

    def _open(self, mail_id: str, name: str, sealed: str) -> Any:
        return json.loads(self._sealer.open(sealed, place=_place(mail_id, name)).reveal())


def _place(mail_id: str, name: str) -> str:
    return f"mails/{mail_id}/{name}"


def _is_due(at: datetime) -> ColumnElement[bool]:
    is_left = and_(mails.c.state == "sending", mails.c.lease_ends_at <= at)
    return or_(and_(mails.c.state == "queued", mails.c.next_attempt_at <= at), is_left)


@cache
def _insertion(dialect: str) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(mails).on_conflict_do_nothing()
