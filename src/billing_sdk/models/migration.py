"""Migrations: moving customers from one version of a plan to another (extension of the Management API)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class MigratedAgreement:
    """What becomes of one customer in a migration.

    Attributes:
        from_version: number of the version that the customer is on.
        outcome: `planned` takes effect at `next_charge_on`, `moved` has at once; `planned_before` was planned already;
            `when_resumed` is paused, and goes over at the first billing date after that;
            `stays` was planned and is no longer; `refused`, `leaving` (it ends or changes plan by its next billing
            date), `not_sold_in_its_currency`, `add_on_does_not_fit` (one is billed at another pace than the version)
            and `gone` leave the agreement as it is.
        next_charge_on: when the customer is charged next; None in a pause.
        currency: that of the charges.
        charge_before_minor: what the next charge would be without the migration, in minor units.
        charge_after_minor: what it is with it; None where it makes no difference.
        charge_after_on: when that is, where a period that begins now has moved it to another day.
        charged_now_minor: what the migration charges at once, where it happens now.
        reason: the code of the error that it was refused for, such as `card_declined`.
    """

    agreement_id: str
    customer_id: str
    from_version: int
    outcome: str
    next_charge_on: datetime | None = None
    currency: str | None = None
    charge_before_minor: int | None = None
    charge_after_minor: int | None = None
    reason: str | None = None
    charge_after_on: datetime | None = None
    charged_now_minor: int | None = None

    @classmethod
    def read(cls, data: Any) -> MigratedAgreement:
        """Read one agreement of a migration."""
        document = Document(data, "migrated agreement")
        return cls(
            agreement_id=document.text("agreement_id"),
            customer_id=document.text("customer_id"),
            from_version=document.whole_or_none("from_version") or 0,
            outcome=document.text("outcome"),
            next_charge_on=document.instant_or_none("next_charge_on"),
            currency=document.text_or_none("currency"),
            charge_before_minor=document.whole_or_none("charge_before_minor"),
            charge_after_minor=document.whole_or_none("charge_after_minor"),
            reason=document.text_or_none("reason"),
            charge_after_on=document.instant_or_none("charge_after_on"),
            charged_now_minor=document.whole_or_none("charged_now_minor"),
        )


@dataclass(frozen=True, slots=True)
class Migration:
    """One batch of a migration.

    Attributes:
        is_dry_run: whether it only tells what would happen.
        to_version: number of the version that customers go over to.
        next_cursor: where the next batch starts; None after the last one.
    """

    plan_code: str
    to_version: int
    is_dry_run: bool
    moves: tuple[MigratedAgreement, ...] = ()
    next_cursor: str | None = None

    @classmethod
    def read(cls, data: Any) -> Migration:
        """Read the `migration` of an answer."""
        document = Document(data, "migration")
        return cls(
            plan_code=document.text("plan_code"),
            to_version=document.whole_or_none("to_version") or 0,
            is_dry_run=document.flag("is_dry_run"),
            moves=document.objects("moves", MigratedAgreement.read),
            next_cursor=document.text_or_none("next_cursor"),
        )
