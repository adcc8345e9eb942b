"""Users, as far as billing needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account."""

    id: str
    email: str | None = None
    given_name: str | None = None
    family_name: str | None = None
    provided_id: str | None = None
    is_suspended: bool = False
    billing_customer_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> User:
        """Read one user; lists say `email` and `first_name`, single answers `preferred_email` and `given_name`."""
        document = Document(data, "user")
        billing = document.object_or_none("billing")
        return cls(
            id=document.text("id"),
            email=document.text_or_none("email", "preferred_email"),
            given_name=document.text_or_none("given_name", "first_name"),
            family_name=document.text_or_none("family_name", "last_name"),
            provided_id=document.text_or_none("provided_id"),
            is_suspended=document.flag("is_suspended"),
            billing_customer_id=billing.text_or_none("customer_id") if billing else None,
        )


@dataclass(frozen=True, slots=True)
class CreatedUser:
    """The id of a user; `is_new` is false if the identity had an account before."""

    id: str
    is_new: bool

    @classmethod
    def read(cls, data: Any) -> CreatedUser:
        """Read the answer to a creation."""
        document = Document(data, "created user")
        return cls(document.text("id"), document.flag("created"))
