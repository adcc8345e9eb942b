"""Roles and permissions."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import ColumnElement, Connection, insert, select

from billing_sdk.server.domain.identity import Permission, Role
from billing_sdk.server.storage.tables.identity import member_roles, permissions, role_permissions, roles


class RoleRepository:
    """Keeps roles and permissions, in the transaction of its connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_permission(self, permission: Permission) -> None:
        """Store a new permission."""
        self._connection.execute(insert(permissions).values(id=permission.id, key=permission.key, name=permission.name))

    def add(self, role: Role) -> None:
        """Store a new role with the permissions that it names, which exist already."""
        self._connection.execute(
            insert(roles).values(id=role.id, key=role.key, name=role.name, is_creator=role.is_creator)
        )
        granted = select(permissions.c.id).where(permissions.c.key.in_(role.permission_keys))
        for permission_id in self._connection.execute(granted).scalars().all():
            self._connection.execute(insert(role_permissions).values(role_id=role.id, permission_id=permission_id))

    def find(self, key: str) -> Role | None:
        """Return a role, if there is one with this key."""
        return next(iter(self._list(roles.c.key == key)), None)

    def list(self) -> tuple[Role, ...]:
        """Return all roles."""
        return self._list(roles.c.id.is_not(None))

    def of_creators(self) -> tuple[Role, ...]:
        """Return the roles that whoever creates an organization gets."""
        return self._list(roles.c.is_creator)

    def of_member(self, org_code: str, user_id: str) -> tuple[Role, ...]:
        """Return the roles that a person holds in an organization."""
        held = select(member_roles.c.role_id).where(
            member_roles.c.org_code == org_code, member_roles.c.user_id == user_id
        )
        return self._list(roles.c.id.in_(held))

    def list_permissions(self) -> tuple[Permission, ...]:
        """Return all permissions, in the order of their keys."""
        query = select(permissions).order_by(permissions.c.key)
        return tuple(Permission(**row) for row in self._connection.execute(query).mappings())

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
