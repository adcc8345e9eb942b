"""Customers: who pays."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.objects.payment_methods import address_of, attach, method_of
from billing_sdk.testing.stripe.objects.tax_ids import add_tax_id
from billing_sdk.testing.stripe.operations import ADDRESS, CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

FIELDS = (
    "description email name business_name individual_name phone metadata.* preferred_locales[] tax_exempt"
    " invoice_settings.default_payment_method invoice_settings.footer"
    " invoice_settings.custom_fields[].name invoice_settings.custom_fields[].value"
    " shipping.name shipping.phone invoice_prefix next_invoice_sequence balance tax.ip_address tax.validate_location"
)
SHIPPING = tuple(f"shipping.{name}" for name in ADDRESS)
PLAIN = ("description", "email", "name", "phone", "business_name", "individual_name")


@operation(
    "POST /v1/customers",
    FIELDS,
    *ADDRESS,
    *SHIPPING,
    "payment_method tax_id_data[].type tax_id_data[].value test_clock",
)
def create(call: Call) -> Json:
    """Make a customer."""
    customer: Json = {
        "id": call.state.ids.new("cus", 14),
        "object": "customer",
        "address": None,
        "balance": call.integer("balance") or 0,
        "created": call.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": call.state.ids.new("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": call.space.is_live,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax": {"automatic_tax": "unrecognized_location", "ip_address": None, "location": None, "provider": "stripe"},
        "tax_exempt": "none",
        "test_clock": call.text("test_clock"),
    }
    _write(call, customer)
    call.space.put("customer", customer)
    token = call.text("payment_method")
    if token is not None:
        attach(call, method_of(call, token, param="payment_method"), customer)
    for data in call.items("tax_id_data"):
        add_tax_id(call, customer, data)
    call.world.emit(call.space, "customer.created", customer, call=call)
    return customer


@operation("POST /v1/customers/{id}", FIELDS, *ADDRESS, *SHIPPING)
def update(call: Call) -> Json:
    """Change a customer."""
    customer = call.space.living("customer", call.id)
    before = {name: customer[name] for name in (*PLAIN, "address", "metadata") if call.has(name) and name in customer}
    _write(call, customer)
    call.world.emit(call.space, "customer.updated", customer, before=before, call=call)
    return customer


@operation("GET /v1/customers/{id}")
def retrieve(call: Call) -> Json:
    """Return a customer; of one that was deleted only that it was."""
    customer = call.space.get("customer", call.id)
    if customer.get("_is_deleted"):
        return {"id": customer["id"], "object": "customer", "deleted": True}
    return customer


@operation("DELETE /v1/customers/{id}", expands=False)
def delete(call: Call) -> Json:
    """Delete a customer, and with it all its payment methods."""
    customer = call.space.living("customer", call.id)
    for method in call.space.all("payment_method"):
        if method["customer"] == customer["id"]:
            method["customer"] = None
            method["_was_attached"] = True
    call.world.emit(call.space, "customer.deleted", customer, call=call)
    customer["_is_deleted"] = True
    return {"id": customer["id"], "object": "customer", "deleted": True}


@operation("GET /v1/customers", "email test_clock", *PAGE, *CREATED)
def list_all(call: Call) -> Json:
    """List customers, the newest first."""
    found = [item for item in selected(call, call.space.all("customer"), "email") if not item.get("_is_deleted")]
    return listed(found, "/v1/customers", call.params)


def _write(call: Call, customer: Json) -> None:
    for name in PLAIN:
        if call.has(name):
            customer[name] = call.text(name)
    if customer["email"] is not None and "@" not in customer["email"]:
        raise invalid(f"Invalid email address: {customer['email']}", param="email", code="email_invalid")
    if call.has("address"):
        customer["address"] = address_of(call.tree("address"))
    if call.has("shipping"):
        shipping = call.tree("shipping")
        customer["shipping"] = shipping and {**shipping, "address": address_of(shipping.get("address"))}
    if call.has("preferred_locales"):
        customer["preferred_locales"] = [str(each) for each in call.items("preferred_locales")]
    if call.has("tax_exempt"):
        customer["tax_exempt"] = call.choice("tax_exempt", "none", "exempt", "reverse")
    if call.has("invoice_settings.default_payment_method"):
        token = call.text("invoice_settings.default_payment_method")
        if token is not None:
            method = call.space.get("payment_method", token, param="invoice_settings[default_payment_method]")
            if method["customer"] != customer["id"]:
                raise invalid(
                    f"The customer does not have a payment method with the ID {token}. "
                    "The payment method must be attached to the customer.",
                    param="invoice_settings[default_payment_method]",
                    code="resource_missing",
                )
        customer["invoice_settings"]["default_payment_method"] = token
    customer["metadata"] = call.metadata(customer["metadata"])
