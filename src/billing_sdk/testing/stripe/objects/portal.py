"""Portal sessions: a page on which customers look after their payment methods."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json
from billing_sdk.testing.stripe.operations import PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

KINDS = (
    "payment_method_update subscription_cancel subscription_update subscription_update_confirm customer_update".split()
)


@operation(
    "POST /v1/billing_portal/sessions",
    "customer return_url configuration locale on_behalf_of flow_data.type",
    "flow_data.after_completion.type flow_data.after_completion.redirect.return_url",
)
def create(call: Call) -> Json:
    """Open a session for a customer."""
    customer = call.space.living("customer", call.needed("customer"), param="customer")
    chosen = call.text("configuration")
    configuration = call.space.get("configuration", chosen, param="configuration") if chosen else _default(call)
    flow = call.choice("flow_data.type", *KINDS)
    session_id = call.state.ids.new("bps")
    session: Json = {
        "id": session_id,
        "object": "billing_portal.session",
        "configuration": configuration["id"],
        "created": call.now,
        "customer": customer["id"],
        "flow": flow and {"type": flow, "after_completion": call.tree("flow_data.after_completion")},
        "livemode": call.space.is_live,
        "locale": call.text("locale"),
        "on_behalf_of": None,
        "return_url": call.text("return_url") or configuration["default_return_url"],
        "url": f"{call.world.base_url}/p/session/{session_id}",
    }
    return call.space.put("portal_session", session)


@operation(
    "POST /v1/billing_portal/configurations",
    "default_return_url metadata.* name business_profile.headline business_profile.privacy_policy_url",
    "business_profile.terms_of_service_url features.payment_method_update.enabled features.invoice_history.enabled",
    "features.customer_update.enabled features.customer_update.allowed_updates[]",
)
def configure(call: Call) -> Json:
    """Make a configuration of the portal."""
    return _configuration(call, is_default=False)


@operation("GET /v1/billing_portal/configurations/{id}")
def retrieve(call: Call) -> Json:
    """Return a configuration."""
    return call.space.get("configuration", call.id)


@operation("GET /v1/billing_portal/configurations", "active is_default", *PAGE)
def list_all(call: Call) -> Json:
    """List configurations, the newest first."""
    _default(call)
    found = selected(call, call.space.all("configuration"), "active", "is_default")
    return listed(found, "/v1/billing_portal/configurations", call.params)


def _default(call: Call) -> Json:
    found = [each for each in call.space.all("configuration") if each["is_default"]]
    return found[0] if found else _configuration(call, is_default=True)


def _configuration(call: Call, *, is_default: bool) -> Json:
    made: Json = {
        "id": call.state.ids.new("bpc"),
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {"headline": None, "privacy_policy_url": None, "terms_of_service_url": None},
        "created": call.now,
        "default_return_url": call.text("default_return_url"),
        "features": {
            "customer_update": {"allowed_updates": [], "enabled": False},
            "invoice_history": {"enabled": True},
            "payment_method_update": {"enabled": True, "payment_method_configuration": None},
            "subscription_cancel": {"enabled": False},
            "subscription_update": {"enabled": False},
        },
        "is_default": is_default,
        "livemode": call.space.is_live,
        "login_page": {"enabled": False, "url": None},
        "metadata": {} if is_default else call.metadata(),
        "name": None,
        "updated": call.now,
    }
    return call.space.put("configuration", made)
