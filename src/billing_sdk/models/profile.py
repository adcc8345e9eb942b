"""A person as the provider's userinfo endpoint tells (OpenID Connect Core, section 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class Profile:
    """What the provider tells of a signed-in person; how much depends on the scopes of the sign-in.

    Attributes:
        sub: the user's id.
        raw: everything that was told, members without an attribute included.
    """

    sub: str
    email: str | None = None
    is_email_verified: bool = False
    name: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    picture: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, data: Any) -> Profile:
        """Read the answer; raises `UnsafeAnswer` if a member is missing or of the wrong type."""
        document = Document(data, "profile")
        return cls(
            sub=document.text("sub"),
            email=document.text_or_none("email"),
            is_email_verified=document.flag("email_verified"),
            name=document.text_or_none("name"),
            given_name=document.text_or_none("given_name"),
            family_name=document.text_or_none("family_name"),
            picture=document.text_or_none("picture"),
            raw=document.members,
        )
