"""Tax ids of customers."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.operations import PAGE, operation
from billing_sdk.testing.stripe.wire import listed

KINDS = frozenset("eu_vat tr_tin us_ein gb_vat ch_vat no_vat au_abn ca_bn ca_gst_hst in_gst jp_cn br_cnpj".split())


def add_tax_id(call: Call, customer: Json, given: Json) -> Json:
    """Give a customer a tax id.

    Raises:
        Refusal: there is no such kind here.
    """
    if given.get("type") not in KINDS:
        raise invalid(f"Invalid type: must be one of {', '.join(sorted(KINDS))}", param="type")
    tax_id: Json = {
        "id": call.state.ids.new("txi"),
        "object": "tax_id",
        "country": given["type"][:2].upper(),
        "created": call.now,
        "customer": customer["id"],
        "livemode": call.space.is_live,
        "owner": {"type": "customer", "customer": customer["id"]},
        "type": given["type"],
        "value": given.get("value", ""),
        "verification": {"status": "pending", "verified_address": None, "verified_name": None},
    }
    return call.space.put("tax_id", tax_id)


@operation("POST /v1/customers/{id}/tax_ids", "type value")
def create(call: Call) -> Json:
    """Give a customer a tax id."""
    customer = call.space.living("customer", call.id)
    return add_tax_id(call, customer, {"type": call.needed("type"), "value": call.needed("value")})


@operation("GET /v1/customers/{id}/tax_ids", *PAGE)
def list_all(call: Call) -> Json:
    """List the tax ids of a customer."""
    found = [item for item in call.space.all("tax_id") if item["customer"] == call.id]
    return listed(found, f"/v1/customers/{call.id}/tax_ids", call.params)


@operation("DELETE /v1/customers/{id}/tax_ids/{tax_id}", expands=False)
def delete(call: Call) -> Json:
    """Take a tax id away."""
    call.space.get("tax_id", call.inner_id)
    del call.space.objects["tax_id"][call.inner_id]
    return {"id": call.inner_id, "object": "tax_id", "deleted": True}
