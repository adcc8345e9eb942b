"""Products: what is sold."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

FIELDS = "name active description metadata.* tax_code unit_label statement_descriptor url images[]"
PLAIN = ("name", "description", "tax_code", "unit_label", "statement_descriptor", "url")


@operation("POST /v1/products", FIELDS, "id shippable type")
def create(call: Call) -> Json:
    """Make a product; its id may be chosen."""
    chosen = call.text("id")
    if chosen is not None and call.space.find("product", chosen) is not None:
        raise invalid("Product already exists.", param="id", code="resource_already_exists")
    product: Json = {
        "id": chosen or call.state.ids.new("prod", 14),
        "object": "product",
        "active": True,
        "created": call.now,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": call.space.is_live,
        "marketing_features": [],
        "metadata": {},
        "name": call.needed("name"),
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": call.choice("type", "good", "service") or "service",
        "unit_label": None,
        "updated": call.now,
        "url": None,
    }
    _write(call, product)
    call.space.put("product", product)
    call.world.emit(call.space, "product.created", product, call=call)
    return product


@operation("POST /v1/products/{id}", FIELDS, "default_price")
def update(call: Call) -> Json:
    """Change a product."""
    product = call.space.get("product", call.id)
    _write(call, product)
    product["updated"] = call.now
    call.world.emit(call.space, "product.updated", product, before={}, call=call)
    return product


@operation("GET /v1/products/{id}")
def retrieve(call: Call) -> Json:
    """Return a product."""
    return call.space.get("product", call.id)


@operation("GET /v1/products", "active ids[] url shippable type", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List products, the newest first."""
    found = selected(call, call.space.all("product"), "active")
    wanted = call.items("ids")
    return listed([item for item in found if not wanted or item["id"] in wanted], "/v1/products", call.params)


@operation("DELETE /v1/products/{id}", expands=False)
def delete(call: Call) -> Json:
    """Delete a product that has no prices."""
    product = call.space.get("product", call.id)
    if any(price["product"] == product["id"] for price in call.space.all("price")):
        raise invalid("This product cannot be deleted because it has one or more user-created prices.")
    del call.space.objects["product"][call.id]
    call.world.emit(call.space, "product.deleted", product, call=call)
    return {"id": call.id, "object": "product", "deleted": True}


def _write(call: Call, product: Json) -> None:
    for name in PLAIN:
        if call.has(name):
            product[name] = call.text(name)
    if not product["name"]:
        raise invalid("You passed an empty string for 'name'.", param="name", code="parameter_invalid_empty")
    code = product["tax_code"]
    if code is not None and not (code.startswith("txcd_") and code[5:].isdigit()):
        raise invalid(f"No such tax code: '{code}'", param="tax_code", code="resource_missing")
    active = call.flag("active")
    product["active"] = product["active"] if active is None else active
    if call.has("images"):
        product["images"] = [str(each) for each in call.items("images")]
    if call.has("default_price"):
        product["default_price"] = call.text("default_price")
    product["metadata"] = call.metadata(product["metadata"])
