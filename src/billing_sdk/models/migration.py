"""Migrations: moving customers from one version of a plan to another (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class MigratedAgreement:
    """One agreement of a migration: what its customer is charged next, before and after.

    Attributes:
        from_version: number of the version that it is on.
        next_charge_on: when its next period is billed.
        charge_before_minor: what that would come to on the version it is on, in minor units; None where the
            version has no price in the agreement's currency.
        charge_after_minor: what it comes to on the new version.
        refused: why this agreement can't be moved, if it can't.
    """

    agreement_id: str
    customer_id: str
    from_version: int
    currency: str
    next_charge_on: datetime | None = None
    charge_before_minor: int | None = None
    charge_after_minor: int | None = None
    refused: str | None = None

    @classmethod
    def read(cls, data: Any) -> MigratedAgreement:
        """Read one agreement of a migration."""
        document = Document(data, "migrated agreement")
        return cls(
            agreement_id=document.text("agreement_id"),
            customer_id=document.text("customer_id"),
            from_version=document.whole_or_none("from_version") or 0,
            currency=document.text("currency"),
            next_charge_on=document.instant_or_none("next_charge_on"),
            charge_before_minor=document.whole_or_none("charge_before_minor"),
            charge_after_minor=document.whole_or_none("charge_after_minor"),
            refused=document.text_or_none("refused"),
        )


@dataclass(frozen=True, slots=True)
class Migration:
    """One batch of a migration; `has_more` is false when nobody is left.

    Attributes:
        is_dry_run: whether it only tells what would happen.
        to_version: number of the version that customers move to with their next period.
        next_cursor: where the next batch starts.
    """

    is_dry_run: bool
    to_version: int
    has_more: bool
    next_cursor: str | None = None
    agreements: tuple[MigratedAgreement, ...] = ()

    @classmethod
    def read(cls, data: Any) -> Migration:
        """Read the `migration` of an answer."""
        document = Document(data, "migration")
        return cls(
            is_dry_run=document.flag("is_dry_run"),
            to_version=document.whole_or_none("to_version") or 0,
            has_more=document.flag("has_more"),
            next_cursor=document.text_or_none("next_cursor"),
            agreements=document.objects("agreements", MigratedAgreement.read),
        )
