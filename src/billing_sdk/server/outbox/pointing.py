"""The types of event that point to a thing, or show it: names are those of Stripe, whose clients read them.

Thin events say what has happened to which thing; whoever wants to know more fetches it. Snapshots carry the thing as it
was. Of each form only those types are listed that this server sends: an endpoint that asks for another would wait for
ever. Source: Stripe API reference, "Event types" and "Types of events" of the v2 API.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from billing_sdk.server.domain.events import EventForm

_SERVICING = ("servicing_activated", "servicing_paused", "servicing_canceled")
_COLLECTION = tuple(
    f"collection_{status}" for status in ("current", "past_due", "unpaid", "paused", "awaiting_customer_action")
)

THIN: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "v1.billing.meter": ("error_report_triggered", "no_meter_found"),
        "v2.billing.cadence": ("created", "billed", "canceled"),
        "v2.billing.license_fee": ("created", "updated"),
        "v2.billing.license_fee_version": ("created",),
        "v2.billing.licensed_item": ("created", "updated"),
        "v2.billing.metered_item": ("created", "updated"),
        "v2.billing.pricing_plan": ("created", "updated"),
        "v2.billing.pricing_plan_component": ("created", "updated"),
        "v2.billing.pricing_plan_subscription": (*_SERVICING, *_COLLECTION),
        "v2.billing.pricing_plan_version": ("created",),
        "v2.billing.rate_card": ("created", "updated"),
        "v2.billing.rate_card_custom_pricing_unit_overage_rate": ("created",),
        "v2.billing.rate_card_rate": ("created",),
        "v2.billing.rate_card_subscription": ("activated", "canceled", *_SERVICING, *_COLLECTION),
        "v2.billing.rate_card_version": ("created",),
    }
)
SNAPSHOT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "billing.credit_grant": ("created", "updated"),
        "billing.meter": ("created", "updated", "deactivated", "reactivated"),
        "checkout.session": ("completed", "expired"),
        "customer": ("created", "updated", "deleted"),
        "invoice": (
            "created",
            "finalized",
            "marked_uncollectible",
            "overdue",
            "paid",
            "payment_action_required",
            "payment_failed",
            "payment_succeeded",
            "sent",
            "voided",
        ),
        "payment_intent": ("canceled", "created", "payment_failed", "requires_action", "succeeded"),
        "payment_method": ("attached", "detached"),
        "setup_intent": ("succeeded",),
        "test_helpers.test_clock": ("advancing", "created", "deleted", "ready"),
    }
)


def _joined(kinds: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(f"{kind}.{verb}" for kind, verbs in kinds.items() for verb in verbs)


TYPES: Mapping[EventForm, frozenset[str]] = MappingProxyType({"thin": _joined(THIN), "snapshot": _joined(SNAPSHOT)})
