"""Organizations, and who belongs to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from billing_sdk.errors import Conflict, NotFound
from billing_sdk.server.domain.identity import Membership, Organization
from billing_sdk.server.storage.paging import FIRST_PAGE, Page, PageRequest, read_page
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.search import file_organization, forget
from billing_sdk.server.storage.tables.identity import (
    member_roles,
    memberships,
    organizations,
    permissions,
    role_permissions,
    roles,
)


class OrganizationRepository:
    """Keeps organizations and memberships, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, organization: Organization) -> None:
        """Store a new organization.

        Raises:
            Conflict: another one has the handle.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(organizations).values(row_of(organization)))
        except IntegrityError:
            raise Conflict(f"an organization with the handle {organization.handle!r} exists") from None
        file_organization(self._connection, organization)

    def save(self, organization: Organization) -> None:
        """Store an organization that has changed.

        Raises:
            Conflict: another one has the handle.
        """
        changed = update(organizations).where(organizations.c.code == organization.code)
        try:
            with self._connection.begin_nested():
                self._connection.execute(changed.values(row_of(organization)))
        except IntegrityError:
            raise Conflict(f"an organization with the handle {organization.handle!r} exists") from None
        file_organization(self._connection, organization)

    def remove(self, code: str) -> None:
        """Forget an organization and its memberships."""
        self._connection.execute(delete(organizations).where(organizations.c.code == code))
        forget(self._connection, "organization", code)

    def get(self, code: str) -> Organization:
        """Return an organization.

        Raises:
            NotFound: there is no such organization.
        """
        organization = self.find(code)
        if organization is None:
            raise NotFound(f"there is no organization {code[:64]!r}")
        return organization

    def lock(self, code: str) -> Organization:
        """Return an organization that nobody else changes until this transaction ends.

        Raises:
            NotFound: there is no such organization.
        """
        # The weaker kind, so that rows which refer to it can be written meanwhile.
        held = select(organizations.c.code).where(organizations.c.code == code).with_for_update(key_share=True)
        self._connection.execute(held)
        return self.get(code)

    def find(self, code: str) -> Organization | None:
        """Return an organization, if there is one with this code."""
        return self._find(organizations.c.code == code)

    def get_default(self) -> Organization:
        """Return the organization of everybody who has none of their own; it comes with the schema."""
        row = self._connection.execute(select(organizations).where(organizations.c.is_default)).mappings().one()
        return _from_row(row)

    def list(self, wanted: PageRequest = FIRST_PAGE) -> Page[Organization]:
        """Return a page of organizations, in the order of their codes."""
        return read_page(self._connection, select(organizations), organizations.c.code, wanted, _from_row)

    def of_user(self, user_id: str) -> tuple[Organization, ...]:
        """Return the organizations that a person belongs to: their own first, the default one last."""
        joined = organizations.join(memberships, memberships.c.org_code == organizations.c.code)
        query = (
            select(organizations)
            .select_from(joined)
            .where(memberships.c.user_id == user_id)
            .order_by(organizations.c.is_default, memberships.c.created_at, organizations.c.code)
        )
        return tuple(_from_row(row) for row in self._connection.execute(query).mappings())

    def add_member(self, org_code: str, user_id: str, *, at: datetime, role_keys: Sequence[str] = ()) -> None:
        """Let a person belong to an organization; who does already stays, and gets the roles as well."""
        if self.find_membership(org_code, user_id) is None:
            self._connection.execute(insert(memberships).values(org_code=org_code, user_id=user_id, created_at=at))
        held = select(member_roles.c.role_id).where(
            member_roles.c.org_code == org_code, member_roles.c.user_id == user_id
        )
        wanted = select(roles.c.id).where(roles.c.key.in_(role_keys), roles.c.id.not_in(held))
        for role_id in self._connection.execute(wanted).scalars().all():
            self._connection.execute(insert(member_roles).values(org_code=org_code, user_id=user_id, role_id=role_id))

    def set_roles(self, org_code: str, user_id: str, role_keys: Sequence[str]) -> None:
        """Let a member have these roles, and no others."""
        theirs = (member_roles.c.org_code == org_code, member_roles.c.user_id == user_id)
        self._connection.execute(delete(member_roles).where(*theirs))
        wanted = select(roles.c.id).where(roles.c.key.in_(role_keys))
        for role_id in self._connection.execute(wanted).scalars().all():
            self._connection.execute(insert(member_roles).values(org_code=org_code, user_id=user_id, role_id=role_id))

    def permissions_of_others(self, org_code: str, user_id: str) -> tuple[frozenset[str], ...]:
        """Return what each member but one may do, by the keys of the permissions; who may do nothing is not told of."""
        joined = member_roles.join(role_permissions, role_permissions.c.role_id == member_roles.c.role_id).join(
            permissions, permissions.c.id == role_permissions.c.permission_id
        )
        query = (
            select(member_roles.c.user_id, permissions.c.key)
            .select_from(joined)
            .where(member_roles.c.org_code == org_code, member_roles.c.user_id != user_id)
        )
        held: dict[str, set[str]] = defaultdict(set)
        for other_id, key in self._connection.execute(query):
            held[other_id].add(key)
        return tuple(frozenset(keys) for keys in held.values())

    def remove_member(self, org_code: str, user_id: str) -> None:
        """End a membership and the roles that came with it."""
        for table in (member_roles, memberships):
            self._connection.execute(delete(table).where(table.c.org_code == org_code, table.c.user_id == user_id))

    def find_membership(self, org_code: str, user_id: str) -> Membership | None:
        """Return a person's place in an organization, if they have one."""
        return next((found for found in self.memberships_of(user_id) if found.org_code == org_code), None)

    def roles_of(self, org_code: str, user_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the keys of the roles that members hold, by their ids; who holds none is left out."""
        query = (
            select(member_roles.c.user_id, roles.c.key)
            .join(roles, roles.c.id == member_roles.c.role_id)
            .where(member_roles.c.org_code == org_code, member_roles.c.user_id.in_(user_ids))
            .order_by(member_roles.c.user_id, roles.c.key)
        )
        found: dict[str, tuple[str, ...]] = {}
        for user_id, key in self._connection.execute(query):
            found[user_id] = (*found.get(user_id, ()), key)
        return found

    def memberships_of(self, user_id: str) -> tuple[Membership, ...]:
        """Return all the places that a person has, with the keys of the roles held there."""
        joined = memberships.outerjoin(
            member_roles,
            (member_roles.c.org_code == memberships.c.org_code) & (member_roles.c.user_id == memberships.c.user_id),
        ).outerjoin(roles, roles.c.id == member_roles.c.role_id)
        query = (
            select(memberships.c.org_code, roles.c.key)
            .select_from(joined)
            .where(memberships.c.user_id == user_id)
            .order_by(memberships.c.created_at, memberships.c.org_code, roles.c.key)
        )
        role_keys: dict[str, list[str]] = defaultdict(list)
        for org_code, key in self._connection.execute(query):
            role_keys[org_code].extend(() if key is None else (key,))
        return tuple(Membership(org_code, user_id, tuple(keys)) for org_code, keys in role_keys.items())

    def _find(self, condition: ColumnElement[bool]) -> Organization | None:
        row = self._connection.execute(select(organizations).where(condition)).mappings().first()
        return None if row is None else _from_row(row)


def _from_row(row: RowMapping) -> Organization:
    return Organization(**row)
