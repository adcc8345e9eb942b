"""Invoice items: another way to put a line on a draft."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.money import currency_of
from billing_sdk.testing.stripe.objects.invoice_lines import MAX_LINES, line_of, taxed_and_added
from billing_sdk.testing.stripe.objects.invoice_shape import lines_of
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed


@operation(
    "POST /v1/invoiceitems",
    "customer invoice amount currency description discountable metadata.* period.start period.end",
    "tax_behavior tax_code",
)
def create(call: Call) -> Json:
    """Put an item on a draft; here it has to name the draft."""
    customer = call.space.living("customer", call.needed("customer"), param="customer")
    invoice = call.space.get("invoice", call.needed("invoice"), param="invoice")
    if invoice["customer"] != customer["id"] or invoice["status"] != "draft":
        raise invalid("The invoice is no draft of this customer.", param="invoice", code="invoice_not_editable")
    currency = currency_of(call.text("currency") or invoice["currency"])
    if currency != invoice["currency"]:
        raise invalid("The currency of an item is that of its invoice.", param="currency")
    if len(lines_of(call, invoice)) >= MAX_LINES:
        raise invalid(f"An invoice can have at most {MAX_LINES} line items.", param="invoice")
    line = line_of(call, invoice, {**call.params, "amount": call.needed("amount")}, "item")
    line["_tax_code"] = call.text("tax_code")
    line["_tax_behavior"] = call.choice("tax_behavior", "exclusive", "inclusive", "unspecified") or "unspecified"
    item: Json = {
        "id": call.state.ids.new("ii"),
        "object": "invoiceitem",
        "amount": line["amount"],
        "currency": currency,
        "customer": customer["id"],
        "date": call.now,
        "description": line["description"],
        "discountable": line["discountable"],
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": call.space.is_live,
        "metadata": line["metadata"],
        "net_amount": line["amount"],
        "parent": None,
        "period": line["period"],
        "pricing": None,
        "proration": False,
        "quantity": 1,
        "tax_rates": [],
        "test_clock": None,
        "created": call.now,
    }
    line["parent"] = {"type": "invoice_item_details", "invoice_item_details": {"invoice_item": item["id"]}}
    call.space.put("invoice_item", item)
    call.space.put("line_item", line)
    taxed_and_added(call, invoice)
    call.world.emit(call.space, "invoiceitem.created", item, call=call)
    return item


@operation("GET /v1/invoiceitems", "customer invoice pending", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List invoice items, the newest first."""
    found = selected(call, call.space.all("invoice_item"), "customer", "invoice")
    return listed(found, "/v1/invoiceitems", call.params)


@operation("GET /v1/invoiceitems/{id}")
def retrieve(call: Call) -> Json:
    """Return an invoice item."""
    return call.space.get("invoice_item", call.id)


@operation("DELETE /v1/invoiceitems/{id}", expands=False)
def delete(call: Call) -> Json:
    """Take an item from its draft."""
    item = call.space.get("invoice_item", call.id)
    invoice = call.space.get("invoice", item["invoice"])
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer editable.", code="invoice_not_editable")
    for line in lines_of(call, invoice):
        if line["parent"] and line["parent"]["invoice_item_details"]["invoice_item"] == item["id"]:
            del call.space.objects["line_item"][line["id"]]
    del call.space.objects["invoice_item"][call.id]
    taxed_and_added(call, invoice)
    return {"id": call.id, "object": "invoiceitem", "deleted": True}
