"""Webhook endpoints: who is told about events."""

from __future__ import annotations

from billing_sdk.testing.stripe.call import Call
from billing_sdk.testing.stripe.errors import Json, invalid
from billing_sdk.testing.stripe.operations import CREATED, PAGE, operation, selected
from billing_sdk.testing.stripe.wire import listed

FIELDS = "url enabled_events[] description metadata.* disabled"
MAX_ENDPOINTS = 16


@operation("POST /v1/webhook_endpoints", "url enabled_events[] description metadata.* connect api_version")
def create(call: Call) -> Json:
    """Make an endpoint; its secret is shown only here."""
    if len(call.space.all("webhook_endpoint")) >= MAX_ENDPOINTS:
        raise invalid(f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints.")
    events = [str(each) for each in call.items("enabled_events")]
    if not events:
        raise invalid("Missing required param: enabled_events.", param="enabled_events", code="parameter_missing")
    secret = call.state.ids.secret("whsec")
    endpoint: Json = {
        "id": call.state.ids.new("we"),
        "object": "webhook_endpoint",
        "api_version": call.text("api_version"),
        "application": None,
        "created": call.now,
        "description": call.text("description"),
        "enabled_events": events,
        "livemode": call.space.is_live,
        "metadata": call.metadata(),
        "status": "enabled",
        "url": _url(call, call.needed("url")),
        "_secret": secret,
        "_is_connect": call.flag("connect") is True,
    }
    call.space.put("webhook_endpoint", endpoint)
    return {**endpoint, "secret": secret}


@operation("POST /v1/webhook_endpoints/{id}", FIELDS)
def update(call: Call) -> Json:
    """Change an endpoint."""
    endpoint = call.space.get("webhook_endpoint", call.id)
    if call.has("url"):
        endpoint["url"] = _url(call, call.needed("url"))
    if call.has("enabled_events"):
        endpoint["enabled_events"] = [str(each) for each in call.items("enabled_events")]
    if call.has("description"):
        endpoint["description"] = call.text("description")
    if call.has("disabled"):
        endpoint["status"] = "disabled" if call.flag("disabled") else "enabled"
    endpoint["metadata"] = call.metadata(endpoint["metadata"])
    return endpoint


@operation("GET /v1/webhook_endpoints/{id}")
def retrieve(call: Call) -> Json:
    """Return an endpoint, without its secret."""
    return call.space.get("webhook_endpoint", call.id)


@operation("GET /v1/webhook_endpoints", *PAGE)
def list_all(call: Call) -> Json:
    """List endpoints, the newest first."""
    return listed(call.space.all("webhook_endpoint"), "/v1/webhook_endpoints", call.params)


@operation("DELETE /v1/webhook_endpoints/{id}", expands=False)
def delete(call: Call) -> Json:
    """Delete an endpoint."""
    call.space.get("webhook_endpoint", call.id)
    del call.space.objects["webhook_endpoint"][call.id]
    return {"id": call.id, "object": "webhook_endpoint", "deleted": True}


@operation("GET /v1/events/{id}")
def retrieve_event(call: Call) -> Json:
    """Return an event."""
    return call.space.get("event", call.id)


@operation("GET /v1/events", "type types[] delivery_success", *PAGE, *CREATED)
def list_events(call: Call) -> Json:
    """List events of the last thirty days, the newest first."""
    kinds = [str(each) for each in call.items("types")]
    if len(kinds) > 20:
        raise invalid("You may specify up to 20 types.", param="types")
    if kinds and call.has("type"):
        raise invalid("You may only specify one of these parameters: type, types.", param="type")
    found = selected(call, call.space.all("event"))
    wanted = call.text("type")
    if wanted is not None and wanted.endswith("*"):
        found = [item for item in found if item["type"].startswith(wanted[:-1])]
    elif wanted is not None:
        kinds = [wanted]
    return listed([item for item in found if not kinds or item["type"] in kinds], "/v1/events", call.params)


def _url(call: Call, url: str) -> str:
    if not url.startswith(("https://", "http://")) or (call.space.is_live and url.startswith("http://")):
        raise invalid(
            "Invalid URL: an explicit scheme (such as https) must be provided.", param="url", code="url_invalid"
        )
    return url
