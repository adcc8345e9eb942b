"""A person with an account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class User:
    """A person; `id` starts with `kp_`, `email` is in lower case and unique.

    Attributes:
        standard_claims: more that is known about the person, such as an address or a phone number, by the names and in
            the shapes of OpenID Connect Core 1.0, section 5.1.
    """

    id: str
    email: str
    given_name: str
    family_name: str
    created_at: datetime
    updated_at: datetime
    picture: str | None = None
    provided_id: str | None = None
    is_suspended: bool = False
    standard_claims: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The full name, or the e-mail address where no name is known."""
        return f"{self.given_name} {self.family_name}".strip() or self.email
