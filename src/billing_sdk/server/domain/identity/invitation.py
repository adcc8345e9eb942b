"""Invitations into an organization, and who may give which role."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from billing_sdk.server.domain.identity.permission import SYSTEM_PERMISSIONS, Role

LASTS: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What lets whoever has an e-mail address join an organization, once, until `expires_at`.

    It is there until it is accepted or withdrawn. The audit keeps what became of it.

    Attributes:
        id: starts with `invitation_`.
        email: in lower case; an organization has one invitation for each address.
        role_keys: the roles that come with the membership.
        inviter_id: who has invited.
        key_hash: of what the link in the mail holds; sent again, it is another one.
        sent_at: when the mail that counts was sent.
    """

    id: str
    org_code: str
    email: str
    role_keys: tuple[str, ...]
    inviter_id: str
    key_hash: str = field(repr=False)
    created_at: datetime
    sent_at: datetime
    expires_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Whether it can be accepted."""
        return at < self.expires_at


def may_hand_out(role: Role, held: Collection[str]) -> bool:
    """Tell whether somebody with permissions may give a role, or take it away: nobody passes on more than they have."""
    return set(role.permission_keys) <= set(held)


def left_to_nobody(permissions_of_others: Iterable[Collection[str]], lost: Collection[str]) -> frozenset[str]:
    """Return the system permissions that nobody in an organization would have any more.

    Args:
        permissions_of_others: what each of the other members may do.
        lost: what somebody may do now, and no more afterwards.
    """
    kept: set[str] = set()
    for held in permissions_of_others:
        kept.update(held)
    return frozenset(key for key in lost if key in SYSTEM_PERMISSIONS and key not in kept)
