"""Previews: what a change of plan, other numbers or a cancellation would come to (extension of the Management API)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing_sdk.models._read import Document


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One line of what is or would be charged; a credit is negative.

    Attributes:
        amount_minor: in minor units of the currency.
        quantity: how many units it is for, where it is for any.
        derivation: how the amount came about: plan version, component, steps of the calculation, policy.
        told: the same in sentences.
        agreement_id: what it is charged under; None where it is about the invoice as a whole, or no agreement.
    """

    description: str
    amount_minor: int
    currency: str
    quantity: Decimal | None = None
    period_start: datetime | None = None
    period_end: datetime | None = None
    derivation: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)
    told: tuple[str, ...] = ()
    agreement_id: str | None = None

    @classmethod
    def read(cls, data: Any) -> ChargeLine:
        """Read one line."""
        document = Document(data, "line")
        derivation = document.object_or_none("derivation")
        return cls(
            description=document.text_or_none("description") or "",
            amount_minor=document.whole_or_none("amount_minor") or 0,
            currency=document.text("currency"),
            quantity=document.exact_or_none("quantity"),
            period_start=document.instant_or_none("period_start"),
            period_end=document.instant_or_none("period_end"),
            derivation=derivation.members if derivation else {},
            told=document.texts("told"),
            agreement_id=document.text_or_none("agreement_id"),
        )


@dataclass(frozen=True, slots=True)
class NextCharge:
    """What is charged next, if nothing is used until then and nothing changes; in minor units of the currency."""

    total_minor: int
    charges_on: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()

    @classmethod
    def read(cls, data: Any) -> NextCharge:
        """Read the next charge of a preview."""
        document = Document(data, "next charge")
        return cls(
            total_minor=document.whole_or_none("total_minor") or 0,
            charges_on=document.instant_or_none("charges_on"),
            lines=document.objects("lines", ChargeLine.read),
        )


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change of plan, other numbers or a cancellation would come to; nothing has changed.

    Amounts are in minor units of the currency.

    Attributes:
        total_minor: what would be charged at once; nothing where the change happens later.
        changes_on: when it would happen.
        lines: what would be charged and given back at once.
        credit_minor: what is given back of what was paid and not used.
        balance_minor: the customer's credit balance after it.
        needs_payment_method: a card is needed, and there is none.
        next_charge: None where nothing is charged any more, or the plan never costs anything.
        plan_version: number of the version that would be agreed to.
        terms: hand it to `agreements.create`, so that the change is made on these terms only; None for
            anything but a change of plan.
        tax_by_gateway: the payment processor works out the tax, which no amount holds that excludes it.
    """

    plan_code: str
    currency: str
    total_minor: int
    changes_on: datetime | None = None
    lines: tuple[ChargeLine, ...] = ()
    credit_minor: int = 0
    balance_minor: int = 0
    needs_payment_method: bool = False
    next_charge: NextCharge | None = None
    plan_version: int | None = None
    terms: str | None = None
    tax_by_gateway: bool = False

    @classmethod
    def read(cls, data: Any) -> ChangePreview:
        """Read the `preview` of an answer."""
        document = Document(data, "preview")
        following = document.object_or_none("next_charge")
        return cls(
            plan_code=document.text("plan_code"),
            currency=document.text("currency"),
            total_minor=document.whole_or_none("total_minor") or 0,
            changes_on=document.instant_or_none("changes_on"),
            lines=document.objects("lines", ChargeLine.read),
            credit_minor=document.whole_or_none("credit_minor") or 0,
            balance_minor=document.whole_or_none("balance_minor") or 0,
            needs_payment_method=document.flag("needs_payment_method"),
            next_charge=NextCharge.read(following.members) if following else None,
            plan_version=document.whole_or_none("plan_version"),
            terms=document.text_or_none("terms"),
            tax_by_gateway=document.flag("tax_by_gateway"),
        )
