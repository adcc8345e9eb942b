"""People, and how they prove who they are."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import EmailTaken, NotFound
from billing_sdk.server.domain.identity import User
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_user, forget
from billing_sdk.server.storage.tables.identity import memberships, passwords, users
from billing_sdk.server.storage.upsert import upsert

BY_ID = select(users).where(users.c.id == bindparam("wanted"))


class UserRepository:
    """Keeps people, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, user: User, *, password_hash: str | None = None) -> None:
        """Store a new person; without a password nobody can sign in with one.

        Raises:
            EmailTaken: somebody has the e-mail address.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(users).values(row_of(user)))
        except IntegrityError:
            raise EmailTaken(f"an account with {user.email} exists") from None
        file_user(self._connection, user)
        if password_hash is not None:
            self.set_password(user.id, password_hash)

    def save(self, user: User) -> None:
        """Store a person who has changed.

        Raises:
            EmailTaken: somebody else has the e-mail address.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(update(users).where(users.c.id == user.id).values(row_of(user)))
        except IntegrityError:
            raise EmailTaken(f"an account with {user.email} exists") from None
        file_user(self._connection, user)

    def remove(self, user_id: str) -> None:
        """Forget a person, with the memberships, sessions and passwords."""
        self._connection.execute(delete(users).where(users.c.id == user_id))
        forget(self._connection, "user", user_id)

    def get(self, user_id: str) -> User:
        """Return a person.

        Raises:
            NotFound: there is no such person.
        """
        user = self.find(user_id)
        if user is None:
            raise NotFound(f"there is no user {user_id[:64]!r}")
        return user

    def lock(self, user_id: str) -> User:
        """Return a person that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such person.
        """
        # The weaker kind, so that rows which refer to it can be written meanwhile.
        held = select(users.c.id).where(users.c.id == user_id).with_for_update(key_share=True)
        self._connection.execute(held)
        return self.get(user_id)

    def find(self, user_id: str) -> User | None:
        """Return a person, if there is one with this id."""
        row = self._connection.execute(BY_ID, {"wanted": user_id}).mappings().first()
        return None if row is None else _from_row(row)

    def emails_of(self, user_ids: Collection[str]) -> dict[str, str]:
        """Return the addresses of some people by their ids."""
        query = select(users.c.id, users.c.email).where(users.c.id.in_(user_ids))
        return {row.id: row.email for row in self._connection.execute(query)}

    def find_by_email(self, email: str) -> User | None:
        """Return whoever has an e-mail address, in whatever case it is given."""
        return self._find(users.c.email == email.lower())

    def list(
        self, wanted: PageRequest = FIRST_PAGE, *, org_code: str | None = None, email: str | None = None
    ) -> Page[User]:
        """Return a page of people in the order of their ids: all of them, or the members of one organization."""
        query = select(users)
        if org_code is not None:
            members = select(memberships.c.user_id).where(memberships.c.org_code == org_code)
            query = query.where(users.c.id.in_(members))
        if email is not None:
            query = query.where(users.c.email == email.lower())
        return read_page(self._connection, query, users.c.id, wanted, _from_row)

    def set_password(self, user_id: str, password_hash: str) -> None:
        """Store the hash that a password is checked against from now on."""
        values = {"user_id": user_id, "hash": password_hash}
        self._connection.execute(upsert(self._connection, passwords, values, {"hash": password_hash}))

    def find_password_hash(self, user_id: str) -> str | None:
        """Return the hash to check a password against."""
        found = select(passwords.c.hash).where(passwords.c.user_id == user_id)
        return self._connection.execute(found).scalar()

    def _find(self, condition: ColumnElement[bool]) -> User | None:
        row = self._connection.execute(select(users).where(condition)).mappings().first()
        return None if row is None else _from_row(row)


def _from_row(row: RowMapping) -> User:
    return User(**row)
