"""Billing profiles as the Management API shows them."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from billing_sdk.server.api.kinde.addresses import PostalAddress
from billing_sdk.server.domain.collection import BillingProfile


class SupplierView(BaseModel):
    """Who bills."""

    name: str
    address: PostalAddress | None
    tax_id: str | None


class NumberingView(BaseModel):
    """How invoices are numbered."""

    prefix: str
    digits: int


class TaxView(BaseModel):
    """Whether there is tax on invoices."""

    is_enabled: bool
    is_enforced: bool
    default_tax_code: str | None
    behavior: str
    provider: str


class DunningView(BaseModel):
    """What follows a payment that fails; durations as ISO 8601 writes them."""

    retry_after: list[str]
    grace: str
    at_end: str


class ProfileView(BaseModel):
    """A billing profile; durations as ISO 8601 writes them, such as `P30D`."""

    id: str
    name: str
    is_default: bool
    supplier: SupplierView
    collection_method: str
    due_after: str
    wait_for_late_usage: str
    wait_before_sending: str
    numbering: NumberingView
    tax: TaxView
    dunning: DunningView
    progressive_threshold_minor: dict[str, int]
    is_consolidating: bool
    language: str
    finalizes: str
    app_id: str | None
    created_on: datetime | None

    @classmethod
    def of(cls, profile: BillingProfile) -> ProfileView:
        """Show a billing profile."""
        supplier, numbering, tax, dunning = profile.supplier, profile.numbering, profile.tax, profile.dunning
        return cls(
            id=profile.id,
            name=profile.name,
            is_default=profile.is_default,
            supplier=SupplierView(
                name=supplier.name, address=PostalAddress.of(supplier.address), tax_id=supplier.tax_id
            ),
            collection_method=profile.collection_method,
            due_after=str(profile.due_after),
            wait_for_late_usage=str(profile.wait_for_late_usage),
            wait_before_sending=str(profile.wait_before_sending),
            numbering=NumberingView(prefix=numbering.prefix, digits=numbering.digits),
            tax=TaxView(
                is_enabled=tax.is_enabled,
                is_enforced=tax.is_enforced,
                default_tax_code=tax.default_tax_code,
                behavior=tax.behavior,
                provider=tax.provider,
            ),
            dunning=DunningView(
                retry_after=[str(wait) for wait in dunning.retry_after], grace=str(dunning.grace), at_end=dunning.at_end
            ),
            progressive_threshold_minor=dict(profile.progressive_threshold_minor),
            is_consolidating=profile.is_consolidating,
            language=profile.language,
            finalizes=profile.finalizes,
            app_id=profile.app_id,
            created_on=profile.created_at,
        )
