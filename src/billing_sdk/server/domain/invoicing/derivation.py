"""Why a line comes to what it comes to: a document that is kept with the line, so that it can be checked for ever.

It holds JSON objects, lists and texts only, and no text in it depends on when or where it was computed: the same
history gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from billing_sdk.money import digits_of
from billing_sdk.server.domain.catalog import Policies
from billing_sdk.server.domain.periods import Period

# Fees are charged in advance, usage in arrears, and what is asked for once when it is. An adjustment corrects what was
# invoiced before, and overage is what units cost that no grant covers; of the others, taxes come on top, and the rest
# takes something off.
LineKind = Literal[
    "licence_fee",
    "usage",
    "discount",
    "unused_time",
    "credit_balance",
    "one_off",
    "adjustment",
    "credit_grant",
    "overage",
    "tax",
]


def explain(
    kind: LineKind,
    *,
    plan_version_id: str | None,
    component_id: str,
    period: Period,
    quantity: Decimal | None = None,
    policies: Policies | None = None,
    **facts: object,
) -> Mapping[str, Any]:
    """Return the derivation of a line.

    Args:
        kind: what the line is about.
        plan_version_id: which prices applied; left out where it is for no plan.
        component_id: which of them.
        period: what is charged or credited for.
        quantity: how much was used or licensed.
        policies: how the business decided where systems differ.
        facts: what else the amount depends on, in JSON values; those that are None are left out.
    """
    document: dict[str, Any] = {
        "kind": kind,
        "component": component_id,
        "period": of_period(period),
    }
    if plan_version_id is not None:
        document["plan_version"] = plan_version_id
    if quantity is not None:
        document["quantity"] = digits_of(quantity)
    if policies is not None:
        document["policies"] = {
            "proration": policies.proration,
            "rounding": policies.rating.rounding,
            "zero_usage_flat_fee": policies.rating.zero_usage_flat_fee,
        }
    return document | {name: fact for name, fact in facts.items() if fact is not None}


def of_period(period: Period) -> dict[str, str]:
    """Write a period in UTC."""
    return {"start": of_instant(period.start), "end": of_instant(period.end)}


def period_of(document: Mapping[str, str]) -> Period:
    """Read what `of_period` has written."""
    return Period(datetime.fromisoformat(document["start"]), datetime.fromisoformat(document["end"]))


def of_instant(at: datetime) -> str:
    """Write an instant in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
