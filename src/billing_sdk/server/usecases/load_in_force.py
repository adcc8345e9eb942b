"""Load what is in force: an agreement with the prices that it was made at, and how much was used under it."""

from __future__ import annotations

from collections.abc import Collection

from billing_sdk.server.domain.agreements import Agreement
from billing_sdk.server.domain.catalog import BillingSettings, PlanVersion, Policies
from billing_sdk.server.domain.invoicing import BoughtAddOn, InForce, Used
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Usage
from billing_sdk.server.storage import UnitOfWork


def load_in_force(tx: UnitOfWork, agreement: Agreement) -> InForce:
    """Return an agreement with its prices, all in its currency, and the policies of today.

    Raises:
        CurrencyMismatch: an add-on is not sold in the currency of the agreement.
    """
    return InForce(
        agreement=agreement,
        version=_version(tx, agreement, agreement.plan_version_id),
        add_ons=tuple(
            BoughtAddOn(_version(tx, agreement, add_on.plan_version_id), add_on.quantity, add_on.added_at)
            for add_on in agreement.add_ons
        ),
        gone=tuple(
            BoughtAddOn(_version(tx, agreement, version_id), 0) for version_id in sorted(agreement.gone_on_credit)
        ),
        policies=policies_of(tx),
    )


def policies_of(tx: UnitOfWork) -> Policies:
    """Return the policies of today."""
    return (tx.billing_settings.find() or BillingSettings()).policies


def is_on_credit(tx: UnitOfWork, agreement: Agreement) -> bool:
    """Tell whether the first period was never invoiced, because the plan was given to somebody without a card.

    An agreement with an invoice that is owed is unpaid, too, and is billed all the same.
    """
    return (
        agreement.is_unpaid
        and agreement.billed_period.start == agreement.charged_from
        and not tx.invoices.owed_for(agreement.id)
        and not tx.invoices.has_billed(agreement.id, agreement.billed_period)
    )


def used_under(tx: UnitOfWork, agreement: Agreement, *, foreseen: Collection[Agreement] = ()) -> Used:
    """Return what tells how much of a feature was used in a period of an agreement.

    Args:
        tx: the transaction.
        agreement: which one.
        foreseen: agreements of its customer as they are about to be stored, the same one among them if it ends.
    """

    def used(feature_key: str, period: Period) -> Usage:
        found = tx.usage.used(agreement.id, feature_key, period, foreseen=foreseen)
        return Usage(found.total, found.by_dimension)

    return used


def _version(tx: UnitOfWork, agreement: Agreement, version_id: str) -> PlanVersion:
    return tx.catalog.get_version(version_id).in_currency(agreement.currency)
