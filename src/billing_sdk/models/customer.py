"""Billing customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document
from billing_sdk.models.billing_profile import Address


@dataclass(frozen=True, slots=True)
class BillingCustomer:
    """A person or an organization that can be charged."""

    id: str
    agreement_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> BillingCustomer:
        """Read the `billing_customer` of an answer."""
        document = Document(data, "answer").object("billing_customer")
        return cls(document.text("id"), document.text_or_none("agreement_id"))


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """Where a customer is, and how it is billed (extension).

    Attributes:
        kind: `user` or `organization`.
        tax_ids: such as a VAT number, in capitals and without spaces.
        language: of invoices; that of the billing profile where it is None.
        profile_id: its billing profile; the default one where it is None.
    """

    id: str
    kind: str
    billing_email: str
    user_id: str | None = None
    org_code: str | None = None
    address: Address | None = None
    tax_ids: tuple[str, ...] = ()
    language: str | None = None
    profile_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> CustomerDetails:
        """Read what is known of a customer."""
        document = Document(data, "billing_customer")
        return cls(
            id=document.text("id"),
            kind=document.text("kind"),
            billing_email=document.text("billing_email"),
            user_id=document.text_or_none("user_id"),
            org_code=document.text_or_none("org_code"),
            address=Address.read(document.object_or_none("address")),
            tax_ids=document.texts("tax_ids"),
            language=document.text_or_none("language"),
            profile_id=document.text_or_none("profile_id"),
        )


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """A name that usage events call a customer by, beside its ids (extension)."""

    key: str
    created_on: datetime | None = None

    @classmethod
    def read(cls, data: Any) -> SubjectKey:
        """Read a key."""
        document = Document(data, "subject_key")
        return cls(key=document.text("key"), created_on=document.instant_or_none("created_on"))
