"""Planned charges: what a customer is charged once, at an instant that was named before.

A flat one is an amount for a period, or its share of a longer one. A usage-based one is what a feature's use of a
period comes to, rated once when the period is over; what is used under an agreement counts as well, whatever the
agreement charges for it. The instant of the invoice is never before the end of the usage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from billing_sdk.errors import InvalidRequest
from billing_sdk.server.domain.catalog import Policies, TaxBehavior
from billing_sdk.server.domain.invoicing.derivation import explain, of_instant, of_period, period_of
from billing_sdk.server.domain.invoicing.invoice import InvoiceLine
from billing_sdk.server.domain.invoicing.one_off import ONE_OFF, check_description, check_period, one_off_line
from billing_sdk.server.domain.invoicing.priced import WHOLE, in_part, proration_of
from billing_sdk.server.domain.invoicing.tax_document import of_component
from billing_sdk.server.domain.periods import Period, fraction
from billing_sdk.server.domain.rating import Charged, Terms, Usage, charge, document_of, terms_from_document

ChargeStatus = Literal["created", "active", "final", "deleted"]
# Days begin in this zone, since there is no agreement that names another.
ZONE = "UTC"
NOTHING_USED = Usage(Decimal(0))


@dataclass(frozen=True, slots=True)
class PlannedCharge:
    """What is to be charged once.

    Attributes:
        description: what it is for, in a line.
        terms: what it comes to; a flat price without a feature, any price with one.
        period: what it pays for.
        whole: what a flat amount is for; it is charged for the period's share of it.
        invoice_at: when it is billed.
        feature_key: whose use is charged; None where the amount is flat.
        billed_at: when it was billed, or came to nothing.
        invoice_id: what has billed it.
    """

    id: str
    customer_id: str
    description: str
    currency: str
    terms: Terms
    period: Period
    whole: Period
    invoice_at: datetime
    feature_key: str | None = None
    tax_code: str | None = None
    tax_behavior: TaxBehavior | None = None
    billed_at: datetime | None = None
    invoice_id: str | None = None

    @property
    def share(self) -> Fraction:
        """How much of a flat amount is charged."""
        return WHOLE if self.period == self.whole else fraction(self.period, self.whole, by="second", zone=ZONE)

    def charged(self, used: Usage, policies: Policies) -> Charged:
        """Return what it comes to.

        Raises:
            InvalidAmount: that is more than can be real.
        """
        found = charge(self.terms, used, currency=self.currency, policy=policies.rating)
        return in_part(found, 1, self.share, policies.rating) if self.feature_key is None else found

    def line(self, used: Usage, policies: Policies, *, at: datetime) -> InvoiceLine | None:
        """Return the line that charges it; None where it comes to nothing.

        Raises:
            InvalidRequest, InvalidAmount: it can't be put on an invoice.
        """
        found = self.charged(used, policies)
        if self.feature_key is not None:
            return self._usage_line(found, used, policies, at) if found.amount else None
        return one_off_line(
            self.description,
            found.amount,
            at=at,
            period=self.period,
            tax_code=self.tax_code,
            tax_behavior=self.tax_behavior,
            facts={
                "charge": self.id,
                "rating": found.derivation.document(),
                "terms": document_of(self.terms),
                "proration": proration_of(self.share, self.whole, policies),
            },
        )

    def status(self, *, at: datetime, is_issued: bool) -> ChargeStatus:
        """Return where it stands: active from the beginning of its period on, final when nothing about it changes."""
        if self.billed_at is not None and (self.invoice_id is None or is_issued):
            return "final"
        return "active" if self.billed_at is not None or self.period.start <= at else "created"

    def _usage_line(self, found: Charged, used: Usage, policies: Policies, at: datetime) -> InvoiceLine:
        return InvoiceLine(
            subject=self.description,
            amount=found.amount,
            period=self.period,
            plan_version_id=None,
            component_id=ONE_OFF,
            quantity=used.quantity,
            derivation=explain(
                "usage",
                plan_version_id=None,
                component_id=ONE_OFF,
                period=self.period,
                quantity=used.quantity,
                policies=policies,
                feature=self.feature_key,
                tax=of_component(self.tax_code, self.tax_behavior),
                rating=found.derivation.document(),
                charge=self.id,
                counted_at=of_instant(at),
                terms=document_of(self.terms),
            ),
        )

    def document(self) -> dict[str, Any]:
        """Return it in JSON values."""
        found = {
            "description": self.description,
            "currency": self.currency,
            "terms": document_of(self.terms),
            "period": of_period(self.period),
            "whole": of_period(self.whole),
            "invoice_at": of_instant(self.invoice_at),
            "feature": self.feature_key,
            "tax_code": self.tax_code,
            "tax_behavior": self.tax_behavior,
            "billed_at": None if self.billed_at is None else of_instant(self.billed_at),
            "invoice": self.invoice_id,
        }
        return {name: value for name, value in found.items() if value is not None}


def planned_charge_from(charge_id: str, customer_id: str, document: Mapping[str, Any]) -> PlannedCharge:
    """Read what `PlannedCharge.document` has written."""
    billed_at = document.get("billed_at")
    return PlannedCharge(
        charge_id,
        customer_id,
        document["description"],
        document["currency"],
        terms_from_document(document["terms"]),
        period_of(document["period"]),
        period_of(document["whole"]),
        datetime.fromisoformat(document["invoice_at"]),
        document.get("feature"),
        document.get("tax_code"),
        document.get("tax_behavior"),
        None if billed_at is None else datetime.fromisoformat(billed_at),
        document.get("invoice"),
    )


def check_planned(planned: PlannedCharge, policies: Policies, *, at: datetime) -> None:
    """Let a charge pass that can be billed when its time comes.

    Raises:
        InvalidRequest: the description, a period or the instant of the invoice can't be.
        InvalidAmount: a flat amount is not above zero, or anything more than can be real.
    """
    check_description(planned.description, "name")
    if planned.feature_key is not None and planned.invoice_at < planned.period.end:
        raise InvalidRequest(
            "usage is billed when its period is over",
            parameter="invoice_at",
            remedy="Name the end of the service period, or a later instant.",
        )
    if planned.period.start >= planned.period.end:
        raise InvalidRequest("the period ends before it begins", parameter="service_period.to")
    if not planned.whole.start <= planned.period.start < planned.period.end <= planned.whole.end:
        raise InvalidRequest("the service period is no part of the full one", parameter="full_service_period")
    check_period(planned.whole, at=at, parameter="service_period")
    check_period(Period(planned.invoice_at, planned.invoice_at), at=at, parameter="invoice_at")
    planned.line(NOTHING_USED, policies, at=at)
