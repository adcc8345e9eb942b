"""Billing profiles as they are shown."""

from __future__ import annotations

from typing import Any

from billing_sdk.server.api.konnect.apps import app_in_use
from billing_sdk.server.api.konnect.bodies import View
from billing_sdk.server.api.konnect.customers import AddressView
from billing_sdk.server.api.konnect.values import duration_text
from billing_sdk.server.api.konnect.view import Resource, resource_of
from billing_sdk.server.domain.collection import BillingProfile, Supplier
from billing_sdk.server.ids import ulid_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.storage.konnect import Extras
from billing_sdk.server.usecases.known_tax_codes import EVER_SINCE, id_of_tax_code


class ReferenceView(View):
    """A thing by its id."""

    id: str


class AppsView(View):
    """What does the tax, the invoices and the payments."""

    tax: ReferenceView
    invoicing: ReferenceView
    payment: ReferenceView


class TaxIdView(View):
    """A tax id."""

    code: str | None = None


class AddressesView(View):
    """Where the supplier is."""

    billing_address: AddressView


class SupplierView(View):
    """Who bills."""

    id: str | None = None
    key: str | None = None
    name: str | None = None
    tax_id: TaxIdView | None = None
    addresses: AddressesView | None = None


class ProfileView(Resource):
    """A billing profile."""

    supplier: SupplierView
    workflow: dict[str, Any]
    apps: AppsView
    default: bool

    @classmethod
    def of(cls, tx: UnitOfWork, profile: BillingProfile, extras: Extras | None) -> ProfileView:
        """Show a profile."""
        more = {} if extras is None else extras.more
        app = ReferenceView(id=ulid_of(profile.app_id or app_in_use(tx).id))
        created_at = profile.created_at or EVER_SINCE
        return cls(
            **{**resource_of(profile.id, extras, name=profile.name, created_at=created_at), "name": profile.name},
            supplier=_supplier(profile.supplier, more.get("supplier", {})),
            workflow=_workflow(tx, profile, more.get("workflow", {})),
            apps=AppsView(tax=app, invoicing=app, payment=app),
            default=tx.billing_profiles.default().id == profile.id,
        )


def _supplier(supplier: Supplier, known: dict[str, Any]) -> SupplierView:
    address = supplier.address
    sent = known.get("addresses", {}).get("billing_address")
    shown = AddressView(**sent) if sent else None
    if address is not None:
        line1, line2, *_ = (*address.lines, None, None)
        shown = AddressView(
            country=address.country,
            postal_code=address.postal_code,
            state=address.region,
            city=address.city,
            line1=line1,
            line2=line2,
            phone_number=(sent or {}).get("phone_number"),
        )
    return SupplierView(
        key=known.get("key"),
        name=supplier.name,
        tax_id=None if supplier.tax_id is None else TaxIdView(code=supplier.tax_id),
        addresses=None if shown is None else AddressesView(billing_address=shown),
    )


def _workflow(tx: UnitOfWork, profile: BillingProfile, known: dict[str, Any]) -> dict[str, Any]:
    """Return what counts, with what only this door knows."""
    payment: dict[str, Any] = {"collection_method": profile.collection_method}
    if profile.sends_invoices:
        payment["due_after"] = duration_text(profile.due_after)
    config = {**known.get("tax", {}).get("default_tax_config", {}), "behavior": profile.tax.behavior}
    config.pop("tax_code_id", None)
    if profile.tax.default_tax_code is not None:
        config["tax_code"] = {"id": ulid_of(id_of_tax_code(tx, profile.tax.default_tax_code))}
    return {
        "collection": {
            "alignment": known.get("collection", {}).get("alignment", {"type": "subscription"}),
            "interval": duration_text(profile.wait_for_late_usage),
        },
        "invoicing": {
            "auto_advance": True,
            "progressive_billing": True,
            "subscription_end_proration_mode": "bill_actual_period",
            **known.get("invoicing", {}),
            "draft_period": duration_text(profile.wait_before_sending),
        },
        "payment": payment,
        "tax": {
            "enabled": profile.tax.is_enabled,
            "enforced": profile.tax.is_enforced,
            "default_tax_config": config,
        },
    }
