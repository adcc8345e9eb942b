"""What a history does to the way in which customers are billed."""

from __future__ import annotations

from billing_sdk.money import Money
from billing_sdk.server.domain.collection import BUILT_IN_ID
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.periods import Duration
from billing_sdk.server.usecases.add_charge import add_charge
from billing_sdk.server.usecases.billing_profiles import update_profile
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.one_off_charges import OneOff


class BillingDeeds:
    """Verbs of a world; see `World`."""

    engine: Engine
    customers: list[Customer]

    def _charge(self, customer: int, minor: int, bill_now: bool) -> None:
        """Charge somebody once: at once, or with what is billed next."""
        charge = OneOff("Something else", Money(minor, "USD"))
        add_charge(self.engine, customer_id=self.customers[customer].id, charge=charge, bill_now=bill_now)

    def _bill(self, late_days: int, send_days: int, together: bool) -> None:
        """Decide how invoices wait from now on, and whether agreements are billed together."""
        update_profile(
            self.engine,
            BUILT_IN_ID,
            wait_for_late_usage=Duration(days=late_days),
            wait_before_sending=Duration(days=send_days),
            is_consolidating=together,
        )
