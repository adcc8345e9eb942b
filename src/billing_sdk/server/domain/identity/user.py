"""A person with an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person; `id` starts with `kp_`, `email` is in lower case and unique."""

    id: str
    email: str
    given_name: str
    family_name: str
    created_at: datetime
    updated_at: datetime
    picture: str | None = None
    provided_id: str | None = None
    is_suspended: bool = False

    @property
    def name(self) -> str:
        """The full name, or the e-mail address where no name is known."""
        return f"{self.given_name} {self.family_name}".strip() or self.email
