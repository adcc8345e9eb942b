"""Lines of invoices as v1 shows them: what was charged, by which price, under which subscription, and what lowers it.

Source: Stripe documentation, API reference, Invoice Line Item; the published clients of Stripe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, SerializationInfo

from billing_sdk.server.api.stripe.bodies import Since, Until, View
from billing_sdk.server.api.stripe.ids import (
    BillableItemId,
    CreditTransactionId,
    InvoiceId,
    LicenceFeeId,
    LicenceFeeVersionId,
    PlanVersionId,
    RateCardId,
    RateCardSubscriptionId,
    RateCardVersionId,
    RateId,
    SubscriptionId,
    line_id,
)
from billing_sdk.server.api.stripe.invoice_totals import Charged, Reduction
from billing_sdk.server.api.stripe.rendering import Rendering
from billing_sdk.server.api.stripe.values import DecimalText, Livemode, LowerCurrency, UnixTime
from billing_sdk.server.domain.catalog import LicenceFee, PlanVersion, Rate
from billing_sdk.server.domain.catalog.attachment import Attachment
from billing_sdk.server.domain.invoicing import Invoice
from billing_sdk.server.domain.rating import ByDimension, Flat, PerUnit, Terms
from billing_sdk.server.domain.tax import TaxAmount
from billing_sdk.server.storage import UnitOfWork

# From then on lines of fees name the subscription to the plan, and not one to the fee.
PLAN_DETAILS_SINCE = "2026-04-22"


class PeriodView(View):
    """What time a line is for."""

    start: UnixTime
    end: UnixTime


class TaxRateDetails(View):
    """Which rate a tax is of."""

    tax_rate: str


class TaxView(View):
    """What one rate comes to on a line, or on an invoice."""

    amount: int
    tax_behavior: str
    tax_rate_details: TaxRateDetails
    taxability_reason: str
    taxable_amount: int
    type: Literal["tax_rate_details"] = "tax_rate_details"

    @classmethod
    def of(cls, tax: TaxAmount) -> TaxView:
        """Show a tax of a line or an invoice."""
        return cls(
            amount=tax.amount.minor,
            tax_behavior="inclusive" if tax.is_inclusive else "exclusive",
            tax_rate_details=TaxRateDetails(tax_rate=tax.rate.rate_id),
            taxability_reason="standard_rated" if tax.percent else "zero_rated",
            taxable_amount=tax.base.minor,
        )


class DiscountAmount(View):
    """What a discount takes off."""

    amount: int
    discount: str


class PretaxCredit(View):
    """What a discount or a grant of credit takes off before tax."""

    amount: int
    type: str
    credit_balance_transaction: CreditTransactionId | None
    discount: str | None

    @classmethod
    def of(cls, one: Reduction, transactions: Mapping[str, str]) -> PretaxCredit:
        """Show what is taken off; `transactions` are those of the grants on the line, of which a preview has none."""
        is_credit = one.kind == "credit_grant"
        return cls(
            amount=one.amount_minor,
            type="credit_balance_transaction" if is_credit else "discount",
            credit_balance_transaction=transactions.get(one.name) if is_credit else None,
            discount=None if is_credit else one.name,
        )


class LicenseFeeDetails(View):
    """Which fee a line is of."""

    license_fee: LicenceFeeId
    license_fee_version: LicenceFeeVersionId
    licensed_item: BillableItemId


class RateDetails(View):
    """Which rate a line is of."""

    metered_item: BillableItemId
    rate_card: RateCardId
    rate_card_rate: RateId


class OverageDetails(View):
    """Which overage rate a line is of."""

    custom_pricing_unit: str
    custom_pricing_unit_overage_rate: str
    one_time_item: BillableItemId | None
    rate_card: RateCardId | None


class Pricing(View):
    """By what a line is priced."""

    type: str
    unit_amount_decimal: DecimalText | None
    license_fee_details: LicenseFeeDetails | None = None
    price_details: None = None
    rate_card_rate_details: RateDetails | None = None
    rate_card_custom_pricing_unit_overage_rate_details: Annotated[OverageDetails | None, Since("2026-06-10")] = None


class PlanParent(View):
    """The subscription to a plan that a line is of."""

    invoice_item: str
    pricing_plan_subscription: SubscriptionId
    pricing_plan_version: PlanVersionId


class LicenceFeeParent(View):
    """The part of a subscription to a plan that is about a fee."""

    invoice_item: str
    license_fee_subscription: str
    license_fee_version: LicenceFeeVersionId
    pricing_plan_subscription: SubscriptionId
    pricing_plan_version: PlanVersionId


class RateCardParent(View):
    """The part of a subscription to a plan that is about a rate card."""

    invoice_item: str
    rate_card_subscription: RateCardSubscriptionId
    rate_card_version: RateCardVersionId
    pricing_plan_subscription: Annotated[SubscriptionId, Until(PLAN_DETAILS_SINCE)]
    pricing_plan_version: Annotated[PlanVersionId, Until(PLAN_DETAILS_SINCE)]


class ItemParent(View):
    """A charge of its own."""

    invoice_item: str
    proration: bool
    proration_details: None = None
    subscription: None = None


def _type_of(types: tuple[str, str], info: SerializationInfo[Any]) -> str:
    return types[Rendering.of(info).version.is_before(PLAN_DETAILS_SINCE)]


# What it is called since then, and before.
ParentType = Annotated[tuple[str, str], PlainSerializer(_type_of, return_type=str)]


class LineParent(View):
    """What a line comes from; which one of a fee depends on the version."""

    type: ParentType
    invoice_item_details: ItemParent | None = None
    license_fee_subscription_details: Annotated[LicenceFeeParent | None, Until(PLAN_DETAILS_SINCE)] = None
    pricing_plan_subscription_details: Annotated[PlanParent | None, Since(PLAN_DETAILS_SINCE)] = None
    rate_card_subscription_details: RateCardParent | None = None
    subscription_item_details: None = None


class InvoiceLineView(View):
    """A line of an invoice."""

    id: str
    object: Literal["line_item"] = "line_item"
    amount: int
    currency: LowerCurrency
    description: str
    discount_amounts: list[DiscountAmount]
    discountable: bool = True
    discounts: list[str]
    invoice: InvoiceId | None
    livemode: Livemode = None
    metadata: dict[str, str] = Field(default_factory=dict)
    parent: LineParent | None
    period: PeriodView
    pretax_credit_amounts: list[PretaxCredit]
    pricing: Pricing | None
    quantity: int | None
    quantity_decimal: Annotated[DecimalText | None, Since("2026-03-04")]
    subscription: None = None
    subtotal: int
    taxes: list[TaxView]


@dataclass(slots=True)
class Lines:
    """Shows lines of invoices; what they refer to in the catalogue is looked up once.

    Attributes:
        transactions: ids of what grants have paid, by the number of the line and the grant.
    """

    tx: UnitOfWork
    invoice: Invoice
    transactions: Mapping[tuple[int | None, str], str] = field(default_factory=dict)
    _versions: dict[str, PlanVersion] = field(default_factory=dict)
    _attached: dict[str, tuple[Attachment, ...]] = field(default_factory=dict)

    def view(self, one: Charged) -> InvoiceLineView:
        """Show a line."""
        line = one.line
        paid = {grant: known for (number, grant), known in self.transactions.items() if number == one.number}
        pricing, parent = self._origin(one)
        reductions = [reduction for reduction in one.reductions if reduction.amount_minor]
        quantity = Decimal(1) if line.quantity is None and line.kind == "licence_fee" else line.priced_quantity
        return InvoiceLineView(
            id=line_id(self.invoice.id, one.number),
            amount=line.amount.minor,
            currency=self.invoice.currency,
            description=line.description,
            discount_amounts=[DiscountAmount(amount=each.amount_minor, discount=each.name) for each in one.discounts],
            discounts=[each.name for each in one.discounts],
            invoice=self.invoice.id,
            parent=parent,
            period=PeriodView(start=line.period.start, end=line.period.end),
            pretax_credit_amounts=[PretaxCredit.of(each, paid) for each in reductions],
            pricing=pricing,
            quantity=None if quantity is None else int(quantity),
            quantity_decimal=quantity,
            subtotal=line.amount.minor,
            taxes=[TaxView.of(tax) for tax in one.taxes],
        )

    def _origin(self, one: Charged) -> tuple[Pricing | None, LineParent | None]:
        """Return by what a line is priced, and what it comes from."""
        line, item = one.line, line_id(self.invoice.id, one.number).replace("il_", "ii_", 1)
        own = ItemParent(invoice_item=item, proration=line.kind == "unused_time")
        alone = LineParent(type=("invoice_item_details", "invoice_item_details"), invoice_item_details=own)
        version_id, agreement_id = line.plan_version_id, line.agreement_id
        if version_id is None or agreement_id is None:
            return None, alone
        if line.kind == "overage":
            return self._overage(one), alone
        if line.derivation.get("card") is not None:
            return self._rate(one), self._rate_parent(item, line.derivation["card"], version_id, agreement_id)
        attached = next((each for each in self._attachments(version_id) if each.id == line.component_id), None)
        plan = PlanParent(invoice_item=item, pricing_plan_subscription=agreement_id, pricing_plan_version=version_id)
        parent = LineParent(
            type=("pricing_plan_subscription_details", "invoice_item_details"),
            pricing_plan_subscription_details=plan,
        )
        if attached is None or attached.kind != "licence_fee":
            return None, parent.model_copy(update={"invoice_item_details": own})
        fee = LicenceFeeParent(
            invoice_item=item,
            license_fee_subscription=f"{agreement_id}/{attached.id}",
            license_fee_version=attached.version_id or "",
            pricing_plan_subscription=agreement_id,
            pricing_plan_version=version_id,
        )
        types = ("pricing_plan_subscription_details", "license_fee_subscription_details")
        update = {"type": types, "license_fee_subscription_details": fee}
        return self._fee(attached, version_id), parent.model_copy(update=update)

    def _rate(self, one: Charged) -> Pricing:
        line = one.line
        rates = self._version(line.plan_version_id).of_kind(Rate)
        found = next((each for each in rates if each.id == line.component_id), None)
        details = RateDetails(
            metered_item=line.derivation["item"], rate_card=line.derivation["card"], rate_card_rate=line.component_id
        )
        unit_amount = None if found is None else _unit_amount(found.terms)
        return Pricing(type="rate_card_rate_details", unit_amount_decimal=unit_amount, rate_card_rate_details=details)

    def _fee(self, attached: Attachment, version_id: str) -> Pricing:
        fee = self.tx.licence_fees.get(attached.object_id)
        found = next((each for each in self._version(version_id).of_kind(LicenceFee) if each.id == attached.id), None)
        details = LicenseFeeDetails(
            license_fee=fee.id, license_fee_version=attached.version_id or "", licensed_item=fee.item.id
        )
        unit_amount = None if found is None else _unit_amount(found.terms)
        return Pricing(type="license_fee_details", unit_amount_decimal=unit_amount, license_fee_details=details)

    def _overage(self, one: Charged) -> Pricing:
        line = one.line
        used = self.invoice.lines[int(line.derivation["line"]) - 1].derivation
        details = OverageDetails(
            custom_pricing_unit=line.derivation["unit"]["id"],
            custom_pricing_unit_overage_rate=line.component_id,
            one_time_item=None,
            rate_card=used.get("card"),
        )
        return Pricing(
            type="rate_card_custom_pricing_unit_overage_rate_details",
            unit_amount_decimal=Decimal(line.derivation["unit_amount"]),
            rate_card_custom_pricing_unit_overage_rate_details=details,
        )

    def _rate_parent(self, item: str, card_id: str, version_id: str, agreement_id: str) -> LineParent:
        attached = next((each for each in self._attachments(version_id) if each.object_id == card_id), None)
        details = RateCardParent(
            invoice_item=item,
            rate_card_subscription=f"{agreement_id}/{card_id}",
            rate_card_version=(attached.version_id if attached else None) or "",
            pricing_plan_subscription=agreement_id,
            pricing_plan_version=version_id,
        )
        kind = "rate_card_subscription_details"
        return LineParent(type=(kind, kind), rate_card_subscription_details=details)

    def _version(self, version_id: str | None) -> PlanVersion:
        wanted = version_id or ""
        if wanted not in self._versions:
            self._versions[wanted] = self.tx.catalog.get_version(wanted)
        return self._versions[wanted]

    def _attachments(self, version_id: str) -> tuple[Attachment, ...]:
        if version_id not in self._attached:
            self._attached[version_id] = self.tx.attachments.of(version_id)
        return self._attached[version_id]


def _unit_amount(terms: Terms) -> Decimal | None:
    """Return what one costs, in minor units; None where that depends on how many there are."""
    price = terms.price
    if isinstance(price, ByDimension) and len(price.rates) == 1 and price.otherwise is None:
        price = price.rates[0][1]
    match price:
        case PerUnit():
            return price.unit_amount
        case Flat():
            return price.amount
        case _:
            return None
