"""The books: revenue by month, balances, and what a customer owes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from billing_sdk._operation import C, Call, Resource, operation
from billing_sdk.models import Document, RevenueTable, StatementLine, TrialBalance
from billing_sdk.resources._base import MANAGEMENT, given

T = TypeVar("T")
PATH = f"{MANAGEMENT}/billing"


class Books(Resource[C]):
    """The books; an extension that only our own server has. Takes the machine credentials."""

    @operation
    def revenue(
        self,
        *,
        first_month: str | None = None,
        last_month: str | None = None,
        currency: str | None = None,
        customer_id: str | None = None,
    ) -> Call[tuple[RevenueTable, ...]]:
        """Return how each account has changed month by month, a table for each currency (extension).

        Args:
            first_month: such as `2025-01`; the first that anything counts to, if it is not given.
            last_month: the last month, likewise; revenue that is not earned yet counts to months that lie ahead.
            currency: only this one.
            customer_id: only what is about this customer.

        Raises:
            InvalidRequest: a month is none, or they are in the wrong order or more than twenty years apart.
            NotFound: there is no such customer.
        """
        params = given(first_month=first_month, last_month=last_month, currency=currency, customer_id=customer_id)
        return Call("GET", f"{PATH}/revenue", _each("tables", RevenueTable.read), params=params, credential="machine")

    @operation
    def trial_balance(self, *, until: date | None = None) -> Call[tuple[TrialBalance, ...]]:
        """Return what stands on each account, a balance for each currency (extension).

        Args:
            until: at the end of this day (UTC); after all that is booked, also ahead, if it is not given.
        """
        params = {} if until is None else {"until": until.isoformat()}
        read = _each("balances", TrialBalance.read)
        return Call("GET", f"{PATH}/trial_balance", read, params=params, credential="machine")

    @operation
    def statement(self, customer_id: str) -> Call[tuple[StatementLine, ...]]:
        """Return what a customer was charged and has paid, the oldest line first (extension).

        Raises:
            NotFound: there is no such customer.
        """
        params = {"customer_id": customer_id}
        read = _each("lines", StatementLine.read)
        return Call("GET", f"{PATH}/statement", read, params=params, credential="machine")


def _each(member: str, read: Callable[[Any], T]) -> Callable[[Any], tuple[T, ...]]:
    return lambda data: Document(data, "answer").objects(member, read)
