"""How bill settings and collection settings are shown, alone and as what a cadence follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from billing_sdk.server.api.stripe.bodies import View
from billing_sdk.server.api.stripe.ids import (
    BillSettingId,
    BillSettingVersionId,
    CollectionSettingId,
    CollectionSettingVersionId,
)
from billing_sdk.server.api.stripe.values import Instant, Livemode
from billing_sdk.server.domain.collection import (
    BillingProfile,
    BillTerms,
    CadenceSetting,
    CollectionMethod,
    CollectionTerms,
    SettingVersion,
)
from billing_sdk.server.domain.periods import Cadence, Duration, Unit


class TaxView(View):
    """How tax is calculated."""

    type: Literal["automatic", "manual"]


class CalculationView(View):
    """How totals are calculated."""

    tax: TaxView | None


class TimeUntilDueView(View):
    """How long an invoice may be paid."""

    interval: str
    interval_count: int


class InvoiceTermsView(View):
    """How invoices are made."""

    time_until_due: TimeUntilDueView | None


class BillTermsView(View):
    """What a bill setting says."""

    calculation: CalculationView
    invoice: InvoiceTermsView
    invoice_rendering_template: str | None


class PaymentDueView(View):
    """Whether a customer is told that a payment is due."""

    enabled: bool
    include_payment_link: bool


class EmailDeliveryView(View):
    """Which mails a customer gets."""

    payment_due: PaymentDueView | None


class CollectionTermsView(View):
    """What a collection setting says."""

    collection_method: Literal["automatic", "send_invoice"]
    email_delivery: EmailDeliveryView
    payment_method_configuration: str | None
    payment_method_options: dict[str, Any] | None


class BillSettingView(BillTermsView):
    """A bill setting."""

    id: BillSettingId
    object: Literal["v2.billing.bill_setting"] = "v2.billing.bill_setting"
    created: Instant
    display_name: str | None
    latest_version: BillSettingVersionId
    live_version: BillSettingVersionId
    livemode: Livemode = None
    lookup_key: str | None

    @classmethod
    def of(cls, setting: CadenceSetting[BillTerms]) -> BillSettingView:
        """Show a bill setting."""
        return cls(**of_bill(setting.latest.terms), **_labels(setting))


class BillSettingVersionView(BillTermsView):
    """A version of a bill setting."""

    id: BillSettingVersionId
    object: Literal["v2.billing.bill_setting_version"] = "v2.billing.bill_setting_version"
    created: Instant
    livemode: Livemode = None

    @classmethod
    def of(cls, version: SettingVersion[BillTerms]) -> BillSettingVersionView:
        """Show a version."""
        return cls(id=version.id, created=version.created_at, **of_bill(version.terms))


class CollectionSettingView(CollectionTermsView):
    """A collection setting."""

    id: CollectionSettingId
    object: Literal["v2.billing.collection_setting"] = "v2.billing.collection_setting"
    created: Instant
    display_name: str | None
    latest_version: CollectionSettingVersionId
    live_version: CollectionSettingVersionId
    livemode: Livemode = None
    lookup_key: str | None

    @classmethod
    def of(cls, setting: CadenceSetting[CollectionTerms]) -> CollectionSettingView:
        """Show a collection setting."""
        return cls(**of_collection(setting.latest.terms), **_labels(setting))


class CollectionSettingVersionView(CollectionTermsView):
    """A version of a collection setting."""

    id: CollectionSettingVersionId
    object: Literal["v2.billing.collection_setting_version"] = "v2.billing.collection_setting_version"
    created: Instant
    livemode: Livemode = None

    @classmethod
    def of(cls, version: SettingVersion[CollectionTerms]) -> CollectionSettingVersionView:
        """Show a version."""
        return cls(id=version.id, created=version.created_at, **of_collection(version.terms))


class SettingsDataView(View):
    """What counts for a cadence, from its settings and, where it has none, from its customer's billing profile."""

    bill: BillTermsView
    collection: CollectionTermsView

    @classmethod
    def of(
        cls, profile: BillingProfile, bill: BillTerms | None, collection: CollectionTerms | None
    ) -> SettingsDataView:
        """Show what counts.

        Args:
            profile: what the invoices of the cadence follow.
            bill: what its own bill setting says, if it has one.
            collection: what its own collection setting says, likewise.
        """
        shown = of_bill(bill or BillTerms())
        shown["calculation"] = CalculationView(tax=TaxView(type="automatic" if profile.tax.is_enabled else "manual"))
        due = None if bill is None else bill.due_after
        shown["invoice"] = InvoiceTermsView(time_until_due=_due(due or _as_cadence(profile.due_after)))
        collected = of_collection(collection or CollectionTerms())
        collected["collection_method"] = _method(profile.collection_method)
        return cls(bill=BillTermsView(**shown), collection=CollectionTermsView(**collected))


def of_bill(terms: BillTerms) -> dict[str, Any]:
    """Return the members that say how invoices are made."""
    is_automatic = terms.is_tax_automatic
    tax = None if is_automatic is None else TaxView(type="automatic" if is_automatic else "manual")
    return {
        "calculation": CalculationView(tax=tax),
        "invoice": InvoiceTermsView(time_until_due=_due(terms.due_after)),
        "invoice_rendering_template": terms.rendering_template,
    }


def of_collection(terms: CollectionTerms) -> dict[str, Any]:
    """Return the members that say how invoices are collected."""
    due: Mapping[str, bool] | None = terms.email_payment_due
    return {
        "collection_method": _method(terms.method),
        "email_delivery": EmailDeliveryView(payment_due=None if due is None else PaymentDueView(**due)),
        "payment_method_configuration": terms.payment_method_configuration,
        "payment_method_options": dict(terms.payment_method_options) or None,
    }


def _labels(setting: CadenceSetting[BillTerms] | CadenceSetting[CollectionTerms]) -> dict[str, Any]:
    return {
        "id": setting.id,
        "created": setting.created_at,
        "display_name": setting.name,
        "latest_version": setting.latest.id,
        "live_version": setting.live.id,
        "lookup_key": setting.lookup_key,
    }


def _method(method: CollectionMethod) -> str:
    return "send_invoice" if method == "send_invoice" else "automatic"


def _due(due_after: Cadence | None) -> TimeUntilDueView | None:
    return None if due_after is None else TimeUntilDueView(interval=due_after.unit, interval_count=due_after.count)


def _as_cadence(due_after: Duration) -> Cadence | None:
    """Return a duration of one unit as such; None where it has several, or none."""
    units: tuple[Unit, ...] = ("day", "week", "month", "year")
    given = [(unit, count) for unit in units if (count := getattr(due_after, f"{unit}s"))]
    if len(given) != 1:
        return None
    unit, count = given[0]
    return Cadence(unit, count) if due_after == Duration(**{f"{unit}s": count}) else None
