"""Write docs/reference/events.md from the server's catalogue of events and the SDK's payloads; a test compares them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from billing_sdk.events import PAYLOADS
from billing_sdk.server.outbox import EVENT_TYPES, EventType

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "events.md"
ORIGINS = {"billing": "Billing", "user": "Users", "organization": "Organizations", "workspace": "Workspace"}
TOLD = {
    "date-time": "time",
    "string": "text",
    "integer": "whole number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
    "null": "null",
}
OWNER = ("customer_id", "user_id", "org_code", "sequence")

INTRODUCTION = """\
# Events

Every type that the server sends, what its data holds, and whose it is: **Kinde** means that the Kinde documentation
("Respond to customer activity using webhooks") names the type; **extension** means that only this server has it. Kinde
publishes no shape for the data of billing events, so that shape is this project's own throughout. A provider that sends
less leaves the attributes that it does not know None; none of them raises.

`event.payload` is the class of the type, and `match` narrows it:

```python
from billing_sdk import Event, PaymentFailed, PlanAssigned, PlanChanged


def on_event(event: Event) -> None:
    match event.payload:
        case PlanAssigned(customer_id=customer_id, plan=plan) | PlanChanged(customer_id=customer_id, plan=plan):
            print(customer_id, "is on", plan.key if plan else "a plan")
        case PaymentFailed(payment=payment, invoice=invoice) if payment and invoice:
            print(invoice.number, "was declined:", payment.decline_code)
        case None:
            print(event.type, "is about no subscription, or newer than this version")
```

The same attributes are on the event itself: `event.plan`, `event.agreement`, `event.payment`, `event.invoice`,
`event.usage`. `event.agreement` is the `Agreement` of the client, as it was after the event.

## The sequence number

Every event about a customer carries `customer_id`, `user_id`, `org_code` (of which one is null) and `sequence`, which
counts that customer's events from 1 without a gap, in the order of the transactions that caused them. Deliveries
overtake each other: an event with a smaller number than one that you have handled is old news, and a gap is something
that is still on its way. `event.version` is made of it, and sorts where a provider does not count, too; keep it beside
what you write and write only over a smaller one (the guide to webhooks has the statement). What you have missed is
listed by `client.webhook_endpoints.events(starting_after=...)` and sent again by `replay_all`.
"""


def render() -> str:
    """Return the page."""
    parts = [INTRODUCTION]
    for origin in dict.fromkeys(event_type.origin for event_type in EVENT_TYPES):
        parts.append(f"## {ORIGINS[origin]}\n")
        parts += [_section(event_type) for event_type in EVENT_TYPES if event_type.origin == origin]
    return "\n".join(parts)


def _section(event_type: EventType) -> str:
    payload = PAYLOADS.get(event_type.code)
    facts = ["Extension." if event_type.is_extension else "Kinde."]
    if payload is not None:
        facts.append(f"Payload: `{payload.__name__}`.")
    if not event_type.is_about_customer and payload is not None:
        facts.append("No customer, no sequence number.")
    rows = [
        f"| `{name}` | {_told(schema)} |"
        for name, schema in event_type.schema["properties"].items()
        if name not in OWNER
    ]
    table = "\n".join(["| data | |", "|---|---|", *rows])
    example = {name: part for name, part in event_type.example.items() if name not in OWNER}
    return (
        f"### {event_type.code}\n\n{event_type.when} {' '.join(facts)}\n\n{table}\n\n"
        f"```text\n{json.dumps(example, indent=2)}\n```\n"
    )


def _told(schema: Mapping[str, Any]) -> str:
    """Say in words what a schema asks for."""
    if "anyOf" in schema:
        return " or ".join(_told(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{choice}`" for choice in schema["enum"])
    if "pattern" in schema:
        return "decimal number as text"
    if "properties" in schema:
        return ", ".join(
            f"`{name}`" + (f" ({_told(inner)})" if "enum" in inner else "")
            for name, inner in schema["properties"].items()
        )
    return TOLD[schema.get("format") or schema["type"]]


if __name__ == "__main__":
    PAGE.write_text(render())
