"""Every operation of both APIs, read from their OpenAPI documents, and an address and a body that it takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx

OBJECT = "OBJECT"  # stands for the id of the thing that an operation is about

# What an operation needs besides its object, by method and path. An operation that is not here needs nothing.
NEEDS: dict[str, dict[str, Any]] = {
    "GET /v1/billing/agreements": {"params": {"customer_id": OBJECT}},
    "POST /v1/billing/agreements": {"json": {"customer_id": OBJECT, "plan_code": "pro_monthly"}},
    "POST /v1/billing/top_ups": {"json": {"customer_id": OBJECT, "amount_minor": 500, "currency": "USD"}},
    "POST /v1/billing/customers/{customer_id}/allowances": {"json": {"feature_code": "ai_tokens", "amount": "5"}},
    "POST /v1/billing/customers/{customer_id}/subject_keys": {"json": {"key": "tenant-7"}},
    "DELETE /v1/billing/customers/{customer_id}/subject_keys": {"params": {"key": "tenant-7"}},
    "PUT /v1/billing/customers/{customer_id}/usage_thresholds/{feature_code}": {"json": {"thresholds": ["80%"]}},
    "GET /v1/billing/credit_settings": {"params": {"customer_id": OBJECT}},
    "PUT /v1/billing/credit_settings": {"json": {"customer_id": OBJECT, "threshold_minor": 500, "currency": "USD"}},
    "DELETE /v1/billing/credit_settings": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/credit_grants": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/credit_movements": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/credit_balance": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/invoices": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/disputes": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/upcoming_invoices": {"params": {"customer_id": OBJECT}},
    "POST /v1/billing/charges": {
        "json": {"customer_id": OBJECT, "description": "Setup", "amount_minor": 100, "currency": "USD"}
    },
    "POST /v1/billing/invoices": {"json": {"customer_id": OBJECT, "currency": "USD"}},
    "POST /v1/billing/invoices/{invoice_id}/lines": {
        "json": {"description": "Setup", "amount_minor": 100, "currency": "USD"}
    },
    "GET /v1/billing/credit": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/revenue": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/revenue.csv": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/revenue.html": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/statement": {"params": {"customer_id": OBJECT}},
    "GET /v1/billing/credit_notes": {"params": {"customer_id": OBJECT}},
    "POST /v1/billing/invoices/{invoice_id}/credit_notes": {"json": {"reason": "a mistake"}},
    "POST /v1/billing/disputes/{dispute_id}/close": {"json": {"outcome": "won"}},
    "POST /v1/billing/invoices/{invoice_id}/reissue": {"json": {"lines": [{"line": 1, "amount_minor": 100}]}},
    "POST /v1/billing/agreements/{agreement_id}/alteration_preview": {"json": {"quantities": {"seats": 2}}},
    "POST /v1/billing/agreements/{agreement_id}/cancellation_preview": {"json": {}},
    "POST /v1/billing/agreement_previews": {"json": {"customer_id": OBJECT, "plan_code": "pro_monthly"}},
    "POST /v1/billing/agreements/{agreement_id}/quantity": {"json": {"fee_code": "base", "quantity": 2}},
    "POST /v1/billing/agreements/{agreement_id}/add_ons": {"json": {"plan_code": "support"}},
    "POST /v1/billing/agreements/{agreement_id}/discounts": {"json": {"coupon_code": "SPRING"}},
    "DELETE /v1/billing/agreements": {"params": {"agreement_id": OBJECT}},
    "GET /v1/billing/entitlements": {"params": {"customer_id": OBJECT}},
    "POST /v1/billing/meter_usage": {
        "json": {"customer_agreement_id": OBJECT, "billing_feature_code": "ai_tokens", "meter_value": "1"}
    },
    "POST /v1/billing/usage_events": {
        "json": {"specversion": "1.0", "source": "/app", "id": "1", "type": "ai_tokens", "subject": OBJECT}
    },
    "POST /v1/billing/reservations": {
        "json": {"customer_agreement_id": OBJECT, "billing_feature_code": "ai_tokens", "meter_value": "1"}
    },
    "POST /v1/billing/reservations/{reservation_id}/commit": {"json": {"customer_agreement_id": OBJECT}},
    "POST /v1/billing/reservations/{reservation_id}/report": {"json": {"customer_agreement_id": OBJECT, "used": "1"}},
    "POST /v1/billing/reservations/{reservation_id}/release": {"json": {"customer_agreement_id": OBJECT}},
    "POST /v1/billing/invoices/{invoice_id}/pay": {"json": {"by": "card"}},
    "POST /v1/billing/profiles": {"json": {"name": "Enterprise"}},
    "PATCH /v1/billing/profiles/{profile_id}": {"json": {"name": "Enterprise"}},
    "PATCH /v1/billing/customers/{customer_id}": {"json": {"language": "de"}},
    "PATCH /v1/billing/settings": {"json": {"zone": "UTC"}},
    "POST /v1/billing/plan_groups": {"json": {"code": "people", "name": "People", "scope": "user"}},
    "PATCH /v1/billing/plan_groups/{group_code}": {"json": {"name": "People"}},
    "POST /v1/billing/plan_group_order": {"json": {"codes": []}},
    "POST /v1/billing/plan_groups/{group_code}/plan_order": {"json": {"codes": []}},
    "POST /v1/billing/features": {"json": {"code": "seats", "name": "Seats", "type": "metered"}},
    "PATCH /v1/billing/features/{feature_code}": {"json": {"unit_name": "seat"}},
    "POST /v1/billing/meters": {"json": {"key": "m", "name": "M", "event_type": "m", "aggregation": "count"}},
    "PATCH /v1/billing/meters/{meter_key}": {"json": {"name": "M"}},
    "GET /v1/billing/meters/{meter_key}/query": {"params": {"from": "2026-01-01T00:00:00Z"}},
    "GET /v1/billing/usage_events": {"params": {"customer_id": OBJECT}},
    "POST /v1/billing/usage_events/correct": {
        "json": {"source": "app", "id": OBJECT, "action": "cancel", "reason": "a mistake"}
    },
    "POST /v1/billing/plans": {"json": {"code": "gold", "name": "Gold"}},
    "PATCH /v1/billing/plans/{plan_code}": {"json": {"name": "Gold"}},
    "POST /v1/billing/plans/{plan_code}/versions": {"json": {"components": []}},
    "POST /v1/billing/plans/{plan_code}/live": {"json": {"version": 1}},
    "POST /v1/billing/plans/{plan_code}/migrations": {"json": {"to_version": 2, "dry_run": True}},
    "POST /v1/billing/plans/{plan_code}/components": {"json": {"kind": "rate_card", "object_id": "models"}},
    "POST /v1/billing/plans/{plan_code}/components/{component_id}": {"json": {"version": "live"}},
    "POST /v1/billing/metered_items": {"json": {"name": "Tokens", "feature_code": "ai_tokens"}},
    "POST /v1/billing/metered_items/{item_id}": {"json": {"name": "Tokens"}},
    "POST /v1/billing/licensed_items": {"json": {"name": "Seats"}},
    "POST /v1/billing/licensed_items/{item_id}": {"json": {"name": "Seats"}},
    "POST /v1/billing/licence_fees": {
        "json": {
            "name": "Seats",
            "item_id": OBJECT,
            "currency": "USD",
            "terms": {"price": {"model": "flat", "amount": "1"}},
        }
    },
    "POST /v1/billing/licence_fees/{fee_id}": {"json": {"name": "Seats"}},
    "POST /v1/billing/rate_cards": {"json": {"name": "Models", "currency": "USD"}},
    "POST /v1/billing/rate_cards/{card_id}": {"json": {"name": "Models"}},
    "POST /v1/billing/rate_cards/{card_id}/rates": {"json": {"delete": []}},
    "POST /v1/billing/service_actions": {
        "json": {"name": "Credit", "amount": {"amount_minor": 500, "currency": "USD"}}
    },
    "POST /v1/billing/service_actions/{action_id}": {"json": {"name": "Credit"}},
    "POST /v1/billing/pricing_tables": {"json": {"code": "spring", "name": "Spring", "group_code": "consumers"}},
    "PATCH /v1/billing/pricing_tables/{table_code}": {"json": {"name": "Spring"}},
    "POST /v1/billing/coupons": {"json": {"code": "SPRING", "name": "Spring", "percent_off": "10"}},
    "POST /v1/billing/credit_grants": {
        "json": {"customer_id": OBJECT, "name": "Welcome", "amount_minor": 500, "currency": "USD"}
    },
    "POST /v1/billing/tax_codes": {"json": {"code": "e_paper", "name": "Newspapers"}},
    "POST /v1/billing/tax_rates": {"json": {"country": "JP", "percent": "10"}},
    "POST /v1/billing/tax_rates/{rate_id}/end": {"json": {}},
    "POST /v1/billing/test_clocks": {"json": {"name": "Story"}},
    "POST /v1/billing/test_clocks/{clock_id}/advance": {"json": {"to": "2030-01-01T00:00:00Z"}},
    "POST /v1/users/{user_id}/billing_customer": {"json": {"org_code": "org_1", "billing_email": "a@example.com"}},
    "GET /v1/organization": {"params": {"code": OBJECT}},
    "POST /v1/organization": {"json": {"name": "Acme"}},
    "PATCH /v1/organization/{org_code}": {"json": {"name": "Acme"}},
    "GET /v1/user": {"params": {"id": OBJECT}},
    "POST /v1/user": {"json": {"identities": [{"type": "email", "details": {"email": "new@example.com"}}]}},
    "PATCH /v1/user": {"params": {"id": OBJECT}, "json": {"given_name": "Ada"}},
    "DELETE /v1/user": {"params": {"id": OBJECT}},
    "POST /v1/webhooks": {
        "json": {"endpoint": "https://example.com/hook", "event_types": ["user.created"], "name": "hook"}
    },
    "PATCH /v1/webhooks/{webhook_id}": {"json": {"name": "hook"}},
    "POST /v1/events/{event_id}/replay": {"json": {}},
    "POST /v1/webhooks/{webhook_id}/replay": {"json": {}},
    "POST /v1/portal/generate_url": {"json": {"user_id": OBJECT}},
    "GET /v1/entitlement": {"params": {"key": OBJECT}},
}


# Usage events have names of their own, and other content types; their tests are beside.
EVENTS = "POST /v1/billing/usage_events"


@dataclass(frozen=True)
class Operation:
    """One operation: `scope` is None in the Account API."""

    prefix: str
    method: str
    path: str
    scope: str | None
    document: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_about_an_object(self) -> bool:
        return "{" in self.path or OBJECT in repr(NEEDS.get(self.name))

    @property
    def body(self) -> dict[str, Any] | None:
        return NEEDS.get(self.name, {}).get("json")

    @property
    def parameters(self) -> list[dict[str, Any]]:
        return self.document.get("parameters", [])

    def takes(self, place: str) -> list[str]:
        """Return the names of the parameters in one place."""
        return [parameter["name"] for parameter in self.parameters if parameter["in"] == place]

    def call(self, http: httpx.Client, object_id: str = "unknown", *, token: str | None = None, **changes: Any):
        """Send a request that is right but for its object, with some parts of it changed."""
        path = self.path
        for parameter in self.parameters:
            if parameter["in"] == "path":
                value = "1" if parameter["schema"].get("type") == "integer" else object_id
                path = path.replace(f"{{{parameter['name']}}}", value)
        needs = {name: filled(part, object_id) for name, part in NEEDS.get(self.name, {}).items()}
        request = {**needs, **changes}
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **request.pop("headers", {})}
        return http.request(self.method, self.prefix + path, headers=headers, **request)


def filled(part: Any, object_id: str) -> Any:
    """Put an id where an object is to be."""
    if isinstance(part, dict):
        return {name: filled(value, object_id) for name, value in part.items()}
    if isinstance(part, list):
        return [filled(value, object_id) for value in part]
    return object_id if part == OBJECT else part


def operations(http: httpx.Client, prefix: str) -> list[Operation]:
    """Return every operation below a prefix."""
    paths = http.get(f"{prefix}/openapi.json").json()["paths"]
    return [
        Operation(prefix, method.upper(), path, document.get("x-scope"), document)
        for path, methods in paths.items()
        for method, document in methods.items()
    ]
