"""Preview what credit would cost, taxes and all, with nothing written."""

from __future__ import annotations

from dataclasses import dataclass

from billing_sdk.money import Money
from billing_sdk.server.domain.invoicing import Lines
from billing_sdk.server.usecases.buy_credit import buy_credit
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.usecases.tax_customer import is_taxed_later
from billing_sdk.server.usecases.top_up_credit import last_grant_id


@dataclass(frozen=True, slots=True)
class TopUp:
    """What is paid for credit.

    Attributes:
        lines: of the invoice.
        amount: what is to be paid.
        last_grant_id: the newest grant that the customer has now, empty without any; see `top_up_credit`.
        is_taxed_later: taxes are added that are not known yet.
    """

    lines: Lines
    amount: Money
    last_grant_id: str
    is_taxed_later: bool


def preview_top_up(engine: Engine, *, customer_id: str, amount: Money) -> TopUp:
    """Return what an invoice for credit would come to now, as `top_up_credit` would make it.

    Raises:
        NotFound, InvalidAmount, InvalidCreditGrant, TooManyCreditGrants, TaxLocationMissing: as `top_up_credit`.
    """
    with engine.begin() as tx:
        customer = tx.customers.lock(customer_id)
        at, last = engine.now_for(tx, customer), last_grant_id(tx, customer_id)
        with tx.what_if():
            _, invoice = buy_credit(tx, customer, amount, source="user", actor=customer_id, at=at)
        return TopUp(invoice.lines, invoice.amount_due, last, is_taxed_later(tx, customer))
