"""Errors of the engine that this door has a code, a status and a parameter for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from billing_sdk.errors import BillingError
from billing_sdk.server.api.stripe.problems import refused


class Refusal(NamedTuple):
    """How an error is told.

    Attributes:
        code: as Stripe's documentation has it.
        status: of the answer.
        param: the parameter that is wrong, as the client writes it; the one that the error names by default.
    """

    code: str
    status: int = 400
    param: str | None = None


@contextmanager
def telling(table: Mapping[type[BillingError], Refusal]) -> Iterator[None]:
    """Let errors of the engine be told as a table says, the most particular class of an error first.

    Raises:
        BillingError: what was raised in the block, in the door's own words where the table has it.
    """
    try:
        yield
    except BillingError as error:
        found = next((table[kind] for kind in type(error).__mro__ if kind in table), None)
        if found is None or "published_code" in error.facts:
            raise
        param = found.param or error.facts.get("parameter")
        raise refused(found.code, error.detail, status=found.status, param=param, remedy=error.remedy) from error
