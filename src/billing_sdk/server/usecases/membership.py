"""Who belongs to an organization, as those see and change it who manage its members."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import Conflict, Forbidden, InvalidRequest, NotFound
from billing_sdk.server.domain.events import EventSource
from billing_sdk.server.domain.identity import WRITE_MEMBERS, Role, User, left_to_nobody, may_hand_out
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases import event_data


def require_manager(tx: UnitOfWork, org_code: str, manager_id: str) -> frozenset[str]:
    """Return what somebody may do who manages the members of an organization, which nobody else changes meanwhile.

    Raises:
        NotFound: there is no such organization, or it is the one of everybody without one.
        Forbidden: they do not manage its members.
    """
    if tx.organizations.lock(org_code).is_default:
        raise NotFound(f"there is no organization {org_code[:64]!r}")
    held = held_by(tx, org_code, manager_id)
    if WRITE_MEMBERS not in held:
        raise Forbidden(
            f"only members with the permission {WRITE_MEMBERS} manage the members",
            remedy="Ask somebody who manages the organization's members.",
            permission=WRITE_MEMBERS,
        )
    return held


@dataclass(frozen=True, slots=True)
class Holding:
    """Which roles somebody holds in an organization, by their keys in order."""

    org_code: str
    user_id: str
    role_keys: tuple[str, ...]


def held_in(tx: UnitOfWork, org_code: str, user_id: str) -> Holding:
    """Return which roles somebody holds in an organization."""
    return Holding(org_code, user_id, tuple(sorted(role.key for role in tx.roles.of_member(org_code, user_id))))


def held_by(tx: UnitOfWork, org_code: str, user_id: str) -> frozenset[str]:
    """Return the keys of what somebody may do in an organization."""
    return frozenset(permission.key for permission in tx.roles.permissions_of_member(org_code, user_id))


def roles_to_hand_out(tx: UnitOfWork, held: Collection[str]) -> tuple[Role, ...]:
    """Return the roles that somebody with permissions may give."""
    return tuple(role for role in tx.roles.all() if may_hand_out(role, held))


def check_roles(tx: UnitOfWork, held: Collection[str], keys: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of roles, each once, that somebody with permissions may give.

    Raises:
        InvalidRequest: there is no such role.
        Forbidden: one of them allows more than they may do themselves.
    """
    wanted = tuple(dict.fromkeys(keys))
    known = {role.key: role for role in tx.roles.all()}
    for key in wanted:
        if key not in known:
            raise InvalidRequest(f"there is no role {key[:64]!r}", parameter="roles")
        _require_may_hand_out(known[key], held)
    return wanted


def change_roles(tx: UnitOfWork, org_code: str, user_id: str, held: Collection[str], keys: Sequence[str]) -> bool:
    """Give a member these roles and no others; tell whether anything has changed.

    Raises:
        NotFound: they do not belong to the organization.
        InvalidRequest, Forbidden: as `check_roles`, also of roles that are taken away.
        Conflict: nobody would manage the members, or what the organization pays, any more.
    """
    require_member(tx, org_code, user_id)
    before = {role.key: role for role in tx.roles.of_member(org_code, user_id)}
    wanted = check_roles(tx, held, [key for key in keys if key not in before])
    kept = tuple(key for key in before if key in keys)
    for key, role in before.items():
        if key not in kept:
            _require_may_hand_out(role, held)
    if not wanted and len(kept) == len(before):
        return False
    lost = held_by(tx, org_code, user_id)
    tx.organizations.set_roles(org_code, user_id, (*kept, *wanted))
    require_somebody_left(tx, org_code, lost - held_by(tx, org_code, user_id), besides=user_id)
    return True


def require_member(tx: UnitOfWork, org_code: str, user_id: str) -> User:
    """Return a member of an organization.

    Raises:
        NotFound: they do not belong to it.
    """
    if tx.organizations.find_membership(org_code, user_id) is None:
        raise NotFound("this is no member of the organization", remedy="Choose one from the list.")
    return tx.users.get(user_id)


def require_somebody_left(tx: UnitOfWork, org_code: str, lost: Collection[str], *, besides: str) -> None:
    """Let it pass that somebody may do less, as long as another member still may.

    Raises:
        Conflict: nobody else may manage the members, or what the organization pays.
    """
    others = tx.organizations.permissions_of_others(org_code, besides)
    if missing := left_to_nobody(others, lost):
        raise Conflict(
            f"nobody else in the organization has the permission {min(missing)}",
            remedy="Give another member a role with the same permissions first.",
            permission=min(missing),
        )


def announce_member(tx: UnitOfWork, user: User, *, source: EventSource = "user", at: datetime) -> None:
    """Tell receivers of events which organizations somebody belongs to now."""
    codes = tuple(organization.code for organization in tx.organizations.of_user(user.id))
    tx.outbox.announce(type="user.updated", data=event_data.of_user(user, codes), source=source, at=at)


def _require_may_hand_out(role: Role, held: Collection[str]) -> None:
    if not may_hand_out(role, held):
        raise Forbidden(
            f"the role {role.name} allows more than you may do yourself",
            remedy="Ask somebody who has that role.",
            role=role.key,
        )
