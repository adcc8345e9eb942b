"""Billing intents as rows, and back; what an intent is to do is kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import RowMapping

from billing_sdk.money import Money
from billing_sdk.server.domain.agreements import (
    Act,
    ApplyDiscount,
    BillingIntent,
    Deactivate,
    EffectiveAt,
    IntentAction,
    IntentAmounts,
    Modify,
    RemoveDiscount,
    Subscribe,
)
from billing_sdk.server.storage.rows import row_of

KINDS: Mapping[str, type[Act]] = {
    "subscribe": Subscribe,
    "modify": Modify,
    "deactivate": Deactivate,
    "apply": ApplyDiscount,
    "remove": RemoveDiscount,
}
NAMES = {kind: name for name, kind in KINDS.items()}
AMOUNTS = tuple(one.name for one in fields(IntentAmounts))


def intent_to_row(intent: BillingIntent) -> dict[str, Any]:
    """Return an intent's columns."""
    return {
        **row_of(intent),
        "actions": [_action_to_json(action) for action in intent.actions],
        "amounts": {name: getattr(intent.amounts, name).minor for name in AMOUNTS},
    }


def intent_from_row(row: RowMapping) -> BillingIntent:
    """Return the intent in a row."""
    amounts = {name: Money(row["amounts"][name], row["currency"]) for name in AMOUNTS}
    actions = tuple(_action_from_json(stored) for stored in row["actions"])
    return BillingIntent(**{**row, "actions": actions, "amounts": IntentAmounts(**amounts)})


def _action_to_json(action: IntentAction) -> dict[str, Any]:
    act, effective_at = action.act, action.act.effective_at
    values = {
        **row_of(act),
        "effective_at": {
            "type": effective_at.type,
            "timestamp": effective_at.timestamp and effective_at.timestamp.isoformat(),
        },
    }
    match act:
        case Subscribe():
            values |= {"quantities": dict(act.quantities), "metadata": dict(act.metadata)}
        case Modify():
            values |= {"quantities": dict(act.quantities)}
        case ApplyDiscount():
            values |= {"percent_off": f"{act.percent_off:f}"}
        case _:
            pass
    return {"id": action.id, "at": action.at and action.at.isoformat(), "kind": NAMES[type(act)], "act": values}


def _action_from_json(stored: Mapping[str, Any]) -> IntentAction:
    values = dict(stored["act"])
    kept = values["effective_at"]
    values["effective_at"] = EffectiveAt(kept["type"], _instant(kept["timestamp"]))
    if "percent_off" in values:
        values["percent_off"] = Decimal(values["percent_off"])
    return IntentAction(stored["id"], KINDS[stored["kind"]](**values), _instant(stored["at"]))


def _instant(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)
