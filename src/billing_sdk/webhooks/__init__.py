"""Webhooks: a signed body becomes an event, and an event happens once.

Owns the verification of a body with keys that are at hand, and the record of which events were handled. Does not own
the fetching of keys (`client.webhooks.verify` does) or the endpoint that receives (contrib does). An event's time is
when it happened, not when it was sent: a provider repeats deliveries for days.
"""

from __future__ import annotations

from billing_sdk.webhooks.seen import MemorySeen as MemorySeen, SeenStore as SeenStore
from billing_sdk.webhooks.sqlite_seen import SqliteSeen as SqliteSeen
from billing_sdk.webhooks.verify import (
    LONGEST_BODY as LONGEST_BODY,
    WebhookPolicy as WebhookPolicy,
    read_webhook as read_webhook,
    verify as verify,
)
