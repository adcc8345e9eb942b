"""Read a one-off charge that is asked for: what it is, and whether it can be put on an invoice of the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from billing_sdk.errors import NotFound
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog import TaxBehavior
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.invoicing import InvoiceLine, one_off_line
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class OneOff:
    """What a customer is to pay once.

    Attributes:
        description: what it is for, in a line.
        amount: more than nothing.
        period: what it pays for, over which it is earned; the instant at which it is made where it is not given.
        tax_code: what kind of thing it is; the default of the billing profile where it is not given.
        tax_behavior: whether the amount includes tax; as the billing profile says where it is not given.
        agreement_id: what it is charged under, if it is under anything.
    """

    description: str
    amount: Money
    period: Period | None = None
    tax_code: str | None = None
    tax_behavior: TaxBehavior | None = None
    agreement_id: str | None = None


def line_for(tx: UnitOfWork, customer: Customer, one: OneOff, *, at: datetime) -> InvoiceLine:
    """Return the line of a one-off charge for a customer.

    Raises:
        NotFound: the customer has no such agreement.
        UnknownTaxCode: there is no such tax code.
        InvalidRequest, InvalidAmount: as `one_off_line`.
    """
    if one.agreement_id is not None:
        agreement = tx.agreements.find(one.agreement_id)
        if agreement is None or agreement.customer_id != customer.id:
            raise NotFound(f"the customer has no agreement {one.agreement_id[:64]!r}")
    if one.tax_code is not None:
        tx.tax_codes.get(one.tax_code)
    return one_off_line(
        one.description,
        one.amount,
        at=at,
        period=one.period,
        tax_code=one.tax_code,
        tax_behavior=one.tax_behavior,
        agreement_id=one.agreement_id,
    )
