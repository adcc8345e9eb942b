"""Roles and permissions: make them, change them, and say which go to whoever creates an organization."""

from __future__ import annotations

import re
from collections.abc import Collection

from billing_sdk.errors import Conflict, DuplicateKey, InvalidRequest
from billing_sdk.server.domain.catalog.labels import checked_name
from billing_sdk.server.domain.identity import WRITE_BILLING, Permission, Role
from billing_sdk.server.ids import new_id
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.versions import check_version

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}", re.ASCII)


def create_permission(engine: Engine, *, key: str, name: str, actor: str = "operator") -> Permission:
    """Make a permission, which roles can hold and tokens then carry.

    Raises:
        InvalidRequest: key or name is none.
        DuplicateKey: a permission has this key.
    """
    permission = Permission(new_id("perm"), _checked_key(key), checked_name(name))
    with engine.begin() as tx:
        if any(one.key == key for one in tx.roles.permissions()):
            raise DuplicateKey(f"there is a permission {key!r} already")
        tx.roles.add_permission(permission)
        tx.audit.record(actor, "permission.create", permission.id, engine.now(), after=permission)
    return permission


def delete_permission(engine: Engine, permission_id: str, *, actor: str = "operator") -> None:
    """Take a permission away, from every role that holds it as well.

    Raises:
        NotFound: there is no such permission.
        Conflict: it is the one that lets members manage what an organization pays.
    """
    with engine.begin() as tx:
        before = tx.roles.get_permission(permission_id)
        if before.key == WRITE_BILLING:
            raise Conflict(f"the portal asks for {WRITE_BILLING!r}", remedy="Take it out of roles instead.")
        tx.roles.remove_permission(permission_id)
        tx.audit.record(actor, "permission.delete", permission_id, engine.now(), before=before)


def create_role(
    engine: Engine,
    *,
    key: str,
    name: str,
    permission_keys: Collection[str] = (),
    is_creator: bool = False,
    actor: str = "operator",
) -> Role:
    """Make a role.

    Args:
        engine: the engine.
        key: what code calls it.
        name: what people call it.
        permission_keys: what it allows.
        is_creator: whoever creates an organization from now on gets it there.
        actor: who makes it, as the audit names them.

    Raises:
        InvalidRequest: key or name is none, or there is no such permission.
        DuplicateKey: a role has this key.
    """
    _checked_key(key)
    with engine.begin() as tx:
        if any(one.key == key for one in tx.roles.all()):
            raise DuplicateKey(f"there is a role {key!r} already")
        role = Role(new_id("role"), key, checked_name(name), _known(tx, permission_keys), is_creator)
        tx.roles.save(role)
        tx.audit.record(actor, "role.create", role.id, engine.now(), after=role)
    return role


def update_role(
    engine: Engine,
    role_id: str,
    *,
    name: str,
    permission_keys: Collection[str],
    is_creator: bool,
    versions: Collection[str] | None = None,
    actor: str = "operator",
) -> Role:
    """Put a name, permissions, and whether creators get it, in place of what a role says; its holders notice at once.

    Raises:
        NotFound: there is no such role.
        PreconditionFailed: it is in none of the versions (`version_of`) that the caller knows.
        InvalidRequest: the name is none, or there is no such permission.
        Conflict: it is the only one that creators of organizations get, and they would get it no more.
    """
    with engine.begin() as tx:
        if not is_creator:
            tx.roles.lock_of_creators()
        before = tx.roles.lock(role_id)
        check_version(before, versions)
        if not is_creator:
            _check_not_last_of_creators(tx, before)
        role = Role(before.id, before.key, checked_name(name), _known(tx, permission_keys), is_creator)
        if role != before:
            tx.roles.save(role)
            tx.audit.record(actor, "role.update", role.id, engine.now(), before=before, after=role)
    return role


def delete_role(engine: Engine, role_id: str, *, actor: str = "operator") -> None:
    """Take a role away from everybody who holds it.

    Raises:
        NotFound: there is no such role.
        Conflict: it is the only one that creators of organizations get.
    """
    with engine.begin() as tx:
        tx.roles.lock_of_creators()
        before = tx.roles.lock(role_id)
        _check_not_last_of_creators(tx, before)
        tx.roles.remove(role_id)
        tx.audit.record(actor, "role.delete", role_id, engine.now(), before=before)


def may_creators_choose(roles: Collection[Role]) -> bool:
    """Tell whether some role lets whoever creates an organization choose its plan."""
    return any(role.is_creator and WRITE_BILLING in role.permission_keys for role in roles)


def _check_not_last_of_creators(tx: UnitOfWork, role: Role) -> None:
    """Hold a role that is about to go from creators; nobody could pay for a new organization without any."""
    if role.is_creator and len(tx.roles.of_creators()) == 1:
        raise Conflict(
            "whoever creates an organization would get no role", remedy="Let creators get another role first."
        )


def _known(tx: UnitOfWork, keys: Collection[str]) -> tuple[str, ...]:
    unknown = sorted(set(keys) - {one.key for one in tx.roles.permissions()})
    if unknown:
        raise InvalidRequest(f"there is no permission {unknown[0][:64]!r}", parameter="permission_keys")
    return tuple(sorted(set(keys)))


def _checked_key(key: str) -> str:
    if not KEY.fullmatch(key):
        raise InvalidRequest("a key has letters, digits and '_.:-', a letter or digit first", parameter="key")
    return key
