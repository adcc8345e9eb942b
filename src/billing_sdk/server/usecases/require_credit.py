"""Let usage begin only where credit pays for it: the gate for customers who pay beforehand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from billing_sdk.errors import CreditExhausted
from billing_sdk.money import digits_of
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.credits import balance_of, uncovered
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.domain.metering import plus
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.pending_usage import pending_usage


def require_credit(
    tx: UnitOfWork, customer: Customer, agreement: Agreement, feature_key: str, asked: Decimal, *, at: datetime
) -> None:
    """Check that credit pays for more units, beside what is used and what others have reserved; the customer is locked.

    What the units come to is the difference that they make to the invoice, rated and paid as that will be: units that
    are included, or free by their tier, need no credit.

    Args:
        tx: the transaction.
        customer: who pays.
        agreement: under which agreement they are used.
        feature_key: a metered feature.
        asked: how many units.
        at: the customer's present.

    Raises:
        CreditExhausted: it does not, or not for all of them.
    """
    grants = tx.grants.unused_of(customer.id)
    held = tx.reservations.held_of(customer.id, at=at)
    name = (agreement.id, feature_key)
    before = pending_usage(tx, customer, at=at, more=held)
    after = pending_usage(tx, customer, at=at, more={**held, name: plus(held.get(name, Decimal(0)), asked)})
    currency = agreement.currency
    missing = uncovered(grants, after, currency) - uncovered(grants, before, currency)
    if missing.minor <= 0:
        return
    available = balance_of(grants, before, currency, at=at).available
    raise CreditExhausted(
        f"{digits_of(asked)} more of {feature_key} cost {missing} beyond the credit that is left",
        feature=feature_key,
        asked=digits_of(asked),
        currency=currency,
        missing_minor=missing.minor,
        available_minor=available.minor,
    )
