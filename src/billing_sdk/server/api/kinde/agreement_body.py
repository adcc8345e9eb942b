"""What is sent about agreements: what is published, and what only this server takes."""

from __future__ import annotations

from pydantic import Field

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.api.kinde.envelope import Body
from billing_sdk.server.api.kinde.instants import read_instant
from billing_sdk.server.domain.agreements import Timing
from billing_sdk.server.usecases.change_options import ChangeOptions

TIMING = "`now`, `period_end`, or a date and time with an offset from UTC."


def read_timing(text: str) -> Timing:
    """Return when something is to happen.

    Raises:
        InvalidRequest: it is neither `now` nor `period_end` nor an instant.
    """
    if text == "now":
        return "now"
    if text == "period_end":
        return "period_end"
    try:
        return read_instant(text, parameter="timing")
    except InvalidRequest:
        raise InvalidRequest("timing is neither now nor period_end nor an instant", parameter="timing") from None


class WantedAddOn(Body):
    """An add-on, and how many of it."""

    plan_code: str = Field(max_length=64)
    quantity: int = Field(default=1, ge=1, le=10**6)


class NewAgreement(Body):
    """Which customer goes on which plan.

    `is_invoice_now` and `is_prorate` leave it to the billing settings where they are missing. Extension: all the
    others. `quantities` counts units of licensed fees (seats) by the fee's key. `trial` false goes without the plan's
    trial, true insists on it. `terms` is what a preview gave: the change is made on these terms only.
    """

    customer_id: str = Field(max_length=64)
    plan_code: str = Field(max_length=64)
    is_invoice_now: bool | None = None
    is_prorate: bool | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    plan_version: int | None = Field(default=None, ge=1, le=10**9)
    quantities: dict[str, int] = Field(default={}, max_length=100)
    add_ons: list[WantedAddOn] = Field(default=[], max_length=100)
    coupon_code: str | None = Field(default=None, max_length=100)
    timing: str = Field(default="now", max_length=40, description=TIMING)
    trial: bool | None = None
    terms: str | None = Field(default=None, max_length=128)

    @property
    def options(self) -> ChangeOptions:
        """What is asked for; a customer without a card gets the plan all the same, and is asked for one later.

        Raises:
            InvalidRequest: an add-on is named twice, or the timing is none.
        """
        add_ons = {wanted.plan_code: wanted.quantity for wanted in self.add_ons}
        if len(add_ons) != len(self.add_ons):
            raise InvalidRequest("add_ons names one twice", parameter="add_ons")
        return ChangeOptions(
            timing=read_timing(self.timing),
            version=self.plan_version,
            currency=self.currency,
            quantities=self.quantities,
            add_ons=add_ons,
            coupon_key=self.coupon_code,
            wants_trial=self.trial,
            is_prorate=self.is_prorate,
            is_invoice_now=self.is_invoice_now,
            may_owe=True,
        )


class WantedNumber(Body):
    """An add-on, and how many of it there are to be; none takes it off."""

    plan_code: str = Field(max_length=64)
    quantity: int = Field(ge=0, le=10**6)


class WantedNumbers(Body):
    """Which numbers are to be others: units of licensed fees (seats) by the fee's key, and add-ons."""

    quantities: dict[str, int] = Field(default={}, max_length=100)
    add_ons: list[WantedNumber] = Field(default=[], max_length=100)
    timing: str = Field(default="now", max_length=40, description=TIMING)
    is_prorate: bool | None = None

    @property
    def numbers(self) -> dict[str, int]:
        """How many of each add-on, by its code.

        Raises:
            InvalidRequest: an add-on is named twice, or no number is given at all.
        """
        add_ons = {wanted.plan_code: wanted.quantity for wanted in self.add_ons}
        if len(add_ons) != len(self.add_ons):
            raise InvalidRequest("add_ons names one twice", parameter="add_ons")
        if not add_ons and not self.quantities:
            raise InvalidRequest("there is neither a quantity nor an add-on", parameter="quantities")
        return add_ons


class WantedEnd(Body):
    """When an agreement is to end, and how what was not billed or not used is settled."""

    timing: str = Field(default="now", max_length=40, description=TIMING)
    is_invoice_now: bool | None = None
    is_prorate: bool | None = None


class EndedAgreement(Body):
    """Which agreement to end. Extension: when, and how what was not billed or not used is settled."""

    agreement_id: str | None = Field(default=None, max_length=64)
    timing: str | None = Field(default=None, max_length=40, description=TIMING)
    is_invoice_now: bool | None = None
    is_prorate: bool | None = None


class Quantity(Body):
    """How many units of a licensed fee (seats) from when on."""

    fee_code: str = Field(max_length=64)
    quantity: int = Field(ge=-(10**9), le=10**9)
    timing: str = Field(default="now", max_length=40, description=TIMING)
    is_prorate: bool | None = None


class AddOnQuantity(Body):
    """How many of an add-on from when on; none takes it off."""

    plan_code: str = Field(max_length=64)
    quantity: int = Field(default=1, ge=-(10**9), le=10**9)
    timing: str = Field(default="now", max_length=40, description=TIMING)
    is_prorate: bool | None = None


class Discount(Body):
    """Which coupon to redeem."""

    coupon_code: str = Field(max_length=100)
