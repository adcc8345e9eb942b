"""Links that are mailed to somebody who is to prove that an e-mail address is theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

AccountLinkKind = Literal["confirm_email", "set_password"]

LASTS: Final[dict[AccountLinkKind, timedelta]] = {
    "confirm_email": timedelta(hours=24),
    "set_password": timedelta(hours=1),
}


@dataclass(frozen=True, slots=True)
class AccountLink:
    """What lets whoever reads the mail of an address do one thing about one account, once, until `expires_at`.

    An account has one of each kind; another one ends the one before.

    Attributes:
        id: starts with `accountlink_`.
        email: where the link was sent: the address that the account is to get, or the one that it has.
        key_hash: of what the link in the mail holds.
    """

    id: str
    user_id: str
    kind: AccountLinkKind
    email: str
    key_hash: str = field(repr=False)
    created_at: datetime
    expires_at: datetime

    def is_open(self, at: datetime) -> bool:
        """Whether it can still be used."""
        return at < self.expires_at
