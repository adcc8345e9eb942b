"""Invoices: drafts with lines that are finalised, paid, sent, or given up."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.money import currency_of
from billing_sdk.testing.stripe.objects import invoice_steps as steps
from billing_sdk.testing.stripe.objects.invoice_lines import draft
from billing_sdk.testing.stripe.objects.invoice_shape import add_up, lines_of, new_invoice
from billing_sdk.testing.stripe.objects.tax import tax_lines
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

FIELDS = (
    "auto_advance automatic_tax.enabled automatically_finalizes_at collection_method days_until_due due_date"
    " default_payment_method description footer metadata.* number statement_descriptor application_fee_amount"
    " custom_fields[].name custom_fields[].value effective_at on_behalf_of transfer_data.destination"
    " payment_settings.payment_method_types[] rendering.amount_tax_display rendering.template rendering.pdf.page_size"
    " issuer.type issuer.account account_tax_ids[]"
)
DAY = 24 * 3600
# What of a finalised invoice can still be changed.
CHANGEABLE = frozenset({"metadata", "auto_advance", "application_fee_amount", "expand"})


@operation("POST /v1/invoices", FIELDS, "customer currency pending_invoice_items_behavior")
def create(call: Call) -> Json:
    """Make a draft."""
    customer = call.space.living("customer", call.needed("customer"), param="customer")
    currency = currency_of(call.text("currency") or customer["currency"] or "usd")
    for other in call.space.all("invoice"):
        if (
            other["customer"] == customer["id"]
            and other["status"] in ("draft", "open")
            and other["currency"] != currency
        ):
            raise invalid(
                f"You cannot combine currencies on a single customer. This customer has an invoice in "
                f"{other['currency']}.",
                param="currency",
            )
    call.choice("pending_invoice_items_behavior", "include", "exclude")
    method = call.choice("collection_method", "charge_automatically", "send_invoice") or "charge_automatically"
    invoice = new_invoice(call, customer, currency, method)
    _write(call, invoice)
    if invoice["collection_method"] == "send_invoice" and invoice["due_date"] is None:
        raise invalid(
            "If the collection method is `send_invoice`, `days_until_due` or `due_date` has to be given.",
            param="days_until_due",
        )
    call.space.put("invoice", invoice)
    add_up(call, invoice)
    steps.advance_later(call, invoice)
    call.world.emit(call.space, "invoice.created", invoice, call=call)
    return invoice


@operation("POST /v1/invoices/{id}", FIELDS)
def update(call: Call) -> Json:
    """Change a draft; of a finalised invoice only what does not concern the payer."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] != "draft" and set(call.params) - CHANGEABLE:
        draft(call)
    _write(call, invoice)
    if invoice["status"] == "draft":
        tax_lines(call, invoice, lines_of(call, invoice))
        add_up(call, invoice)
        steps.advance_later(call, invoice)
    call.world.emit(call.space, "invoice.updated", invoice, before={}, call=call)
    return invoice


@operation("GET /v1/invoices/{id}")
def retrieve(call: Call) -> Json:
    """Return an invoice; a draft as what the customer has there makes of it by now."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] == "draft":
        add_up(call, invoice)
    return invoice


@operation(
    "GET /v1/invoices",
    "customer status collection_method due_date.gt due_date.gte due_date.lt due_date.lte",
    *PAGE,
    *CREATED,
)
def list_all(call: Call) -> Json:
    """List invoices, the newest first."""
    found = selected(call, call.space.all("invoice"), "customer", "status", "collection_method")
    return listed(found, "/v1/invoices", call.params)


@operation("DELETE /v1/invoices/{id}", expands=False)
def delete(call: Call) -> Json:
    """Delete a draft."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] != "draft":
        raise invalid("You can only delete draft invoices.", code="invoice_not_editable")
    for line in lines_of(call, invoice):
        del call.space.objects["line_item"][line["id"]]
    del call.space.objects["invoice"][call.id]
    call.world.emit(call.space, "invoice.deleted", invoice, call=call)
    return {"id": call.id, "object": "invoice", "deleted": True}


@operation("POST /v1/invoices/{id}/finalize", "auto_advance")
def finalize(call: Call) -> Json:
    """Finalise a draft: it has a number, and its lines stand."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] != "draft":
        raise invalid(
            "This invoice is already finalized, you can't re-finalize a non-draft invoice.", code="invoice_not_editable"
        )
    advances = call.flag("auto_advance")
    invoice["auto_advance"] = invoice["auto_advance"] if advances is None else advances
    steps.finalize(call, invoice)
    steps.advance_later(call, invoice)
    return invoice


@operation("POST /v1/invoices/{id}/pay", "payment_method off_session paid_out_of_band forgive source mandate")
def pay(call: Call) -> Json:
    """Take the payment now, or note that it came by other means."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] == "draft":
        steps.finalize(call, invoice)
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid(f"You can't pay an invoice that is {invoice['status']}.", code="invoice_not_editable")
    if call.flag("paid_out_of_band"):
        steps.settle_outside(call, invoice)
        return invoice
    steps.collect(call, invoice, call.text("payment_method"), off_session=call.flag("off_session") is not False)
    return invoice


@operation("POST /v1/invoices/{id}/send")
def send(call: Call) -> Json:
    """Send an invoice, after finalising it if it is a draft."""
    invoice = call.space.get("invoice", call.id)
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only manually send an invoice if its collection method is `send_invoice`.")
    if invoice["status"] == "draft":
        steps.finalize(call, invoice)
    if invoice["status"] not in ("open", "paid"):
        raise invalid(f"You can't send an invoice that is {invoice['status']}.", code="invoice_not_editable")
    if invoice["customer_email"] is None:
        raise invalid(
            "Missing email. In order to send the invoice, the customer must have a valid email.", param="email"
        )
    call.world.emit(call.space, "invoice.sent", invoice, call=call)
    return invoice


@operation("POST /v1/invoices/{id}/void")
def void(call: Call) -> Json:
    """Make an invoice void, for good."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] not in ("open", "uncollectible"):
        raise invalid("You can only pass in open invoices. This invoice isn't open.", code="invoice_not_editable")
    steps.give_up(call, invoice)
    invoice["status"] = "void"
    invoice["status_transitions"]["voided_at"] = call.now
    call.world.emit(call.space, "invoice.voided", invoice, call=call)
    call.world.emit(call.space, "invoice.updated", invoice, before={"status": "open"}, call=call)
    return invoice


@operation("POST /v1/invoices/{id}/mark_uncollectible")
def write_off(call: Call) -> Json:
    """Give up hope that an invoice is paid; it can still be."""
    invoice = call.space.get("invoice", call.id)
    if invoice["status"] != "open":
        raise invalid("You can only pass in open invoices. This invoice isn't open.", code="invoice_not_editable")
    invoice["status"] = "uncollectible"
    invoice["status_transitions"]["marked_uncollectible_at"] = call.now
    call.world.emit(call.space, "invoice.marked_uncollectible", invoice, call=call)
    return invoice


def _write(call: Call, invoice: Json) -> None:
    for name in ("description", "footer", "number", "statement_descriptor"):
        if call.has(name):
            invoice[name] = call.text(name)
    number = invoice["number"]
    if number is not None and any(
        other["number"] == number and other["id"] != invoice["id"] for other in call.space.all("invoice")
    ):
        raise invalid(f"An invoice with the number {number} exists already.", param="number")
    for name, wanted in (("auto_advance", call.flag("auto_advance")), ("effective_at", call.integer("effective_at"))):
        if wanted is not None:
            invoice[name] = wanted
    invoice["collection_method"] = (
        call.choice("collection_method", "charge_automatically", "send_invoice") or invoice["collection_method"]
    )
    method = call.text("default_payment_method")
    if method is not None:
        steps.own_method(call, invoice["customer"], method, "default_payment_method")
        invoice["default_payment_method"] = method
    fee = call.integer("application_fee_amount")
    if fee is not None:
        steps.share(call, invoice, fee)
    if call.has("custom_fields"):
        invoice["custom_fields"] = call.items("custom_fields") or None
    if call.has("automatic_tax"):
        invoice["automatic_tax"]["enabled"] = call.flag("automatic_tax.enabled") is True
        invoice["automatic_tax"]["provider"] = "stripe" if invoice["automatic_tax"]["enabled"] else None
        tax_lines(call, invoice, [])
    if call.has("payment_settings"):
        invoice["payment_settings"]["payment_method_types"] = (
            call.items("payment_settings.payment_method_types") or None
        )
    _write_due(call, invoice)
    invoice["metadata"] = call.metadata(invoice["metadata"])


def _write_due(call: Call, invoice: Json) -> None:
    days, due = call.integer("days_until_due"), call.integer("due_date")
    if days is None and due is None:
        return
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only set a due date if the collection method is `send_invoice`.", param="due_date")
    if days is not None and due is not None:
        raise invalid("You may only specify one of these parameters: days_until_due, due_date.", param="due_date")
    if days is not None and days < 0:
        raise invalid("This value must be greater than or equal to 0.", param="days_until_due")
    wanted = call.now + days * DAY if days is not None else due or 0
    if wanted < call.now:
        raise invalid("You can't set a due date in the past.", param="due_date")
    invoice["due_date"] = wanted
