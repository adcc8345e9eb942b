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
    CustomerUsageAttribution,
    Event,
    FeatureCreateInputs,
    MeterCreate,
)

NOW = dt.datetime.now(dt.UTC)


def event(number, tokens):
    """Return an event of the meter's type."""
    return Event(
        id=f"event-{number}",
        source="https://app.example/openmeter",
        specversion="1.0",
        type="prompt",
        subject="acme-app",
        time=NOW,
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
                found = {"begin": begin, "look": look}[task["do"]](client)
        sys.stdout.write(json.dumps({"found": found}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
