"""Organizations, as far as billing needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class AgreementReference:
    """An agreement of an organization, by id and plan."""

    agreement_id: str
    plan_code: str

    @classmethod
    def read(cls, data: Any) -> AgreementReference:
        """Read one reference."""
        document = Document(data, "organization agreement")
        return cls(document.text("agreement_id"), document.text("plan_code"))


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization and, where it was asked for, its billing customer."""

    code: str
    name: str = ""
    handle: str | None = None
    external_id: str | None = None
    is_default: bool = False
    billing_customer_id: str | None = None
    agreements: tuple[AgreementReference, ...] = ()

    @classmethod
    def read(cls, data: Any) -> Organization:
        """Read one organization."""
        document = Document(data, "organization")
        billing = document.object_or_none("billing")
        return cls(
            code=document.text("code"),
            name=document.text_or_none("name") or "",
            handle=document.text_or_none("handle"),
            external_id=document.text_or_none("external_id"),
            is_default=document.flag("is_default"),
            billing_customer_id=billing.text_or_none("billing_customer_id") if billing else None,
            agreements=billing.objects("agreements", AgreementReference.read) if billing else (),
        )


@dataclass(frozen=True, slots=True)
class CreatedOrganization:
    """A new organization; with a customer id if it was made a billing customer."""

    code: str
    billing_customer_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> CreatedOrganization:
        """Read the `organization` of an answer."""
        document = Document(data, "answer").object("organization")
        return cls(document.text("code"), document.text_or_none("billing_customer_id"))
