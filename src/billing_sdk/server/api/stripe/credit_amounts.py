"""Amounts of credit: of money, or of a custom pricing unit; and what credit can pay for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from billing_sdk.errors import BillingError, NotFound
from billing_sdk.money import MAX_MINOR, Money
from billing_sdk.server.api.stripe.bodies import FormBody, View
from billing_sdk.server.api.stripe.ids import BillableItemId, CustomUnitId, Kind, RateCardId, ours, unknown
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.values import DecimalText, LowerCurrency, UnixTime, Whole
from billing_sdk.server.domain.catalog import CustomUnit, Units, units_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.custom_units import active_unit

MOST_IN_SCOPE = 20


class MonetaryBody(FormBody):
    """Money that is granted."""

    currency: LowerCurrency
    value: Annotated[Whole, Field(gt=0, le=MAX_MINOR)]


class UnitAmountBody(FormBody):
    """Units that are granted."""

    id: str
    value: Annotated[DecimalText, Field(gt=0)]


class AmountBody(FormBody):
    """What is granted: money, or units."""

    type: Literal["monetary", "custom_pricing_unit"]
    monetary: MonetaryBody | None = None
    custom_pricing_unit: UnitAmountBody | None = None


class NamedBody(FormBody):
    """Something that a scope names."""

    id: str


class ScopeBody(FormBody):
    """What credit pays for: all metered usage, some items, or the charges of some rate cards."""

    price_type: Literal["metered"] | None = None
    prices: list[NamedBody] | None = None
    billable_items: list[NamedBody] | None = None
    rate_cards: list[NamedBody] | None = None


class MonetaryView(View):
    """Money."""

    currency: LowerCurrency
    value: int


class UnitDetails(View):
    """A custom pricing unit, as v1 shows it."""

    id: CustomUnitId
    created: UnixTime
    display_name: str
    lookup_key: str | None
    metadata: dict[str, str]
    status: Literal["active", "inactive"]


class UnitAmountView(View):
    """Units."""

    id: CustomUnitId
    value: DecimalText
    custom_pricing_unit_details: UnitDetails | None


class AmountView(View):
    """An amount of credit."""

    custom_pricing_unit: UnitAmountView | None
    monetary: MonetaryView | None
    type: Literal["monetary", "custom_pricing_unit"]

    @classmethod
    def of(cls, amount: Money, unit: CustomUnit | None) -> AmountView:
        """Show money, or units with their unit."""
        if not isinstance(amount, Units):
            monetary = MonetaryView(currency=amount.currency, value=amount.minor)
            return cls(custom_pricing_unit=None, monetary=monetary, type="monetary")
        details = None if unit is None else _details(unit)
        units = UnitAmountView(id=amount.currency, value=amount.value, custom_pricing_unit_details=details)
        return cls(custom_pricing_unit=units, monetary=None, type="custom_pricing_unit")


class NamedItem(View):
    """An item that a scope names."""

    id: BillableItemId


class NamedCard(View):
    """A rate card that a scope names."""

    id: RateCardId


def amount_from(tx: UnitOfWork, body: AmountBody) -> Money:
    """Return what is granted.

    Raises:
        InvalidRequest: the member that the type names is missing, or another one is there.
        NotFound: there is no such unit.
        Conflict: the unit is not active.
        InvalidAmount: there is no such currency, or units are finer than a millionth.
    """
    other = "custom_pricing_unit" if body.type == "monetary" else "monetary"
    if getattr(body, other) is not None:
        raise refused("parameter_unknown", f"type is {body.type}, so {other} says nothing", param=f"amount[{other}]")
    if body.type == "monetary":
        if body.monetary is None:
            raise _missing("amount[monetary]")
        return Money(body.monetary.value, body.monetary.currency)
    if body.custom_pricing_unit is None:
        raise _missing("amount[custom_pricing_unit]")
    unit_id = ours("custom_pricing_unit", body.custom_pricing_unit.id, param="amount[custom_pricing_unit][id]")
    return units_of(body.custom_pricing_unit.value, active_unit(tx, unit_id).id)


def scope_from(tx: UnitOfWork, body: ScopeBody, param: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the items and of the rate cards that a scope names; none of either for all metered usage.

    Raises:
        InvalidRequest: it names nothing, two things, or more than 20.
        NotFound: something that it names does not exist.
    """
    given = [name for name in ("price_type", "prices", "billable_items", "rate_cards") if getattr(body, name)]
    if len(given) != 1:
        raise refused(
            "parameter_missing" if not given else "parameter_invalid",
            "a scope is one of price_type, prices, billable_items and rate_cards",
            param=param if not given else f"{param}[{given[1]}]",
        )
    if body.prices:
        raise unknown("price", body.prices[0].id, param=f"{param}[prices][0][id]")
    named = body.billable_items or body.rate_cards or []
    if len(named) > MOST_IN_SCOPE:
        raise refused("array_too_large", f"a scope names {MOST_IN_SCOPE} things at most", param=f"{param}[{given[0]}]")
    if body.billable_items:
        return _named(named, "billable_item", f"{param}[billable_items]", tx.items.get_metered), ()
    return (), _named(named, "rate_card", f"{param}[rate_cards]", tx.rate_cards.get)


def check_customer(tx: UnitOfWork, customer_id: str, given: str) -> None:
    """Let a customer pass that there is.

    Raises:
        NotFound: there is none; the message says what was given.
    """
    try:
        tx.customers.get(customer_id)
    except NotFound:
        raise unknown("customer", given, param="customer") from None


def _named(named: Sequence[NamedBody], kind: Kind, param: str, get: Callable[[str], object]) -> tuple[str, ...]:
    found = []
    for place, one in enumerate(named):
        where = f"{param}[{place}][id]"
        our_id = ours(kind, one.id, param=where)
        try:
            get(our_id)
        except NotFound:
            raise unknown(kind, one.id, param=where) from None
        found.append(our_id)
    return tuple(found)


def _missing(param: str) -> BillingError:
    return refused("parameter_missing", f"Missing required param: {param}", param=param)


def _details(unit: CustomUnit) -> UnitDetails:
    return UnitDetails(
        id=unit.id,
        created=unit.created_at,
        display_name=unit.name,
        lookup_key=unit.lookup_key,
        metadata=dict(unit.metadata),
        status="active" if unit.is_active else "inactive",
    )
