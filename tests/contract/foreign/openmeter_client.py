"""Drives the published openmeter client, unmodified; runs in an environment of its own, where nothing of ours is.

It reads lines of JSON, each with what to do and where, and prints one line for each: `{"found": {...}}`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sys

from openmeter import Client
from openmeter.aio import Client as AsyncClient
from openmeter.models import (
    CustomerCreate,
    CustomerReplaceUpdate,
    CustomerUsageAttribution,
    EntitlementGrantCreateInputV2,
    EntitlementMeteredV2CreateInputs,
    Event,
    ExpirationPeriod,
    FeatureCreateInputs,
    MeterCreate,
    MeterUpdate,
    RecurringPeriodCreateInput,
    ResetEntitlementUsageInput,
    SubjectUpsert,
)

NOW = dt.datetime.now(dt.UTC)


def event(number, tokens, at=NOW):
    """Return an event of the meter's type."""
    return Event(
        id=f"event-{number}",
        source="https://app.example/openmeter",
        specversion="1.0",
        type="prompt",
        subject="acme-app",
        time=at,
        data={"tokens": tokens, "model": "large"},
    )


def begin(client):
    """Make a meter, a feature and a customer, and report usage in the three ways that there are."""
    meter = client.meters.create(
        MeterCreate(
            slug="tokens",
            name="Tokens",
            aggregation="SUM",
            event_type="prompt",
            value_property="$.tokens",
            group_by={"model": "$.model"},
        )
    )
    feature = client.features.create(FeatureCreateInputs(key="prompt_tokens", name="Tokens", meter_slug="tokens"))
    customer = client.customers.create(
        CustomerCreate(name="ACME", key="acme", usage_attribution=CustomerUsageAttribution(subject_keys=["acme-app"]))
    )
    client.events.ingest_event(event(1, 5))
    client.events.ingest_event(event(1, 5))
    client.events.ingest_events([event(2, 7), event(3, 8)])
    return {"meter": meter.slug, "feature": feature.key, "customer": customer.id, "key": customer.key}


def look(client):
    """Read what was used, and what may be."""
    usage = client.meters.query_json("tokens", group_by=["model"])
    value = client.customer_entitlement.get_customer_entitlement_value("acme", "ai_tokens")
    missing = client.customer_entitlement.get_customer_entitlement_value("acme", "no_such_feature")
    access = client.customer.get_customer_access("acme")
    return {
        "used": [[row.value, row.group_by["model"]] for row in usage.data],
        "meters": [meter.slug for meter in client.meters.list()],
        "value": [value.has_access, value.balance, value.usage],
        "missing": missing.has_access,
        "access": sorted(access.entitlements),
    }


def keep(client):
    """Change a meter and a customer, and keep, read and drop subjects."""
    meter = client.meters.update("tokens", MeterUpdate(name="All tokens", group_by={"model": "$.model", "id": "$.id"}))
    change = CustomerReplaceUpdate(
        name="ACME, Inc.", key="acme", usage_attribution=CustomerUsageAttribution(subject_keys=["acme-app"])
    )
    customer = client.customers.update("acme", change)
    [device] = client.subjects.upsert([SubjectUpsert(key="device", display_name="Device", metadata={"seats": 5})])
    shown = client.subjects.get(device.id)
    keys = [one.key for one in client.subjects.list()]
    client.subjects.delete("device")
    wanted = {"type": {"$eq": "prompt"}}  # this version of the client can't write its own model of a filter
    return {
        "meter": meter.name,
        "models": client.meters.list_group_by_values("tokens", "model"),
        "subjects": client.meters.list_subjects("tokens"),
        "customer": customer.name,
        "device": [shown.key, shown.display_name, shown.metadata["seats"]],
        "keys": keys,
        "left": [one.key for one in client.subjects.list()],
        "events": sorted(one.event.id for one in client.events_v2.list(limit=2, filter=wanted)),
    }


def entitle(client):
    """Entitle a customer to units beside all plans, and grant, use, read and reset them."""
    month = RecurringPeriodCreateInput(interval="MONTH")
    year = ExpirationPeriod(duration="YEAR", count=1)
    inputs = EntitlementMeteredV2CreateInputs(
        type="metered", feature_key="prompt_tokens", usage_period=month, issue_after_reset=100
    )
    # This version of the client leaves what may be of several types as it was sent.
    made = client.customer_entitlements_v2.post("acme", inputs)
    client.events.ingest_event(event("entitled", 30, dt.datetime.now(dt.UTC)))
    own = client.customer_entitlement_v2
    new = EntitlementGrantCreateInputV2(amount=7, effective_at=NOW, expiration=year)
    granted = own.create_customer_entitlement_grant("acme", "prompt_tokens", new)
    value = own.get_customer_entitlement_value("acme", made["id"])
    history = own.get_customer_entitlement_history("acme", made["id"], window_size="DAY")
    own.reset_customer_entitlement("acme", made["id"], ResetEntitlementUsageInput(retain_anchor=True))
    after = own.get_customer_entitlement_value("acme", made["id"])
    grants = own.get_grants("acme", "prompt_tokens").total_count
    client.grants.delete(granted.id)
    client.customer_entitlements_v2.delete("acme", "prompt_tokens")
    return {
        "made": [made["type"], made["featureKey"], made["issueAfterReset"], made["usagePeriod"]["interval"]],
        "granted": [granted.amount, granted.expiration.count],
        "value": [value.has_access, value.balance, value.usage],
        "history": [sum(one.usage for one in history.windowed_history), history.burndown_history[-1].balance_at_end],
        "after": [after.balance, after.usage],
        "grants": grants,
    }


async def look_soon(endpoint, token):
    """Read the same without waiting for it."""
    async with AsyncClient(endpoint=endpoint, token=token) as client:
        await client.events.ingest_event(event(4, 10))
        usage = await client.meters.query_json("tokens")
        value = await client.customer_entitlement.get_customer_entitlement_value("acme", "ai_tokens")
        return {"used": [row.value for row in usage.data], "has_access": value.has_access}


def main():
    """Do what is asked, line by line."""
    for line in sys.stdin:
        task = json.loads(line)
        endpoint, token = task["endpoint"], task["token"]
        if task["do"] == "look_soon":
            found = asyncio.run(look_soon(endpoint, token))
        else:
            with Client(endpoint=endpoint, token=token) as client:
                found = {"begin": begin, "look": look, "keep": keep, "entitle": entitle}[task["do"]](client)
        sys.stdout.write(json.dumps({"found": found}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
