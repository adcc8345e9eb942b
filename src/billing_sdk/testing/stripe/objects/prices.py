"""Prices: an amount cannot be changed, only replaced by another price."""

from __future__ import annotations

from decimal import Decimal

from billing_sdk.testing.stripe.call import Call, integer_of
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.money import currency_of
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

CHANGEABLE = "active metadata.* nickname tax_behavior lookup_key transfer_lookup_key"
LONGEST_YEARS = {"day": 1095, "week": 156, "month": 36, "year": 3}


@operation(
    "POST /v1/prices",
    CHANGEABLE,
    "currency product unit_amount unit_amount_decimal billing_scheme tiers_mode"
    " recurring.interval recurring.interval_count recurring.usage_type recurring.meter"
    " tiers[].up_to tiers[].unit_amount tiers[].unit_amount_decimal tiers[].flat_amount tiers[].flat_amount_decimal"
    " transform_quantity.divide_by transform_quantity.round",
)
def create(call: Call) -> Json:
    """Make a price of a product."""
    product = call.space.get("product", call.needed("product"), param="product")
    recurring = _recurring(call)
    price: Json = {
        "id": call.state.ids.new("price"),
        "object": "price",
        "active": call.flag("active") is not False,
        "billing_scheme": call.choice("billing_scheme", "per_unit", "tiered") or "per_unit",
        "created": call.now,
        "currency": currency_of(call.needed("currency")),
        "custom_unit_amount": None,
        "livemode": call.space.is_live,
        "lookup_key": None,
        "metadata": call.metadata(),
        "nickname": call.text("nickname"),
        "product": product["id"],
        "recurring": recurring,
        "tax_behavior": call.choice("tax_behavior", "exclusive", "inclusive", "unspecified") or "unspecified",
        "tiers_mode": call.choice("tiers_mode", "graduated", "volume"),
        "transform_quantity": _transform(call),
        "type": "recurring" if recurring else "one_time",
        **_amount(call, "unit_amount"),
    }
    tiers = _tiers(call)
    _check(price, tiers)
    if tiers:
        price["tiers"] = tiers
    _key(call, price)
    call.space.put("price", price)
    call.world.emit(call.space, "price.created", price, call=call)
    return price


@operation("POST /v1/prices/{id}", CHANGEABLE)
def update(call: Call) -> Json:
    """Change what may be changed of a price."""
    price = call.space.get("price", call.id)
    active, behavior = call.flag("active"), call.choice("tax_behavior", "exclusive", "inclusive", "unspecified")
    if behavior is not None and price["tax_behavior"] not in ("unspecified", behavior):
        raise invalid("You cannot change `tax_behavior` once it is set.", param="tax_behavior")
    price["active"] = price["active"] if active is None else active
    price["tax_behavior"] = behavior or price["tax_behavior"]
    if call.has("nickname"):
        price["nickname"] = call.text("nickname")
    price["metadata"] = call.metadata(price["metadata"])
    if call.has("lookup_key"):
        _key(call, price)
    call.world.emit(call.space, "price.updated", price, before={}, call=call)
    return price


@operation("GET /v1/prices/{id}")
def retrieve(call: Call) -> Json:
    """Return a price."""
    return call.space.get("price", call.id)


@operation("GET /v1/prices", "active currency product type lookup_keys[]", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List prices, the newest first."""
    found = selected(call, call.space.all("price"), "active", "currency", "product", "type")
    keys = call.items("lookup_keys")
    if len(keys) > 10:
        raise invalid("You may specify up to 10 lookup keys.", param="lookup_keys")
    return listed([item for item in found if not keys or item["lookup_key"] in keys], "/v1/prices", call.params)


def _recurring(call: Call) -> Json | None:
    if not call.has("recurring"):
        return None
    interval = call.choice("recurring.interval", *LONGEST_YEARS)
    if interval is None:
        raise invalid(
            "Missing required param: recurring[interval].", param="recurring[interval]", code="parameter_missing"
        )
    count = call.integer("recurring.interval_count") or 1
    if not 1 <= count <= LONGEST_YEARS[interval]:
        raise invalid("The maximum interval is three years.", param="recurring[interval_count]")
    usage = call.choice("recurring.usage_type", "licensed", "metered") or "licensed"
    if usage == "metered" and not call.text("recurring.meter"):
        raise invalid("A metered price needs a meter.", param="recurring[meter]", code="parameter_missing")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": call.text("recurring.meter"),
        "trial_period_days": None,
        "usage_type": usage,
    }


def _transform(call: Call) -> Json | None:
    if not call.has("transform_quantity"):
        return None
    divide_by = call.integer("transform_quantity.divide_by")
    rounding = call.choice("transform_quantity.round", "up", "down")
    if not divide_by or divide_by < 1 or rounding is None:
        raise invalid("Both divide_by, above zero, and round have to be given.", param="transform_quantity")
    return {"divide_by": divide_by, "round": rounding}


def _amount(call: Call, name: str) -> Json:
    whole, exact = call.integer(name), call.decimal(f"{name}_decimal")
    if whole is not None and exact is not None:
        raise invalid(f"You may only specify one of these parameters: {name}, {name}_decimal.", param=name)
    return _both(name, whole, exact)


def _both(name: str, whole: int | None, exact: str | None) -> Json:
    if exact is not None and Decimal(exact) == Decimal(exact).to_integral_value():
        whole = int(Decimal(exact))
    if whole is not None and whole < 0:
        raise invalid("This value must be greater than or equal to 0.", param=name)
    return {name: whole, f"{name}_decimal": exact if exact is not None else None if whole is None else str(whole)}


def _tiers(call: Call) -> list[Json]:
    tiers = []
    for place, given in enumerate(call.items("tiers")):
        up_to = given.get("up_to")
        tier: Json = {"up_to": None if up_to == "inf" else integer_of(up_to, f"tiers[{place}][up_to]")}
        for name in ("unit_amount", "flat_amount"):
            exact = given.get(f"{name}_decimal")
            tier.update(_both(name, integer_of(given.get(name), name), exact))
        if tier["unit_amount_decimal"] is None and tier["flat_amount_decimal"] is None:
            raise invalid("Each tier needs a unit_amount or a flat_amount.", param=f"tiers[{place}]")
        tiers.append(tier)
    bounds = [tier["up_to"] for tier in tiers]
    if tiers and (bounds[-1] is not None or None in bounds[:-1] or bounds[:-1] != sorted(set(bounds[:-1]))):
        raise invalid("Tiers have to ascend, and the last one has to be `inf`.", param="tiers")
    return tiers


def _check(price: Json, tiers: list[Json]) -> None:
    if price["billing_scheme"] == "tiered":
        if not tiers or price["tiers_mode"] is None:
            raise invalid("A tiered price needs `tiers` and `tiers_mode`.", param="tiers", code="parameter_missing")
        if price["unit_amount_decimal"] is not None or price["transform_quantity"] is not None:
            raise invalid("A tiered price has neither `unit_amount` nor `transform_quantity`.", param="unit_amount")
    elif tiers or price["tiers_mode"] is not None:
        raise invalid("`tiers` need the billing scheme `tiered`.", param="billing_scheme")
    elif price["unit_amount_decimal"] is None:
        raise invalid("Missing required param: unit_amount.", param="unit_amount", code="parameter_missing")


def _key(call: Call, price: Json) -> None:
    key = call.text("lookup_key")
    if key is not None:
        if len(key) > 200:
            raise invalid("A lookup key has at most 200 characters.", param="lookup_key")
        for other in call.space.all("price"):
            if other["lookup_key"] == key and other["id"] != price["id"]:
                if not call.flag("transfer_lookup_key"):
                    raise invalid(
                        f"A price (`{other['id']}`) already uses that lookup key.",
                        param="lookup_key",
                        code="resource_already_exists",
                    )
                other["lookup_key"] = None
    price["lookup_key"] = key
