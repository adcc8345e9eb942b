"""Roles and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, select, true

from billing_sdk.server.domain.identity import Permission, Role
from billing_sdk.server.storage.tables.identity import member_roles, permissions, role_permissions, roles


class RoleRepository:
    """Reads roles and permissions, in the transaction of its connection; both come with the schema."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Role, ...]:
        """Return every role, in the order of the keys."""
        return self._list(true())

    def of_creators(self) -> tuple[Role, ...]:
        """Return the roles that whoever creates an organization gets."""
        return self._list(roles.c.is_creator)

    def of_member(self, org_code: str, user_id: str) -> tuple[Role, ...]:
        """Return the roles that a person holds in an organization."""
        held = select(member_roles.c.role_id).where(
            member_roles.c.org_code == org_code, member_roles.c.user_id == user_id
        )
        return self._list(roles.c.id.in_(held))

    def names_of_members(self, org_code: str, user_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the names of the roles of some members of an organization, in the order of the keys."""
        query = (
            select(member_roles.c.user_id, roles.c.name)
            .select_from(member_roles.join(roles, roles.c.id == member_roles.c.role_id))
            .where(member_roles.c.org_code == org_code, member_roles.c.user_id.in_(user_ids))
            .order_by(roles.c.key)
        )
        found: dict[str, list[str]] = defaultdict(list)
        for user_id, name in self._connection.execute(query):
            found[user_id].append(name)
        return {user_id: tuple(names) for user_id, names in found.items()}

    def permissions_of_member(self, org_code: str, user_id: str) -> tuple[Permission, ...]:
        """Return what the roles of a person in an organization allow together, each once, in the order of keys."""
        joined = role_permissions.join(member_roles, member_roles.c.role_id == role_permissions.c.role_id)
        granted = (
            select(role_permissions.c.permission_id)
            .select_from(joined)
            .where(member_roles.c.org_code == org_code, member_roles.c.user_id == user_id)
        )
        query = select(permissions).where(permissions.c.id.in_(granted)).order_by(permissions.c.key)
        return tuple(Permission(**row) for row in self._connection.execute(query).mappings())

    def _list(self, condition: ColumnElement[bool]) -> tuple[Role, ...]:
        joined = roles.outerjoin(role_permissions, role_permissions.c.role_id == roles.c.id).outerjoin(
            permissions, permissions.c.id == role_permissions.c.permission_id
        )
        query = (
            select(roles, permissions.c.key.label("permission_key"))
            .select_from(joined)
            .where(condition)
            .order_by(roles.c.key, permissions.c.key)
        )
        keys: dict[tuple[str, str, str, bool], list[str]] = defaultdict(list)
        for role_id, key, name, is_creator, permission_key in self._connection.execute(query):
            keys[role_id, key, name, is_creator].extend(() if permission_key is None else (permission_key,))
        return tuple(
            Role(id=role_id, key=key, name=name, permission_keys=tuple(granted), is_creator=is_creator)
            for (role_id, key, name, is_creator), granted in keys.items()
        )
