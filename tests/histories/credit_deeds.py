"""What a history does to the credit of customers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing_sdk.errors import UnknownCreditGrant
from billing_sdk.money import Money
from billing_sdk.server.domain.credits import Settlement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.adjust_credit import adjust_credit
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.fund_credit import WantedCredit, fund_credit
from billing_sdk.server.usecases.grant_credit import grant_credit
from billing_sdk.server.usecases.settle_grant import settle_grant
from billing_sdk.server.usecases.top_up_credit import top_up_credit


class CreditDeeds(ABC):
    """Verbs of a world; see `World`."""

    engine: Engine
    customers: list[Customer]

    @property
    @abstractmethod
    def now(self) -> datetime:
        """The time of the customers."""

    def _grant(self, customer: int, minor: int, priority: int, category: Any, days: int | None = None) -> None:
        grant_credit(
            self.engine,
            customer_id=self.customers[customer].id,
            name="A present",
            amount=Money(minor, "USD"),
            category=category,
            priority=priority,
            expires_at=None if days is None else self.now + timedelta(days=days),
        )

    def _top_up(self, customer: int, minor: int) -> None:
        top_up_credit(self.engine, customer_id=self.customers[customer].id, amount=Money(minor, "USD"))

    def _fund(self, customer: int, minor: int, per_unit: str, is_external: bool) -> None:
        """Sell credit for less or more than it is of; it counts, and ends, a while from now."""
        wanted = WantedCredit(
            name="A bargain",
            amount=Money(minor, "USD"),
            funding="external" if is_external else "invoice",
            per_unit=Decimal(per_unit),
            effective_at=self.now + timedelta(days=2),
            expires_after=Duration(days=60),
        )
        customer_id = self.customers[customer].id
        fund_credit(self.engine, wanted, customer_id=customer_id, tax_code_id=None, actor="history")

    def _settle(self, customer: int, status: Settlement) -> None:
        """Say how far the payment has come of what was sold last and is collected elsewhere."""
        customer_id = self.customers[customer].id
        with self.engine.read() as tx:
            sold = [one for one in tx.grants.all_of(customer_id) if one.settlement is not None]
        if not sold:
            raise UnknownCreditGrant("nothing is collected elsewhere")
        settle_grant(self.engine, customer_id=customer_id, grant_id=sold[-1].id, status=status)

    def _adjust(self, customer: int, minor: int) -> None:
        adjust_credit(
            self.engine, customer_id=self.customers[customer].id, name="A correction", amount=Money(minor, "USD")
        )
