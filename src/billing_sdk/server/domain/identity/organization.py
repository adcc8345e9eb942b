"""Organizations and who belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Organization:
    """A company or group; `code` starts with `org_`. Everybody without one of their own is in the default one."""

    code: str
    name: str
    created_at: datetime
    handle: str | None = None
    external_id: str | None = None
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """A user's place in an organization, with the keys of the roles held there."""

    org_code: str
    user_id: str
    role_keys: tuple[str, ...] = ()
