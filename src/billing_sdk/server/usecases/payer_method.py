"""By what a customer pays: the default payment method, or the one that the payer of a cadence has chosen."""

from __future__ import annotations

from billing_sdk.server.domain.customers import PaymentMethod
from billing_sdk.server.storage import UnitOfWork


def payer_method(tx: UnitOfWork, customer_id: str, billing_cadence_id: str | None = None) -> PaymentMethod | None:
    """Return what is charged for an invoice of a customer, or of a cadence; None where there is nothing.

    A method of the cadence's payer that is there no more, or is kept at a gateway that is not asked any more, is passed
    over for the customer's default one.
    """
    if billing_cadence_id is not None:
        wanted = tx.payer_profiles.get(tx.billing_cadences.get(billing_cadence_id).profile_id).payment_method_id
        for method in () if wanted is None else tx.customers.methods_of(customer_id):
            if method.id == wanted:
                return method
    return tx.customers.find_payment_method(customer_id)
