"""What members of an organization may do."""

from __future__ import annotations

from dataclasses import dataclass

# The system permission that lets a member manage what the organization pays.
WRITE_BILLING = "org:write:billing"
# The one that lets a member invite others, and say what they may do.
WRITE_MEMBERS = "org:write:members"
# Somebody in an organization keeps them: else nobody could give them to anybody any more.
SYSTEM_PERMISSIONS = frozenset({WRITE_BILLING, WRITE_MEMBERS})


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that can be allowed; `id` starts with `perm_`, tokens carry the `key`."""

    id: str
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions; with `is_creator` it goes to whoever creates an organization."""

    id: str
    key: str
    name: str
    permission_keys: tuple[str, ...] = ()
    is_creator: bool = False
