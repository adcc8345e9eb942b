"""The lines of an invoice; they can be changed while it is a draft."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billing_sdk.testing.stripe.call import Call, integer_of, merged
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.money import check_coins, currency_of
from billing_sdk.testing.stripe.objects.invoice_shape import add_up, lines_of
from billing_sdk.testing.stripe.objects.tax import keep_rate, tax_lines
from billing_sdk.testing.stripe.operations import PAGE, operation
from billing_sdk.testing.stripe.wire import listed

MAX_LINES = 250
OF_LINE = (
    "lines[].amount lines[].description lines[].discountable lines[].metadata.* lines[].quantity"
    " lines[].period.start lines[].period.end lines[].pricing.price"
    " lines[].price_data.currency lines[].price_data.product lines[].price_data.tax_behavior"
    " lines[].price_data.unit_amount lines[].price_data.unit_amount_decimal"
    " lines[].price_data.product_data.name lines[].price_data.product_data.tax_code"
    " lines[].price_data.product_data.description lines[].price_data.product_data.metadata.*"
    " lines[].tax_amounts[].amount lines[].tax_amounts[].taxable_amount"
    " lines[].tax_amounts[].tax_rate_data.display_name lines[].tax_amounts[].tax_rate_data.inclusive"
    " lines[].tax_amounts[].tax_rate_data.percentage lines[].tax_amounts[].tax_rate_data.country"
    " lines[].tax_amounts[].tax_rate_data.state lines[].tax_amounts[].tax_rate_data.jurisdiction"
    " lines[].tax_amounts[].tax_rate_data.description lines[].tax_amounts[].tax_rate_data.tax_type"
    " invoice_metadata.*"
)


@operation("POST /v1/invoices/{id}/add_lines", OF_LINE)
def add(call: Call) -> Json:
    """Add lines to a draft: all of them, or none."""
    invoice = draft(call)
    given = _given(call)
    if len(lines_of(call, invoice)) + len(given) > MAX_LINES:
        raise invalid(f"An invoice can have at most {MAX_LINES} line items.", param="lines")
    made = [line_of(call, invoice, each, f"lines[{place}]") for place, each in enumerate(given)]
    for line in made:
        call.space.put("line_item", line)
    return _changed(call, invoice)


@operation("POST /v1/invoices/{id}/update_lines", OF_LINE, "lines[].id")
def change(call: Call) -> Json:
    """Change lines of a draft."""
    invoice = draft(call)
    made = []
    for place, each in enumerate(_given(call)):
        line = _of(call, invoice, each, place)
        base = {
            "amount": str(line["amount"]),
            "description": line["description"],
            "period": {name: str(at) for name, at in line["period"].items()},
        }
        replaced = line_of(call, invoice, {**base, **each}, f"lines[{place}]")
        replaced["metadata"] = merged(line["metadata"], each.get("metadata"))
        made.append({**replaced, "id": line["id"]})
    for line in made:
        call.space.put("line_item", line)
    return _changed(call, invoice)


@operation("POST /v1/invoices/{id}/remove_lines", "lines[].id lines[].behavior invoice_metadata.*")
def remove(call: Call) -> Json:
    """Take lines from a draft."""
    invoice = draft(call)
    gone = [_of(call, invoice, each, place)["id"] for place, each in enumerate(_given(call))]
    for line_id in gone:
        del call.space.objects["line_item"][line_id]
    return _changed(call, invoice)


@operation("GET /v1/invoices/{id}/lines", *PAGE)
def list_all(call: Call) -> Json:
    """List the lines of an invoice, in the order in which they were added."""
    invoice = call.space.get("invoice", call.id)
    return listed(lines_of(call, invoice), f"/v1/invoices/{call.id}/lines", call.params, is_newest_first=False)


def draft(call: Call) -> Json:
    """Return the invoice of the path, which has to be a draft.

    Raises:
        Refusal: it has been finalised.
    """
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] != "draft":
        raise invalid("Finalized invoices can't be updated in this way", code="invoice_not_editable", param="invoice")
    return invoice


def _given(call: Call) -> list[Any]:
    if not call.items("lines"):
        raise invalid("Missing required param: lines.", param="lines", code="parameter_missing")
    return call.items("lines")


def _of(call: Call, invoice: Json, given: Json, place: int) -> Json:
    line = call.space.get("line_item", str(given.get("id")), param=f"lines[{place}][id]")
    if line["invoice"] != invoice["id"]:
        raise invalid(f"No such line item: '{line['id']}'", param=f"lines[{place}][id]", code="resource_missing")
    return line


def _changed(call: Call, invoice: Json) -> Json:
    invoice["metadata"] = call.metadata(invoice["metadata"], "invoice_metadata")
    taxed_and_added(call, invoice)
    return invoice


def taxed_and_added(call: Call, invoice: Json) -> None:
    """Bring taxes and sums of a draft in line with its lines."""
    tax_lines(call, invoice, lines_of(call, invoice))
    add_up(call, invoice)
    call.world.emit(call.space, "invoice.updated", invoice, before={}, call=call)


def line_of(call: Call, invoice: Json, given: Json, where: str) -> Json:
    """Return a line as it is asked for.

    Args:
        call: the request.
        invoice: on which it is to stand.
        given: what describes it.
        where: names it in errors.

    Raises:
        Refusal: it can't be.
    """
    quantity = integer_of(given.get("quantity"), f"{where}[quantity]")
    priced = _priced(call, invoice, given, where)
    amount = integer_of(given.get("amount"), f"{where}[amount]")
    if (amount is None) == (priced is None):
        raise invalid("Each line needs an `amount` or a price, and not both.", param=where, code="parameter_missing")
    if priced is None or amount is not None:
        if quantity not in (None, 1):
            raise invalid("You cannot set `quantity` with `amount`.", param=f"{where}[quantity]")
    else:
        exact = Decimal(priced["unit_amount_decimal"]) * (1 if quantity is None else quantity)
        amount = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    check_coins(amount or 0, invoice["currency"])
    return {
        "id": call.state.ids.new("il"),
        "object": "line_item",
        "amount": amount or 0,
        "currency": invoice["currency"],
        "description": given.get("description") or None,
        "discount_amounts": [],
        "discountable": given.get("discountable", "true") == "true",
        "discounts": [],
        "invoice": invoice["id"],
        "livemode": call.space.is_live,
        "metadata": merged({}, given.get("metadata"), f"{where}[metadata]"),
        "parent": None,
        "period": _period(call, given, where),
        "pretax_credit_amounts": [],
        "pricing": priced
        and {
            "price_details": {"price": priced["id"], "product": priced["product"]},
            "type": "price_details",
            "unit_amount_decimal": priced["unit_amount_decimal"],
        },
        "quantity": 1 if quantity is None else quantity,
        "subscription": None,
        "subtotal": amount,
        "taxes": [_tax(call, each, where) for each in given.get("tax_amounts") or []],
        "_has_own_taxes": bool(given.get("tax_amounts")),
        "_tax_code": (priced or {}).get("tax_code"),
        "_tax_behavior": (priced or {}).get("tax_behavior") or "unspecified",
    }


def _priced(call: Call, invoice: Json, given: Json, where: str) -> Json | None:
    if given.get("pricing"):
        price = call.space.get("price", str(given["pricing"].get("price")), param=f"{where}[pricing][price]")
        if price["currency"] != invoice["currency"]:
            raise invalid(f"The price specified only supports `{price['currency']}`.", param=f"{where}[pricing][price]")
        if price["type"] == "recurring" or price["unit_amount_decimal"] is None:
            raise invalid("The price specified is set to `type=recurring`, and can't be used here.", param=where)
        product = call.space.get("product", price["product"])
        return {**price, "tax_code": product["tax_code"]}
    data = given.get("price_data")
    if not data:
        return None
    if currency_of(data.get("currency", ""), f"{where}[price_data][currency]") != invoice["currency"]:
        raise invalid("The currency of a line is that of its invoice.", param=f"{where}[price_data][currency]")
    unit = data.get("unit_amount_decimal") or data.get("unit_amount")
    if unit is None or ("product" in data) == ("product_data" in data):
        raise invalid("Price data need an amount, and a product or its data.", param=f"{where}[price_data]")
    if "product" in data:
        product = call.space.get("product", data["product"], param=f"{where}[price_data][product]")
        code, product_id = product["tax_code"], product["id"]
    else:
        code, product_id = data["product_data"].get("tax_code"), call.state.ids.new("prod", 14)
    return {
        "id": call.state.ids.new("price"),
        "product": product_id,
        "unit_amount_decimal": unit,
        "tax_code": code,
        "tax_behavior": data.get("tax_behavior"),
    }


def _period(call: Call, given: Json, where: str) -> Json:
    period = given.get("period") or {}
    start = integer_of(period.get("start"), f"{where}[period][start]")
    end = integer_of(period.get("end"), f"{where}[period][end]")
    start = call.now if start is None else start
    end = start if end is None else end
    if end < start:
        raise invalid("The end of a period is not before its start.", param=f"{where}[period][end]")
    return {"start": start, "end": end}


def _tax(call: Call, given: Json, where: str) -> Json:
    amount = integer_of(given.get("amount"), f"{where}[tax_amounts][amount]")
    taxable = integer_of(given.get("taxable_amount"), f"{where}[tax_amounts][taxable_amount]")
    data = given.get("tax_rate_data") or {}
    if amount is None or taxable is None or "display_name" not in data or "percentage" not in data:
        raise invalid("A tax needs its amount, the taxable amount and its rate.", param=f"{where}[tax_amounts]")
    place = "/".join(filter(None, (data.get("country"), data.get("state"))))
    inclusive = data.get("inclusive") == "true"
    rate = keep_rate(call, place, data["display_name"], data["percentage"], is_inclusive=inclusive)
    return {
        "amount": amount,
        "tax_behavior": "inclusive" if inclusive else "exclusive",
        "tax_rate_details": {"tax_rate": rate},
        "taxability_reason": "standard_rated",
        "taxable_amount": taxable,
        "type": "tax_rate_details",
    }
