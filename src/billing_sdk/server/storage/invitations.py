"""Invitations into organizations, found by the digest of their key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.identity import Invitation
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.identity import invitations


class InvitationRepository:
    """Keeps invitations that are neither accepted nor withdrawn, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, invitation: Invitation) -> None:
        """Store a new invitation."""
        self._connection.execute(insert(invitations).values(row_of(invitation)))

    def save(self, invitation: Invitation) -> None:
        """Store an invitation that was sent again."""
        named = invitations.c.id == invitation.id
        self._connection.execute(update(invitations).where(named).values(row_of(invitation)))

    def take(self, key_hash: str) -> Invitation | None:
        """Remove an invitation and return it: of many who accept at once, exactly one gets it."""
        taken = delete(invitations).where(invitations.c.key_hash == key_hash).returning(*invitations.c)
        return self._first(taken)

    def remove(self, invitation_id: str) -> None:
        """Forget an invitation."""
        self._connection.execute(delete(invitations).where(invitations.c.id == invitation_id))

    def remove_from(self, org_code: str, *, inviter_id: str) -> None:
        """Forget the invitations into an organization that somebody has sent."""
        sent = (invitations.c.org_code == org_code) & (invitations.c.inviter_id == inviter_id)
        self._connection.execute(delete(invitations).where(sent))

    def get_of(self, org_code: str, invitation_id: str) -> Invitation:
        """Return an invitation into an organization.

        Raises:
            NotFound: the organization has no such invitation.
        """
        found = self._find((invitations.c.id == invitation_id) & (invitations.c.org_code == org_code))
        if found is None:
            raise NotFound(f"there is no invitation {invitation_id[:64]!r}")
        return found

    def find_by_key(self, key_hash: str) -> Invitation | None:
        """Return the invitation that a key opens, without using it up."""
        return self._find(invitations.c.key_hash == key_hash)

    def find_by_email(self, org_code: str, email: str) -> Invitation | None:
        """Return the invitation that an organization has sent to an address."""
        return self._find((invitations.c.org_code == org_code) & (invitations.c.email == email))

    def of_organization(self, org_code: str, *, limit: int) -> tuple[Invitation, ...]:
        """Return the newest invitations into an organization."""
        query = select(invitations).where(invitations.c.org_code == org_code).order_by(invitations.c.id.desc())
        return tuple(_from_row(row) for row in self._connection.execute(query.limit(limit)).mappings())

    def count_of(self, org_code: str) -> int:
        """Return how many invitations into an organization are waiting."""
        ids = self._connection.execute(select(invitations.c.id).where(invitations.c.org_code == org_code))
        return len(ids.all())

    def _find(self, condition: ColumnElement[bool]) -> Invitation | None:
        return self._first(select(invitations).where(condition))

    def _first(self, statement: Any) -> Invitation | None:
        row = self._connection.execute(statement).mappings().first()
        return None if row is None else _from_row(row)


def _from_row(row: RowMapping) -> Invitation:
    return Invitation(**{**row, "role_keys": tuple(row["role_keys"])})
