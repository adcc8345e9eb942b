"""Automatic tax: a small table of places in the stead of the real calculation.

A line without a tax code has the account's default code. `txcd_00000000` is not taxed anywhere.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json

NOT_TAXED = "txcd_00000000"
DEFAULT_CODE = "txcd_10000000"
# Name and percentage by country, and by state where states tax.
RATES: dict[str, tuple[str, str]] = {
    "TR": ("KDV", "20"),
    "DE": ("VAT", "19"),
    "FR": ("VAT", "20"),
    "IE": ("VAT", "23"),
    "AT": ("VAT", "20"),
    "GB": ("VAT", "20"),
    "JP": ("JCT", "10"),
    "US/NY": ("Sales Tax", "8.875"),
    "US/CA": ("Sales Tax", "7.25"),
    "US/TX": ("Sales Tax", "6.25"),
    "CH": ("VAT", "8.1"),
}
HAS_STATES = frozenset({"US"})
NEEDS_POSTAL_CODE = frozenset({"US"})


def rate_at(address: Json | None) -> tuple[str, str, str] | None:
    """Return jurisdiction, name and percentage of the tax at an address; None where it is not known well enough.

    A place that is known and not in the table has a rate of nothing.
    """
    if not address or not address.get("country"):
        return None
    country = address["country"].upper()
    if country in NEEDS_POSTAL_CODE and not address.get("postal_code"):
        return None
    place = f"{country}/{address.get('state')}" if country in HAS_STATES else country
    name, percent = RATES.get(place, ("Tax", "0"))
    return place, name, percent


def tax_lines(call: Call, invoice: Json, lines: list[Json]) -> None:
    """Compute the taxes of lines anew, and note on the invoice whether that could be done."""
    settings = invoice["automatic_tax"]
    if not settings["enabled"]:
        settings["status"] = None
        for line in lines:
            if not line["_has_own_taxes"]:
                line["taxes"] = []
        return
    customer = call.space.get("customer", invoice["customer"])
    rate = rate_at(customer["address"])
    settings["status"] = "complete" if rate else "requires_location_inputs"
    for line in lines:
        line["taxes"] = [_tax(call, line, customer, rate)] if rate else []


def _tax(call: Call, line: Json, customer: Json, rate: tuple[str, str, str]) -> Json:
    place, name, percent = rate
    is_taxed = (line["_tax_code"] or DEFAULT_CODE) != NOT_TAXED and customer["tax_exempt"] == "none"
    behavior = "inclusive" if line["_tax_behavior"] == "inclusive" else "exclusive"
    share = Decimal(percent) if is_taxed else Decimal(0)
    base = Decimal(100) + share if behavior == "inclusive" else Decimal(100)
    amount = int((Decimal(line["amount"]) * share / base).quantize(Decimal(1), ROUND_HALF_UP))
    rate_id = keep_rate(call, place, name, percent if is_taxed else "0", is_inclusive=behavior == "inclusive")
    return {
        "amount": amount,
        "tax_behavior": behavior,
        "tax_rate_details": {"tax_rate": rate_id},
        "taxability_reason": "standard_rated" if is_taxed else "product_exempt",
        "taxable_amount": line["amount"] - (amount if behavior == "inclusive" else 0) if is_taxed else 0,
        "type": "tax_rate_details",
    }


def keep_rate(call: Call, place: str, name: str, percent: str, *, is_inclusive: bool) -> str:
    """Return the id of a tax rate; the first time that it is met it is made."""
    for rate in call.space.all("tax_rate"):
        if (rate["_place"], rate["_percent"], rate["inclusive"]) == (place, percent, is_inclusive):
            return str(rate["id"])
    country, _, state = place.partition("/")
    made: Json = {
        "id": call.state.ids.new("txr"),
        "object": "tax_rate",
        "active": False,
        "country": country or None,
        "created": call.now,
        "description": None,
        "display_name": name,
        "effective_percentage": float(percent),
        "flat_amount": None,
        "inclusive": is_inclusive,
        "jurisdiction": state or country or None,
        "jurisdiction_level": "state" if state else "country",
        "livemode": call.space.is_live,
        "metadata": {},
        "percentage": float(percent),
        "rate_type": "percentage",
        "state": state or None,
        "tax_type": "sales_tax" if country == "US" else "vat",
        "_place": place,
        "_percent": percent,
    }
    return str(call.space.put("tax_rate", made)["id"])
