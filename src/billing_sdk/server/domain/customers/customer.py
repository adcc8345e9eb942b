"""A customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.customers.address import LANGUAGE, Address

CustomerKind = Literal["user", "organization"]


@dataclass(frozen=True, slots=True)
class Customer:
    """A person or an organization as a payer; exactly one of `user_id` and `org_code` is set.

    Attributes:
        id: starts with `customer_`.
        clock_id: the test clock that tells this customer's time, from the first day on; real time without one.
        profile_id: the billing profile that it has; the default one where it has none of its own.
        address: for invoices, and for the tax on them.
        tax_ids: such as a VAT number, in capitals and without spaces.
        language: of invoices; that of the billing profile where it has none of its own.
    """

    id: str
    kind: CustomerKind
    billing_email: str
    created_at: datetime
    user_id: str | None = None
    org_code: str | None = None
    clock_id: str | None = None
    profile_id: str | None = None
    address: Address | None = None
    tax_ids: tuple[str, ...] = ()
    language: str | None = None

    def __post_init__(self) -> None:
        if self.language is not None and not LANGUAGE.fullmatch(self.language):
            raise InvalidRequest("the language is no language tag", parameter="language")
