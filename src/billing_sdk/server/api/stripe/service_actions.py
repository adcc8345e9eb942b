"""Service actions of v2: credit that is granted again at every service interval; only their names ever change.

Source: Stripe documentation, "How advanced usage-based billing works", Service action concepts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from starlette.responses import Response

from billing_sdk.errors import BillingError, InvalidAmount, NotFound
from billing_sdk.money import Money
from billing_sdk.server.api.stripe.answers import Answering
from billing_sdk.server.api.stripe.bodies import Body, StripeRoute, View
from billing_sdk.server.api.stripe.ids import BillableItemId, ServiceActionId, ours, path_id
from billing_sdk.server.api.stripe.labels import TAKEN, CycleBody, Interval, Name, listed
from billing_sdk.server.api.stripe.once import OnlyOnce
from billing_sdk.server.api.stripe.problems import refused
from billing_sdk.server.api.stripe.refusals import Refusal, telling
from billing_sdk.server.api.stripe.security import CallerOf, EngineOf, v2
from billing_sdk.server.api.stripe.units import UnitAmountBody, UnitAmountView, unit_of
from billing_sdk.server.api.stripe.values import Instant, Int64, Livemode, LookupKey, LowerCurrency
from billing_sdk.server.domain.catalog import CreditCategory, CustomUnit, ServiceAction, is_unit, units_of
from billing_sdk.server.storage import UnitOfWork
from billing_sdk.server.usecases.create_service_action import create_service_action, update_service_action
from billing_sdk.server.usecases.engine import Engine
from billing_sdk.server.web.operations import Operations

router = Operations(route_class=StripeRoute)

ActionPath = Annotated[str, path_id("service_action", "action_id")]
CODES: dict[type[BillingError], str] = {NotFound: "service_action_not_found"}
SCOPE = "credit_grant.applicability_config.scope"
AMOUNT = "credit_grant.amount"
VALUE = f"{AMOUNT}.monetary"


class MonetaryBody(Body):
    """An amount of money, in minor units."""

    value: Int64
    currency: LowerCurrency


class AmountBody(Body):
    """How much is granted: money, or units."""

    type: Literal["monetary", "custom_pricing_unit"]
    monetary: MonetaryBody | None = None
    custom_pricing_unit: UnitAmountBody | None = None


class ScopeBody(Body):
    """What the credit can pay: some metered items, or whatever is metered."""

    billable_items: Annotated[list[str], BeforeValidator(listed), Field(max_length=20)] | None = None
    price_type: Literal["metered"] | None = None


class ApplicabilityBody(Body):
    """What the credit can pay."""

    scope: ScopeBody


class ExpiryBody(Body):
    """What becomes of credit that is left at the end of the interval: it is gone."""

    type: Literal["end_of_service_period"]


class GrantBody(Body):
    """What is granted."""

    name: Name
    amount: AmountBody
    applicability_config: ApplicabilityBody
    expiry_config: ExpiryBody
    category: CreditCategory | None = None
    priority: Annotated[Int64, Field(ge=0, le=100)] | None = None


class NewServiceAction(CycleBody):
    """A service action."""

    type: str
    credit_grant: GrantBody | None = None
    credit_grant_per_tenant: Any = None
    lookup_key: LookupKey | None = None


class GrantName(Body):
    """The one thing that can be changed of what is granted."""

    name: Name


class ServiceActionChange(Body):
    """What can be changed of a service action."""

    credit_grant: GrantName | None = None
    lookup_key: LookupKey | None = None


class MonetaryView(View):
    """An amount of money, in minor units."""

    value: int
    currency: LowerCurrency


class AmountView(View):
    """How much is granted: money, or units."""

    type: Literal["monetary", "custom_pricing_unit"]
    monetary: MonetaryView | None
    custom_pricing_unit: UnitAmountView | None

    @classmethod
    def of(cls, amount: Money, unit: CustomUnit | None) -> AmountView:
        """Show an amount; the unit is that of an amount of units."""
        if unit is not None:
            shown = UnitAmountView.of(unit, Decimal(amount.minor))
            return cls(type="custom_pricing_unit", monetary=None, custom_pricing_unit=shown)
        money = MonetaryView(value=amount.minor, currency=amount.currency)
        return cls(type="monetary", monetary=money, custom_pricing_unit=None)


class ScopeView(View):
    """What the credit can pay."""

    billable_items: list[BillableItemId] | None
    price_type: Literal["metered"] | None


class ApplicabilityView(View):
    """What the credit can pay."""

    scope: ScopeView


class ExpiryView(View):
    """When credit that is left is gone."""

    type: Literal["end_of_service_period"] = "end_of_service_period"


class GrantView(View):
    """What is granted."""

    name: str
    amount: AmountView
    applicability_config: ApplicabilityView
    category: CreditCategory
    expiry_config: ExpiryView
    priority: int


class ServiceActionView(View):
    """A service action."""

    id: ServiceActionId
    object: Literal["v2.billing.service_action"] = "v2.billing.service_action"
    created: Instant
    credit_grant: GrantView
    credit_grant_per_tenant: None = None
    livemode: Livemode = None
    lookup_key: str | None
    service_interval: Interval
    service_interval_count: int
    type: Literal["credit_grant"] = "credit_grant"

    @classmethod
    def of(cls, action: ServiceAction, unit: CustomUnit | None = None) -> ServiceActionView:
        """Show a service action; the unit is that of one which grants units."""
        items = [item.id for item in action.items] or None
        scope = ScopeView(billable_items=items, price_type=None if items else "metered")
        return cls(
            id=action.id,
            created=action.created_at,
            credit_grant=GrantView(
                name=action.name,
                amount=AmountView.of(action.amount, unit),
                applicability_config=ApplicabilityView(scope=scope),
                category=action.category,
                expiry_config=ExpiryView(),
                priority=action.priority,
            ),
            lookup_key=action.lookup_key,
            service_interval=action.service.unit,
            service_interval_count=action.service.count,
        )


@router.post("/billing/service_actions", **v2("create:billing_plans", codes=CODES))
def create_action(caller: CallerOf, body: NewServiceAction, once: OnlyOnce) -> Response:
    """Have credit granted at every service interval."""
    grant, service = _grant_of(body), body.cadence
    scope = _checked_scope(grant.applicability_config.scope)

    def serve(engine: Engine) -> View:
        with engine.read() as tx:
            item_ids = _item_ids(tx, scope.billable_items or [])
        amount = _amount_of(engine, grant.amount)
        with telling({**TAKEN, InvalidAmount: Refusal("parameter_invalid", param=f"{VALUE}.value")}):
            action = create_service_action(
                engine,
                name=grant.name,
                amount=amount,
                service=service,
                item_ids=item_ids,
                category=grant.category or "promotional",
                priority=50 if grant.priority is None else grant.priority,
                lookup_key=body.lookup_key,
                actor=caller.client_id,
            )
        return _shown(engine, action)

    return once(serve, body, again=_again)


@router.get("/billing/service_actions/{action_id}", **v2("read:billing_plans", codes=CODES))
def get_action(engine: EngineOf, answer: Answering, action_id: ActionPath) -> Response:
    """Get a service action."""
    with engine.read() as tx:
        action = tx.service_actions.get(action_id)
    return answer(_shown(engine, action))


@router.post("/billing/service_actions/{action_id}", **v2("update:billing_plans", codes=CODES))
def update_action(caller: CallerOf, action_id: ActionPath, body: ServiceActionChange, once: OnlyOnce) -> Response:
    """Change the name or the lookup key of a service action."""
    key = body.lookup_key or "" if "lookup_key" in body.model_fields_set else None
    name = None if body.credit_grant is None else body.credit_grant.name

    def serve(engine: Engine) -> View:
        with telling(TAKEN):
            action = update_service_action(
                engine, action_id=action_id, name=name, lookup_key=key, actor=caller.client_id
            )
        return _shown(engine, action)

    return once(serve, body, again=_again)


def _grant_of(body: NewServiceAction) -> GrantBody:
    if body.type != "credit_grant" or body.credit_grant_per_tenant is not None:
        raise refused(
            "service_action_type_invalid",
            f"a service action of the type {body.type[:40]!r} can't be made here",
            param="type",
            remedy="The type is credit_grant; there are no tenants within a customer.",
        )
    if body.credit_grant is None:
        raise refused("parameter_missing", "a service action of this type has a credit_grant", param="credit_grant")
    return body.credit_grant


def _checked_scope(scope: ScopeBody) -> ScopeBody:
    if scope.billable_items is not None and not scope.billable_items:
        raise refused("array_must_not_be_empty", "billable_items names no item", param=f"{SCOPE}.billable_items")
    if (scope.billable_items is None) is (scope.price_type is None):
        raise refused("parameter_invalid", "a scope has billable_items or a price_type", param=f"{SCOPE}.price_type")
    return scope


def _item_ids(tx: UnitOfWork, wanted: list[str]) -> list[str]:
    """Return the ids of metered items.

    Raises:
        BillingError: there is no such item, or it isn't billed by usage.
    """
    param = f"{SCOPE}.billable_items"
    with telling({NotFound: Refusal("billable_item_not_found", 404, param)}):
        item_ids = [ours("billable_item", text) for text in wanted]
        metered = tx.items.find_metered(item_ids)
        for item_id in item_ids:
            if item_id not in metered:
                _require_any(tx, item_id)
                raise refused("billable_item_not_metered", "the item is not billed by its usage", param=param)
    return item_ids


def _require_any(tx: UnitOfWork, item_id: str) -> None:
    """Let the id of a licensed or one-time item pass.

    Raises:
        NotFound: there is no such item.
    """
    try:
        tx.items.get_licensed(item_id)
    except NotFound:
        tx.items.get_one_time(item_id)


def _amount_of(engine: Engine, amount: AmountBody) -> Money:
    """Return what is granted at each service interval.

    Raises:
        BillingError: what the type names is missing, another amount is there as well, or there is no such unit.
    """
    other = "custom_pricing_unit" if amount.type == "monetary" else "monetary"
    if getattr(amount, other) is not None:
        raise refused("parameter_unknown", f"type is {amount.type}, so {other} says nothing", param=f"{AMOUNT}.{other}")
    if amount.monetary is not None:
        return _money(amount.monetary)
    units = amount.custom_pricing_unit
    unit_id = unit_of(engine, units, at=f"{AMOUNT}.", member="custom_pricing_unit")
    if units is None or unit_id is None:
        param = f"{AMOUNT}.{amount.type}"
        raise refused("parameter_missing", f"Missing required param: {param}", param=param)
    with telling({InvalidAmount: Refusal("parameter_invalid", param=f"{AMOUNT}.custom_pricing_unit.value")}):
        return units_of(units.value, unit_id)


def _money(amount: MonetaryBody) -> Money:
    with telling({InvalidAmount: Refusal("product_catalog_unsupported_currency", param=f"{VALUE}.currency")}):
        return Money(amount.value, amount.currency)


def _again(engine: Engine, action_id: str) -> View:
    with engine.read() as tx:
        action = tx.service_actions.get(ours("service_action", action_id))
    return _shown(engine, action)


def _shown(engine: Engine, action: ServiceAction) -> View:
    """Show a service action, with the unit that it grants."""
    currency = action.amount.currency
    if not is_unit(currency):
        return ServiceActionView.of(action)
    with engine.read() as tx:
        return ServiceActionView.of(action, tx.custom_units.find_all([currency])[currency])
