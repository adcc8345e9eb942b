"""Charges as they are asked for: a flat fee, or what a feature's use of a period comes to."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, Tag

from billing_sdk.errors import InvalidAmount, InvalidPrice, InvalidRequest, InvalidTiers, NotOffered
from billing_sdk.money import CURRENCIES
from billing_sdk.server.api.konnect.bodies import Body
from billing_sdk.server.api.konnect.compiling import member_of
from billing_sdk.server.api.konnect.prices import AnyPrice, FreePrice, by_type, minor_of, priced
from billing_sdk.server.api.konnect.rate_cards import Discounts, JsonNumber, Reference
from billing_sdk.server.api.konnect.values import CurrencyCode, Description, Instant, Labels, Name, Numeric, Ulid
from billing_sdk.server.domain.invoicing import PlannedCharge
from billing_sdk.server.domain.periods import Period
from billing_sdk.server.domain.rating import Flat, Terms
from billing_sdk.server.ids import id_from_ulid
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.known_tax_codes import known_tax_codes, referred_tax_code
from billing_sdk.server.usecases.planned_charges import Wished, new_charge_id

# What has a place of its own beside what was sent.
APART = {"name", "description", "labels"}
ZERO = Decimal(0)


class PeriodBody(Body):
    """From an instant on, to before another one."""

    from_: Instant = Field(alias="from")
    to: Instant

    def period(self, name: str) -> Period:
        """Return it as a period.

        Raises:
            InvalidRequest: it ends before it begins.
        """
        if self.from_ >= self.to:
            raise InvalidRequest("the period ends before it begins", parameter=f"{name}.to")
        return Period(self.from_, self.to)


class StripeTax(Body):
    """A tax code as Stripe calls it."""

    code: Annotated[str, Field(pattern=r"^txcd_\d{8}$")]


class ExternalTax(Body):
    """A tax code as somebody else's invoicing calls it."""

    code: Annotated[str, Field(max_length=64)]


class ChargeTax(Body):
    """How a charge is taxed; where there are several codes, the first of `tax_code`, `tax_code_id`, `stripe` counts."""

    behavior: Literal["inclusive", "exclusive"] | None = None
    stripe: StripeTax | None = None
    external_invoicing: ExternalTax | None = None
    tax_code_id: Ulid | None = None
    tax_code: Reference | None = None

    def code(self, tx: UnitOfWork) -> str | None:
        """Return the key of the tax code; None for the default.

        Raises:
            InvalidRequest: there is no such tax code.
            NotOffered: it is one that only somebody else's invoicing knows.
        """
        if self.tax_code is not None:
            return _referred(tx, self.tax_code.id, "tax_config.tax_code.id")
        if self.tax_code_id is not None:
            return _referred(tx, self.tax_code_id, "tax_config.tax_code_id")
        if self.stripe is not None:
            wanted = {"app_type": "stripe", "tax_code": self.stripe.code}
            for one in known_tax_codes(tx):
                if one.extras.deleted_at is None and wanted in one.extras.more.get("app_mappings", []):
                    return one.code.key
            raise InvalidRequest(
                "no tax code is mapped to that one of Stripe",
                parameter="tax_config.stripe.code",
                rule="missing_reference",
            )
        if self.external_invoicing is not None:
            raise NotOffered(
                "codes of somebody else's invoicing are of no use here", parameter="tax_config.external_invoicing"
            )
        return None


class ChargeFields(Body):
    """What can be said of any charge."""

    name: Name
    description: Description | None = None
    labels: Labels | None = None
    currency: CurrencyCode
    invoice_at: Instant
    service_period: PeriodBody
    unique_reference_id: str | None = None
    settlement_mode: Literal["credit_then_invoice", "credit_only"]
    tax_config: ChargeTax | None = None
    full_service_period: PeriodBody | None = None
    billing_period: PeriodBody | None = None

    def wished(self, tx: UnitOfWork, customer_id: str) -> Wished:
        """Return it as the use cases take it.

        Raises:
            InvalidRequest: a part of it can't be.
            NotOffered: it is to be settled by credit alone, or by codes of somebody else's invoicing.
        """
        if self.settlement_mode == "credit_only":
            raise NotOffered("a charge can't be settled by credit alone", parameter="settlement_mode")
        if self.currency not in CURRENCIES:
            raise InvalidRequest("is not an ISO 4217 currency code", parameter="currency")
        service, whole = self.service_period.period("service_period"), None
        if self.full_service_period is not None:
            whole = self.full_service_period.period("full_service_period")
        if self.billing_period is not None:
            self.billing_period.period("billing_period")
        tax = self.tax_config
        planned = PlannedCharge(
            new_charge_id(),
            customer_id,
            self.name,
            self.currency,
            self._terms(),
            service,
            self._whole(service, whole),
            self.invoice_at,
            self._feature(tx),
            None if tax is None else tax.code(tx),
            None if tax is None else tax.behavior,
        )
        return Wished(
            planned,
            self.name,
            self.description,
            self.labels or {},
            self.unique_reference_id,
            self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=APART),
        )

    @abstractmethod
    def _terms(self) -> Terms:
        """Return by what terms it is priced."""

    @abstractmethod
    def _whole(self, service: Period, whole: Period | None) -> Period:
        """Return what a flat amount is for; usage is never charged in part."""

    @abstractmethod
    def _feature(self, tx: UnitOfWork) -> str | None:
        """Return the key of the feature whose usage it charges; None where it charges none."""


class PriceDiscount(Body):
    """A share that is taken off."""

    percentage: Annotated[JsonNumber, Field(ge=0, le=100)] | None = None


class Proration(Body):
    """Whether a part of a period costs a part of the amount."""

    mode: Literal["no_proration", "prorate_prices"]


class AmountBody(Body):
    """An amount of money, in the currency's main unit."""

    amount: Numeric
    currency: CurrencyCode


class NewFlatFee(ChargeFields):
    """An amount that is charged once."""

    type: Literal["flat_fee"]
    payment_term: Literal["in_advance", "in_arrears"]
    discounts: PriceDiscount | None = None
    feature_key: str | None = None
    proration_configuration: Proration
    amount_before_proration: AmountBody

    def _terms(self) -> Terms:
        amount = self.amount_before_proration
        if amount.currency != self.currency:
            raise InvalidRequest(
                f"the charge is in {self.currency}", parameter="amount_before_proration.currency", rule="invalid"
            )
        try:
            flat = Flat(minor_of(amount.amount, self.currency))
        except (InvalidAmount, InvalidPrice) as error:
            raise InvalidRequest(error.detail, parameter="amount_before_proration.amount") from None
        return Terms(flat, discount_percent=(self.discounts and self.discounts.percentage) or ZERO)

    def _whole(self, service: Period, whole: Period | None) -> Period:
        prorates = self.proration_configuration.mode == "prorate_prices"
        return whole if whole is not None and prorates else service

    def _feature(self, tx: UnitOfWork) -> str | None:
        if self.feature_key is not None and tx.features.find(self.feature_key) is None:
            raise InvalidRequest("there is no such feature", parameter="feature_key", rule="missing_reference")
        return None


class NewUsageCharge(ChargeFields):
    """What a feature's use of a period comes to, charged once when it is over."""

    type: Literal["usage_based"]
    discounts: Discounts | None = None
    feature_key: str
    price: AnyPrice

    def _terms(self) -> Terms:
        discounts = self.discounts
        try:
            return Terms(
                Flat(ZERO) if isinstance(self.price, FreePrice) else priced(self.price, self.currency),
                discount_units=(discounts and discounts.usage) or ZERO,
                discount_percent=(discounts and discounts.percentage) or ZERO,
            )
        except (InvalidTiers, InvalidPrice, InvalidAmount) as error:
            raise InvalidRequest(error.detail, parameter=member_of(error)) from None

    def _whole(self, service: Period, whole: Period | None) -> Period:
        return service if whole is None else whole

    def _feature(self, tx: UnitOfWork) -> str | None:
        if tx.usage.meter_of(self.feature_key) is None:
            raise InvalidRequest(
                "there is no such feature whose use is counted", parameter="feature_key", rule="missing_reference"
            )
        return self.feature_key


NewCharge: TypeAlias = Annotated[
    Annotated[NewFlatFee, Tag("(flat_fee)")] | Annotated[NewUsageCharge, Tag("(usage_based)")],
    by_type("flat_fee", "usage_based"),
]


def _referred(tx: UnitOfWork, ulid: str, parameter: str) -> str | None:
    return referred_tax_code(tx, id_from_ulid("tax", ulid), parameter=parameter)
