"""Words that operators have chosen for mail, and the kinds of mail that they have switched off."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, delete, select

from billing_sdk.server.domain.events import ALWAYS_WRITTEN, MailKind, MailTemplate
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.mail import mail_switches, mail_templates
from billing_sdk.server.storage.upsert import insert_new, upsert

OFF = select(mail_switches.c.kind).where(~mail_switches.c.is_on)


class MailTemplateRepository:
    """Keeps the words and switches of mail, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, kind: MailKind, language: str) -> MailTemplate | None:
        """Return the words for a kind of mail in a language; None where nobody has chosen any."""
        mine = (mail_templates.c.kind == kind, mail_templates.c.language == language)
        row = self._connection.execute(select(mail_templates).where(*mine)).mappings().first()
        return None if row is None else _from_row(row)

    def lock(self, kind: MailKind, language: str) -> MailTemplate | None:
        """Return the words for a kind of mail in a language, which nobody else changes before the transaction ends.

        Where nobody has chosen any, others wait at a row without words until some are stored, or removed again.
        """
        blank = MailTemplate(kind, language, "", ())
        if insert_new(self._connection, mail_templates, row_of(blank)):
            return None
        mine = (mail_templates.c.kind == kind, mail_templates.c.language == language)
        row = self._connection.execute(select(mail_templates).where(*mine).with_for_update()).mappings().one()
        return _from_row(row)

    def all(self) -> tuple[MailTemplate, ...]:
        """Return all words that somebody has chosen, by kind and language."""
        query = select(mail_templates).order_by(mail_templates.c.kind, mail_templates.c.language)
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def save(self, template: MailTemplate) -> None:
        """Store words in place of those that there were."""
        values = row_of(template)
        self._connection.execute(upsert(self._connection, mail_templates, values, values))

    def remove(self, kind: MailKind, language: str) -> None:
        """Forget words, so that the server's own are used."""
        mine = (mail_templates.c.kind == kind, mail_templates.c.language == language)
        self._connection.execute(delete(mail_templates).where(*mine))

    def switched_off(self) -> frozenset[str]:
        """Return the kinds of mail that are not sent; those that nobody can do without are none of them."""
        return frozenset(self._connection.execute(OFF).scalars()) - ALWAYS_WRITTEN

    def switch(self, kind: MailKind, *, is_on: bool) -> None:
        """Have mail of a kind sent from now on, or not."""
        values = {"kind": kind, "is_on": is_on}
        self._connection.execute(upsert(self._connection, mail_switches, values, values))


def _from_row(row: RowMapping) -> MailTemplate:
    return MailTemplate(row["kind"], row["language"], row["subject"], tuple(row["paragraphs"]))
