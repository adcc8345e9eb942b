"""Permissions and roles of a signed-in user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from billing_sdk._operation import C, Call, Flow, Resource, operation
from billing_sdk.models import Document, Permission, Role
from billing_sdk.resources._base import ACCOUNT, PAGE_SIZE, account_cursor, pages, raw

T = TypeVar("T")


class Permissions(Resource[C]):
    """What a user may do in the token's organization."""

    @operation
    def list(self, token: str) -> Flow[tuple[Permission, ...]]:
        """Return the permissions of the token's user in the token's organization."""
        return _listed("permissions", Permission.read, token)


class Roles(Resource[C]):
    """Named sets of permissions that a user has."""

    @operation
    def list(self, token: str) -> Flow[tuple[Role, ...]]:
        """Return the roles of the token's user in the token's organization."""
        return _listed("roles", Role.read, token)


def _listed(noun: str, read: Callable[[Any], T], token: str) -> Flow[tuple[T, ...]]:
    def fetch(cursor: Mapping[str, str]) -> Call[Any]:
        return Call("GET", f"{ACCOUNT}/{noun}", raw, params={"page_size": PAGE_SIZE, **cursor}, token=token)

    found = yield from pages(fetch, account_cursor, parameter="starting_after")
    data = [Document(page, f"{noun} answer").object("data") for page in found]
    return tuple(item for page in data for item in page.objects(noun, read))
