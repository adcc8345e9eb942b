"""Roles and permissions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, delete, func, insert, literal, select, true

from billing_sdk.errors import NotFound
from billing_sdk.server.domain.identity import Permission, Role
from billing_sdk.server.storage.rows import row_of
from billing_sdk.server.storage.tables.identity import member_roles, permissions, role_permissions, roles
from billing_sdk.server.storage.upsert import upsert


class RoleRepository:
    """Keeps roles and permissions, in the transaction of its connection; the first of both come with the schema."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Role, ...]:
        """Return every role, in the order of the keys."""
        return self._list(true())

    def get(self, role_id: str) -> Role:
        """Return a role.

        Raises:
            NotFound: there is none with this id.
        """
        found = self._list(roles.c.id == role_id)
        if not found:
            raise NotFound(f"there is no role {role_id[:64]!r}")
        return found[0]

    def lock(self, role_id: str) -> Role:
        """Return a role, which nobody else changes before the transaction ends.

        Raises:
            NotFound: there is none with this id.
        """
        self._connection.execute(select(roles.c.id).where(roles.c.id == role_id).with_for_update())
        return self.get(role_id)

    def save(self, role: Role) -> None:
        """Store a new or changed role with what it allows."""
        values = {"id": role.id, "key": role.key, "name": role.name, "is_creator": role.is_creator}
        self._connection.execute(upsert(self._connection, roles, values, values))
        self._connection.execute(delete(role_permissions).where(role_permissions.c.role_id == role.id))
        held = select(literal(role.id), permissions.c.id).where(permissions.c.key.in_(role.permission_keys))
        self._connection.execute(insert(role_permissions).from_select(["role_id", "permission_id"], held))

    def remove(self, role_id: str) -> None:
        """Take a role away, from everybody who holds it as well."""
        self._connection.execute(delete(roles).where(roles.c.id == role_id))

    def holders(self, role_id: str, most: int) -> int:
        """Return how many members hold a role; counting stops at a bound."""
        held = select(member_roles.c.user_id).where(member_roles.c.role_id == role_id).limit(most).subquery()
        return self._connection.execute(select(func.count()).select_from(held)).scalar_one()

    def permissions(self) -> tuple[Permission, ...]:
        """Return every permission, in the order of the keys."""
        rows = self._connection.execute(select(permissions).order_by(permissions.c.key)).mappings()
        return tuple(Permission(**row) for row in rows)

    def get_permission(self, permission_id: str) -> Permission:
        """Return a permission.

        Raises:
            NotFound: there is none with this id.
        """
        query = select(permissions).where(permissions.c.id == permission_id)
        row = self._connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(f"there is no permission {permission_id[:64]!r}")
        return Permission(**row)

    def add_permission(self, permission: Permission) -> None:
        """Store a new permission."""
        self._connection.execute(insert(permissions), row_of(permission))

    def remove_permission(self, permission_id: str) -> None:
        """Take a permission away, from every role that holds it as well."""
        self._connection.execute(delete(permissions).where(permissions.c.id == permission_id))

    def of_creators(self) -> tuple[Role, ...]:
        """Return the roles that whoever creates an organization gets."""
        return self._list(roles.c.is_creator)

    def lock_of_creators(self) -> None:
        """Let nobody else take one of the roles of creators away before the transaction ends."""
        self._connection.execute(select(roles.c.id).where(roles.c.is_creator).order_by(roles.c.id).with_for_update())

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
