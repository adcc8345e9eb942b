"""What a plan version is made of: licence fees, rates, credit grants and entitlements.

A component with a price has it in one currency, and may have others beside it (`other_currencies`). Its service
interval (`service`) is how often it is charged or granted; None means the version's own cadence.
Source: Stripe documentation, "How advanced usage-based billing works" (service interval and billing cadence).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, TypeAlias, TypeVar, get_args

from billing_sdk.errors import CurrencyMismatch, InvalidQuantity, InvalidRequest, TaxBehaviorMismatch
from billing_sdk.money import Money
from billing_sdk.server.domain.catalog.keys import checked_tax_code
from billing_sdk.server.domain.catalog.units import PricedIn, is_unit
from billing_sdk.server.domain.catalog.usage_threshold import UsageThreshold
from billing_sdk.server.domain.periods import Alignment, Cadence
from billing_sdk.server.domain.rating import Flat, PerUnit, RatingPolicy, Terms, Usage, charge

# Whether tax is added to a price, or the price holds it already.
TaxBehavior = Literal["exclusive", "inclusive"]
# When a licence fee is charged: at the start of each service interval, at its end, or when it comes and never again.
FeeTiming = Literal["in_advance", "in_arrears", "once"]
CurrencyTerms: TypeAlias = tuple[str, Terms]
POLICY = RatingPolicy()


@dataclass(frozen=True, slots=True)
class LicenceFee:
    """A charge for every service interval, due when it starts unless it says otherwise.

    Attributes:
        terms: a fixed charge is flat; any other price is for a number of licences, such as seats.
        line_description: what the invoice says instead of the name.
        tax_code: what kind of thing it is, where places tax it at a rate of its own; the billing profile's if None.
        tax_behavior: whether the price includes tax; as the billing profile says if None.
        charged: in arrears it is for the time that was used; once, with the first period of the agreement or phase
            that it belongs to, it is never given back by time.
    """

    id: str
    key: str
    name: str
    currency: str
    terms: Terms
    line_description: str = ""
    service: Cadence | None = None
    other_currencies: tuple[CurrencyTerms, ...] = ()
    tax_code: str | None = None
    tax_behavior: TaxBehavior | None = None
    charged: FeeTiming = "in_advance"

    def __post_init__(self) -> None:
        check_tax(self.tax_code, self.tax_behavior)
        if self.charged not in get_args(FeeTiming):
            raise InvalidRequest(f"charged is none of {', '.join(get_args(FeeTiming))}", parameter="charged")

    @property
    def is_licensed(self) -> bool:
        """Whether it depends on a number of licences."""
        return not isinstance(self.terms.price, Flat)

    def amount(self, quantity: int = 1) -> Money:
        """Return what one service interval costs for a number of licences.

        Raises:
            InvalidQuantity: the number is below zero.
        """
        if quantity < 0:
            raise InvalidQuantity(f"{quantity} licences of {self.name!r} are less than none")
        return charge(self.terms, Usage(Decimal(quantity)), currency=self.currency, policy=POLICY).amount


@dataclass(frozen=True, slots=True)
class Rate:
    """A price for the use of a metered feature, charged when a service interval is complete; taxed as a fee is.

    Attributes:
        item_id: the metered item that is priced, where it comes from a rate card.
        card_id: that rate card.
        priced_in: the custom unit that its terms are in millionths of; what no grant covers is charged in `currency`.
    """

    id: str
    feature_key: str
    name: str
    currency: str
    terms: Terms
    line_description: str = ""
    service: Cadence | None = None
    other_currencies: tuple[CurrencyTerms, ...] = ()
    tax_code: str | None = None
    tax_behavior: TaxBehavior | None = None
    item_id: str | None = None
    card_id: str | None = None
    priced_in: PricedIn | None = None

    def __post_init__(self) -> None:
        check_tax(self.tax_code, self.tax_behavior)

    @property
    def unit_amount(self) -> Decimal | None:
        """What each unit costs in exact minor units, where every unit costs the same; else None."""
        price = self.terms.price
        return price.unit_amount if isinstance(price, PerUnit) else None


@dataclass(frozen=True, slots=True)
class CreditGrant:
    """Credit that the customer is to get at the start of every service interval, to be spent on usage.

    Credit in a custom unit has no price in any currency, and goes with all of them. What becomes of it once it is
    granted is the business of `domain.credits`.

    Attributes:
        expires_with_interval: what is left at the end of the interval is lost.
        applies_to: keys of the features whose usage it pays for; none means all.
        items: ids of the metered items that it pays for, where it comes from a service action; none means all.
        priority: grants of a lower number are spent first.
    """

    id: str
    key: str
    name: str
    amount: Money
    service: Cadence | None = None
    expires_with_interval: bool = True
    applies_to: tuple[str, ...] = ()
    category: str = "promotional"
    priority: int = 50
    other_currencies: tuple[Money, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def currency(self) -> str:
        """The currency of the amount, or its custom unit."""
        return self.amount.currency


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A feature that comes with the plan: simply, with a value, or for so many units of use.

    Attributes:
        limit_max: how much may be used in a usage period; None means without limit (metered) or simply included.
        limit_min: the least that is charged.
        value: what the feature is set to, as a short JSON text; only of a feature that isn't metered.
        is_soft: use goes on beyond the limit, as overage.
        usage_cadence: how often use is counted anew; None is with each billing period.
        usage_alignment: whether a usage period of its own begins where the agreement did, or on the calendar.
        keeps_overage: what was used beyond a limit is taken off what the next usage period includes.
        thresholds: at how much use the customer is told.
    """

    id: str
    feature_key: str
    feature_name: str
    limit_max: int | None = None
    limit_min: int | None = None
    value: str | None = None
    is_soft: bool = False
    usage_cadence: Cadence | None = None
    usage_alignment: Alignment = "anniversary"
    keeps_overage: bool = False
    thresholds: tuple[UsageThreshold, ...] = ()


Priced: TypeAlias = LicenceFee | Rate | CreditGrant
Component: TypeAlias = LicenceFee | Rate | CreditGrant | Entitlement
Kind = TypeVar("Kind", LicenceFee, Rate, CreditGrant, Entitlement)


def check_tax(code: str | None, behavior: str | None = None) -> None:
    """Let a tax code pass that can be one, and a behavior that is one; whether there is such a code is known elsewhere.

    Raises:
        InvalidRequest: either can't be.
    """
    if code is not None:
        checked_tax_code(code)
    if behavior is not None and behavior not in get_args(TaxBehavior):
        raise InvalidRequest("tax_behavior is neither exclusive nor inclusive", parameter="tax_behavior")


def require_tax_behavior(name: str, own: TaxBehavior | None, wanted: TaxBehavior | None) -> None:
    """Let a price pass that includes tax, or doesn't, as all prices of its plan do; None is a plan without a rule.

    Raises:
        TaxBehaviorMismatch: it is the other way.
    """
    if wanted is not None and own != wanted:
        raise TaxBehaviorMismatch(f"{name!r} is {own or 'as the billing profile says'}, and its plan {wanted}")


def currencies_of(component: Priced) -> tuple[str, ...]:
    """Return the currencies that a component has a price in, its first one first; none for credit in units."""
    if isinstance(component, CreditGrant) and is_unit(component.currency):
        return ()
    if isinstance(component, CreditGrant):
        return (component.currency, *(amount.currency for amount in component.other_currencies))
    return (component.currency, *(currency for currency, _ in component.other_currencies))


def component_in(component: Component, currency: str) -> Component:
    """Return a component with its price in another of its currencies first.

    Raises:
        CurrencyMismatch: it has no price in that currency.
    """
    if isinstance(component, Entitlement) or component.currency == currency or not currencies_of(component):
        return component
    if currency not in currencies_of(component):
        raise CurrencyMismatch(f"{component.name!r} has no price in {currency[:8]!r}")
    if isinstance(component, CreditGrant):
        amounts = {amount.currency: amount for amount in (component.amount, *component.other_currencies)}
        amount = amounts.pop(currency)
        return replace(component, amount=amount, other_currencies=tuple(amounts.values()))
    terms = dict(((component.currency, component.terms), *component.other_currencies))
    first = terms.pop(currency)
    return replace(component, currency=currency, terms=first, other_currencies=tuple(terms.items()))
