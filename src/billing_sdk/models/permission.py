"""Permissions and roles of a signed-in user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class Permission:
    """Something that a user may do in an organization."""

    id: str
    key: str
    name: str = ""

    @classmethod
    def read(cls, data: Any) -> Permission:
        """Read one permission."""
        document = Document(data, "permission")
        return cls(document.text("id"), document.text("key"), document.text_or_none("name") or "")


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions."""

    id: str
    key: str
    name: str = ""

    @classmethod
    def read(cls, data: Any) -> Role:
        """Read one role."""
        document = Document(data, "role")
        return cls(document.text("id"), document.text("key"), document.text_or_none("name") or "")
