"""Lookup keys of v2: how lists are filtered by them, and what is answered where one is taken."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from billing_sdk.errors import LookupKeyTaken
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import LookupKey


def as_list(value: Any) -> Any:
    """Return a value of a query as a list: a client that repeats a field sends one value as one field."""
    return [value] if isinstance(value, str) else value


LookupKeys = Annotated[tuple[LookupKey, ...], BeforeValidator(as_list), Field(max_length=10)]


@contextmanager
def refusing_taken(code: str = "lookup_key_already_used") -> Iterator[None]:
    """Answer in the block with a code of this door where a lookup key is taken.

    Raises:
        InvalidRequest: it is.
    """
    try:
        yield
    except LookupKeyTaken as error:
        raise refused(code, error.detail, param="lookup_key", remedy=error.remedy) from None
