"""The pages that people see: checkout, hosted invoices, the portal and Connect, as plain forms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode

from billing_sdk.testing.stripe.call import Call, Surroundings
from billing_sdk.testing.stripe.errors import Json, Refusal
from billing_sdk.testing.stripe.objects import checkout, invoice_steps
from billing_sdk.testing.stripe.objects.accounts import new_account
from billing_sdk.testing.stripe.objects.oauth import new_code
from billing_sdk.testing.stripe.objects.payment_methods import attach, make_account, make_card
from billing_sdk.testing.stripe.objects.setup_intents import confirm

STYLE = """<style>
body { margin: 2rem 1rem; background: #f6f8fa; color: #1a1f36; font: 1rem/1.5 system-ui, sans-serif }
main { max-width: 26rem; margin: auto; padding: 1.5rem; border-radius: .5rem; background: #fff }
form { display: grid; gap: .75rem } label { display: grid; gap: .25rem; font-size: .875rem }
input { padding: .5rem; border: 1px solid #697386; border-radius: .25rem; font: inherit }
button { padding: .625rem; border: 0; border-radius: .25rem; background: #533afd; color: #fff; font: inherit }
[role=alert] { color: #b3093c }
</style>"""
CARD_FORM = """<form method="post" action="{action}">
<label>E-mail <input name="email" type="email" value="{email}"></label>
<label>Name <input name="name" value=""></label>
<label>Card number <input name="number" inputmode="numeric" autocomplete="cc-number"></label>
<label>Expiry <input name="expiry" placeholder="12 / 34" value="12/34"></label>
<label>CVC <input name="cvc" value="123"></label>
<label>or IBAN <input name="iban"></label>
<label>Street <input name="line1" value=""></label>
<label>City <input name="city" value=""></label>
<label>Postal code <input name="postal_code" value=""></label>
<label>State <input name="state" value=""></label>
<label>Country <input name="country" value=""></label>
<button>{button}</button>
</form>"""
CHALLENGE = """<p>Your bank wants to know that it is you.</p>
<form method="post" action="{action}"><input type="hidden" name="method" value="{method}">
<button name="outcome" value="complete">Complete</button>
<button name="outcome" value="fail">Fail</button></form>"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page, or the way to another one."""

    html: str = ""
    status: int = 200
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody in front of a page: what the form held, and what the path names."""

    call: Call
    method: str
    id: str
    form: Json = field(default_factory=dict)

    @property
    def is_sent(self) -> bool:
        """Tell whether a form was sent."""
        return self.method == "POST"


def show(world: Surroundings, method: str, path: str, form: Json) -> Shown:
    """Answer a visit."""
    for pattern, page in PAGES:
        matched = re.fullmatch(pattern, path)
        if matched:
            object_id = (*matched.groups(), "")[0]
            space = next(
                (each for each in list(world.state.spaces.values()) if each.find_anywhere(object_id) is not None),
                world.state.space(world.state.platform_id),
            )
            try:
                return page(Visit(Call(world, space, form), method, object_id, form))
            except Refusal as refusal:
                return Shown(_page("Something went wrong", f"<p>{escape(str(refusal))}</p>"), refusal.status)
    return Shown(_page("Not found", "<p>There is no such page.</p>"), 404)


def _checkout(visit: Visit) -> Shown:
    session = checkout.find_open(visit.call, visit.id)
    said = ""
    if visit.is_sent:
        try:
            method = _typed(visit)
            return _completed(visit, session, method, visit.form, is_authenticated=False)
        except Refusal as refusal:
            said = f"<p role='alert'>{escape(str(refusal))}</p>"
    action = f"/c/pay/{session['id']}"
    back = f'<p><a href="{escape(session["cancel_url"])}">Back</a></p>' if session["cancel_url"] else ""
    form = CARD_FORM.format(action=action, email=escape(_email_of(visit, session)), button="Save payment method")
    return Shown(_page("Save a payment method", said + form + back))


def _challenge(visit: Visit) -> Shown:
    session = checkout.find_open(visit.call, visit.id)
    token = str(visit.form.get("method", ""))
    if not visit.is_sent:
        return Shown(
            _page("Authentication", CHALLENGE.format(action=f"/c/pay/{visit.id}/challenge", method=escape(token)))
        )
    method = visit.call.space.get("payment_method", token)
    if visit.form.get("outcome") != "complete":
        return Shown(location=f"/c/pay/{visit.id}")
    return _completed(visit, session, method, {}, is_authenticated=True)


def _completed(visit: Visit, session: Json, method: Json, form: Json, *, is_authenticated: bool) -> Shown:
    target = checkout.complete(visit.call, session, method, form, is_authenticated=is_authenticated)
    if target is None:
        return Shown(location=f"/c/pay/{session['id']}/challenge?{urlencode({'method': method['id']})}")
    return Shown(location=target)


def _setup(visit: Visit) -> Shown:
    intent = visit.call.space.get("setup_intent", visit.id)
    if visit.is_sent and visit.form.get("outcome") == "complete" and intent["status"] == "requires_action":
        confirm(visit.call, intent, is_authenticated=True)
    if intent["status"] != "requires_action":
        return Shown(_page("Authentication", f"<p>The payment method is {escape(intent['status'])}.</p>"))
    return Shown(_page("Authentication", CHALLENGE.format(action=f"/s/{visit.id}", method="")))


def _invoice(visit: Visit) -> Shown:
    invoice = visit.call.space.get("invoice", visit.id)
    said = ""
    if visit.is_sent and invoice["status"] in ("open", "uncollectible"):
        try:
            method = _typed(visit)
            attach(visit.call, method, visit.call.space.living("customer", invoice["customer"]))
            invoice_steps.collect(visit.call, invoice, method["id"], off_session=False)
        except Refusal as refusal:
            if refusal.error.get("code") == "invoice_payment_intent_requires_action":
                return Shown(location=f"/i/{invoice['id']}/authenticate")
            said = f"<p role='alert'>{escape(str(refusal))}</p>"
    amount = f"{invoice['amount_remaining']} {invoice['currency'].upper()} in the smallest unit"
    text = f"{said}<p>Invoice {escape(str(invoice['number']))} is {invoice['status']}: {amount} remain.</p>"
    if invoice["status"] in ("open", "uncollectible"):
        text += CARD_FORM.format(action=f"/i/{invoice['id']}", email="", button="Pay")
    return Shown(_page("Invoice", text))


def _authenticate(visit: Visit) -> Shown:
    invoice = visit.call.space.get("invoice", visit.id)
    intents = [
        visit.call.space.get("payment_intent", each["payment"]["payment_intent"])
        for each in invoice["payments"]["data"]
        if each["status"] == "open"
    ]
    waiting = [each for each in intents if each["status"] == "requires_action"]
    if not waiting:
        return Shown(location=f"/i/{invoice['id']}")
    if not visit.is_sent:
        return Shown(_page("Authentication", CHALLENGE.format(action=f"/i/{visit.id}/authenticate", method="")))
    token = waiting[0]["payment_method"]
    if visit.form.get("outcome") == "complete":
        try:
            invoice_steps.collect(visit.call, invoice, token, off_session=False, is_authenticated=True)
        except Refusal as refusal:
            return Shown(_page("Invoice", f"<p role='alert'>{escape(str(refusal))}</p>"), 402)
    else:
        invoice_steps.fail_authentication(visit.call, invoice, waiting[0])
    return Shown(location=f"/i/{invoice['id']}")


def _portal(visit: Visit) -> Shown:
    session = visit.call.space.get("portal_session", visit.id)
    customer = visit.call.space.living("customer", session["customer"])
    said = ""
    if visit.is_sent:
        try:
            method = _typed(visit)
            attach(visit.call, method, customer)
            customer["invoice_settings"]["default_payment_method"] = method["id"]
            visit.call.world.emit(visit.call.space, "customer.updated", customer, before={}, call=visit.call)
        except Refusal as refusal:
            said = f"<p role='alert'>{escape(str(refusal))}</p>"
    stored = [each for each in visit.call.space.all("payment_method") if each["customer"] == customer["id"]]
    rows = "".join(f"<li>{each['type']} {each[each['type']]['last4']}</li>" for each in stored)
    form = CARD_FORM.format(action=f"/p/session/{visit.id}", email="", button="Add payment method")
    back = f'<p><a href="{escape(session["return_url"])}">Return</a></p>' if session["return_url"] else ""
    return Shown(_page("Your payment methods", f"{said}<ul>{rows}</ul>{form}{back}"))


def _connect(visit: Visit) -> Shown:
    form, state = visit.form, visit.call.state
    target = str(form.get("redirect_uri", ""))
    if not target.startswith(("https://", "http://")) or form.get("response_type") != "code":
        return Shown(_page("Connect", "<p>Invalid redirect URI or response type.</p>"), 400)
    given = {"state": str(form["state"])} if "state" in form else {}
    joint = "&" if "?" in target else "?"
    if visit.is_sent and form.get("decision") == "deny":
        refused = {"error": "access_denied", "error_description": "The user denied your request", **given}
        return Shown(location=target + joint + urlencode(refused))
    if visit.is_sent:
        account_id = str(form.get("account") or "")
        if account_id not in state.accounts:
            account_id = state.ids.new("acct", 16)
            new_account(state, account_id, is_ready=True, country="US", currency="usd", name="Connected account")
        scope = str(form.get("scope", "read_only"))
        code = new_code(state, account_id, client_id=str(form.get("client_id")), scope=scope, is_live=False)
        return Shown(location=target + joint + urlencode({"code": code, "scope": scope, **given}))
    names = ("response_type", "client_id", "scope", "state", "redirect_uri")
    hidden = "".join(f'<input type="hidden" name="{each}" value="{escape(str(form.get(each, "")))}">' for each in names)
    others = [each for each in state.accounts.values() if each["id"] != state.platform_id]
    options = "".join(
        f'<option value="{each["id"]}">{escape(each["business_profile"]["name"])}</option>' for each in reversed(others)
    )
    text = (
        f'<form method="post" action="/oauth/authorize">{hidden}<select name="account">{options}'
        '<option value="">A new account</option></select><button name="decision" value="allow">Connect</button>'
        '<button name="decision" value="deny">Deny</button></form>'
    )
    return Shown(_page("Connect your account", text))


def _typed(visit: Visit) -> Json:
    """Return the payment method that was typed into a form."""
    form = visit.form
    if form.get("iban"):
        return make_account(visit.call, str(form["iban"]))
    month, _, year = str(form.get("expiry") or "12/34").replace(" ", "").partition("/")
    number = re.sub(r"[ -]", "", str(form.get("number", "")))
    return make_card(
        visit.call,
        number,
        exp_month=int(month) if month.isdigit() else 12,
        exp_year=2000 + int(year[-2:]) if year.isdigit() else 2034,
    )


def _email_of(visit: Visit, session: Json) -> str:
    customer = visit.call.space.find("customer", session["customer"] or "")
    return str((customer or {}).get("email") or session["customer_email"] or "")


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{STYLE}</head>'
        f"<body><main><h1>{title}</h1><p>Simulated Stripe: nothing here is real.</p>{body}</main></body></html>"
    )


PAGES: tuple[tuple[str, Callable[[Visit], Shown]], ...] = (
    (r"/c/pay/([^/]+)", _checkout),
    (r"/c/pay/([^/]+)/challenge", _challenge),
    (r"/s/([^/]+)", _setup),
    (r"/i/([^/]+)", _invoice),
    (r"/i/([^/]+)/authenticate", _authenticate),
    (r"/p/session/([^/]+)", _portal),
    (r"/oauth/authorize", _connect),
)
