"""Hold a live agreement still, for a change to what comes with it."""

from __future__ import annotations

from billing_sdk.errors import AgreementNotLive
from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.customers import Customer
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.under_way import under_way


def hold_agreement(
    tx: UnitOfWork, agreement_id: str, *, may_be_collected: bool = False, may_be_reserved: bool = False
) -> tuple[Customer, Agreement]:
    """Return a live agreement and its customer, which nobody else changes until the transaction ends.

    Args:
        tx: the transaction.
        agreement_id: which one.
        may_be_collected: a payment of an issued invoice of it that is waited for is no obstacle.
        may_be_reserved: nor is a billing intent that holds it still.

    Raises:
        NotFound: there is no such agreement.
        AgreementNotLive: it has ended.
        AgreementReserved: a billing intent holds it still.
        Conflict: a change of the customer's plan is under way, whose outcome is not known yet.
    """
    customer = tx.customers.lock(tx.agreements.get(agreement_id).customer_id)
    agreement = tx.agreements.get(agreement_id)
    if not agreement.is_live:
        raise AgreementNotLive(f"the agreement is {agreement.status}")
    if not may_be_reserved:
        tx.billing_intents.check_free(customer.id, agreement.group_id)
    charge = tx.charges.find(customer.id, agreement.group_id)
    is_collection = charge is not None and charge.invoice_id is not None and charge.awaits is not None
    if charge is not None and not (may_be_collected and is_collection):
        raise under_way(charge)
    return customer, agreement
